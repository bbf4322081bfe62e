import { listDefects } from '../catalog/defects.ts'
import { asUpdaterError } from '../errors.ts'
import { type HookContext, runHooks } from '../hooks/hooks.ts'
import { type Redact, redactDeep } from '../redact.ts'
import { withExitStatus } from '../report/json.ts'
import { formatMetrics } from '../report/metrics.ts'
import { refusedReport } from '../report/refusal.ts'
import type { RunContext } from '../run/run.ts'
import { updateCatalogue } from '../update/update.ts'
import type { ServeListener, Trigger } from './events.ts'
import type { ServeOptions } from './options.ts'
import { advance } from './progress.ts'
import type { RunRecord, Runs } from './runs.ts'

/** Carries runs out, one at a time. */
export interface Runner {
  /** Begins a run; `undefined` where one goes on, or its hooks are at work. */
  start(trigger: Trigger): RunRecord | undefined
  /** Ends the run that goes on: its uploads are aborted, every file is whole. */
  abort(reason: Error): void
  /** Settles when no run goes on. */
  idle(): Promise<void>
}

export interface RunnerContext {
  readonly options: () => ServeOptions
  readonly runs: Runs
  readonly redact: () => Redact
  readonly now: () => Date
  readonly onEvent: ServeListener
  /** Called whenever the record of a run has changed. */
  readonly onChange: (id: number) => void
  readonly httpPolicy: RunContext['httpPolicy']
}

export function createRunner(context: RunnerContext): Runner {
  let busy: Promise<void> | undefined
  let controller = new AbortController()
  return {
    start: (trigger) => {
      if (busy !== undefined) return undefined
      controller = new AbortController()
      const record = context.runs.begin(trigger, context.now())
      busy = carryOut(record, controller.signal, context).finally(() => {
        busy = undefined
      })
      return record
    },
    abort: (reason) => controller.abort(reason),
    idle: async () => busy,
  }
}

/** Never throws: whatever happens is in the record. */
async function carryOut({ id, trigger, startedAt }: RunRecord, signal: AbortSignal, context: RunnerContext) {
  const { options, runs, redact, now, onEvent, onChange, httpPolicy } = context
  const { update, hooks = {} } = options()
  const change = (values: Partial<RunRecord>) => {
    runs.change(id, values)
    onChange(id)
  }
  onEvent({ type: 'run-begin', id, trigger })
  onChange(id)
  try {
    const ran = await updateCatalogue(update, {
      signal,
      httpPolicy,
      onEvent: (event) => {
        onEvent({ type: 'run-event', id, event })
        const before = runs.find(id)?.progress
        const progress = before && advance(before, event)
        if (progress !== before) change({ progress })
      },
    })
    const report = redactDeep(ran, redact())
    const exitStatus = signal.aborted ? 143 : report.summary.failed > 0 ? 1 : 0
    onEvent({ type: 'run-end', id, report })
    change({ report: withExitStatus(report, exitStatus), metrics: formatMetrics(report) })
    const hookContext: HookContext = { httpPolicy, onLine: (line) => onEvent({ type: 'hook-line', line }) }
    const failures = await runHooks(report, exitStatus, hooks, hookContext)
    for (const error of failures) onEvent({ type: 'hook-failed', error })
    if (failures.length > 0) change({ hookErrors: failures.map(({ message }) => redact()(message)) })
  } catch (thrown) {
    const error = asUpdaterError(thrown)
    const seconds = (now().getTime() - startedAt.getTime()) / 1000
    const refusal = { startedAt, seconds, errors: listDefects(error) }
    const refused = refusedReport('update', refusal, { dry_run: update.dryRun ?? false })
    const report = redactDeep(refused, redact())
    onEvent({ type: 'run-refused', id, error })
    change({
      report: withExitStatus(report, error.code === 'INTERNAL' ? 1 : 2),
      metrics: formatMetrics(report),
    })
  }
}
