import { listDefects } from '../catalog/defects.ts'
import { asUpdaterError } from '../errors.ts'
import { runHooks } from '../hooks/hooks.ts'
import { type Redact, redactDeep } from '../redact.ts'
import { withExitStatus } from '../report/json.ts'
import { formatMetrics } from '../report/metrics.ts'
import { refusedReport } from '../report/refusal.ts'
import type { RunReport } from '../report/schemas.ts'
import { updateCatalogue } from '../update/update.ts'
import type { ServeContext, ServeListener, ServeOptions, Trigger } from './options.ts'
import { advance, noProgress, type RunProgress } from './progress.ts'

/** One run of a service, past or under way. */
export interface RunRecord {
  /** From 1, since the service began. */
  readonly id: number
  readonly trigger: Trigger
  readonly startedAt: Date
  readonly progress: RunProgress
  /** Its report; absent while it goes on. The older runs' images and changes are forgotten. */
  readonly report?: (RunReport & { readonly exit_status: number }) | undefined
  /** The same as Prometheus text. */
  readonly metrics?: string | undefined
  /** Messages of hooks that failed after it. */
  readonly hookErrors: readonly string[]
}

/** The runs of a service: it carries them out, one at a time. */
export interface Runs {
  /** Newest first. */
  readonly records: readonly RunRecord[]
  find(id: number): RunRecord | undefined
  /** Begins a run and returns its id, or undefined if one goes on, or its hooks are at work. */
  start(trigger: Trigger): number | undefined
  /** Ends the run that goes on: its uploads are aborted, every file is whole. */
  abort(reason: Error): void
  /** Settles when no run goes on. */
  idle(): Promise<void>
}

export interface RunsContext {
  readonly options: () => ServeOptions
  readonly redact: () => Redact
  readonly now: () => Date
  readonly onEvent: ServeListener
  /** Called whenever the record of a run has changed. */
  readonly onChange: (record: RunRecord) => void
  readonly httpPolicy: ServeContext['httpPolicy']
}

/** Runs that are listed, and those of them whose whole report is kept. */
const listed = 50
const whole = 10

export function createRuns(context: RunsContext): Runs {
  let records: readonly RunRecord[] = []
  let busy: Promise<void> | undefined
  let controller = new AbortController()
  const find = (id: number) => records.find((one) => one.id === id)
  const change: Change = (id, values) => {
    const changed = find(id)
    if (changed === undefined) return
    const record = { ...changed, ...values }
    records = records.map((one) => (one === changed ? record : one))
    context.onChange(record)
  }
  return {
    get records() {
      return records
    },
    find,
    start: (trigger) => {
      if (busy !== undefined) return undefined
      controller = new AbortController()
      const id = (records[0]?.id ?? 0) + 1
      const record = { id, trigger, startedAt: context.now(), progress: noProgress, hookErrors: [] }
      records = [record, ...records]
        .slice(0, listed)
        .map((one, index) => (index < whole ? one : shortened(one)))
      busy = carryOut(record, controller.signal, change, context).finally(() => {
        busy = undefined
      })
      return id
    },
    abort: (reason) => controller.abort(reason),
    idle: async () => busy,
  }
}

type Change = (id: number, values: Partial<RunRecord>) => void

function shortened(record: RunRecord): RunRecord {
  const { report } = record
  return { ...record, metrics: undefined, report: report && { ...report, images: [], changes: [] } }
}

/** Never throws: whatever happens is in the record. */
async function carryOut(
  { id, trigger, startedAt, progress: beginning }: RunRecord,
  signal: AbortSignal,
  change: Change,
  { options, redact, now, onEvent, httpPolicy }: RunsContext,
): Promise<void> {
  const { update, hooks = {} } = options()
  onEvent({ type: 'run-begin', id, trigger })
  change(id, {})
  try {
    let progress = beginning
    const ran = await updateCatalogue(update, {
      signal,
      httpPolicy,
      onEvent: (event) => {
        onEvent({ type: 'run-event', id, event })
        const before = progress
        progress = advance(before, event)
        if (progress !== before) change(id, { progress })
      },
    })
    const report = redactDeep(ran, redact())
    const exitStatus = signal.aborted ? 143 : report.summary.failed > 0 ? 1 : 0
    onEvent({ type: 'run-end', id, report })
    change(id, ended(report, exitStatus))
    const onLine = (line: string) => onEvent({ type: 'hook-line', line })
    const failures = await runHooks(report, exitStatus, hooks, { httpPolicy, onLine })
    for (const error of failures) onEvent({ type: 'hook-failed', error })
    if (failures.length > 0) change(id, { hookErrors: failures.map(({ message }) => redact()(message)) })
  } catch (thrown) {
    const error = asUpdaterError(thrown)
    const seconds = (now().getTime() - startedAt.getTime()) / 1000
    const refusal = { startedAt, seconds, errors: listDefects(error) }
    const report = refusedReport('update', refusal, { dry_run: update.dryRun ?? false })
    onEvent({ type: 'run-refused', id, error })
    change(id, ended(redactDeep(report, redact()), error.code === 'INTERNAL' ? 1 : 2))
  }
}

function ended(report: RunReport, exitStatus: number): Partial<RunRecord> {
  return { report: withExitStatus(report, exitStatus), metrics: formatMetrics(report) }
}

/** The newest run that has looked at images. */
export function lastRun({ records }: Runs): RunRecord | undefined {
  return records.find(({ report }) => report !== undefined && report.images.length > 0)
}

/** A run as the API lists it; `summary` and the rest are absent while it goes on. */
export function describeRun({ id, trigger, startedAt, progress, report, hookErrors }: RunRecord) {
  const about = { id, trigger, started_at: startedAt.toISOString() }
  if (report === undefined) {
    const active = progress.active.map(({ ordinal: _, ...image }) => image)
    return { ...about, state: 'running', progress: { ...progress, active } }
  }
  const { seconds, dry_run, exit_status, summary, errors } = report
  return {
    ...about,
    state: errors.length > 0 ? 'refused' : 'finished',
    ...{ seconds, dry_run, exit_status, summary, errors },
    hook_errors: hookErrors,
  }
}
