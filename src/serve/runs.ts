import { listDefects } from '../catalog/defects.ts'
import { asUpdaterError } from '../errors.ts'
import { runHooks } from '../hooks/hooks.ts'
import { advance, noProgress, type RunProgress, totalOf } from '../progress.ts'
import { redactDeep } from '../redact.ts'
import { exitStatusOf } from '../report/exit-status.ts'
import { withExitStatus } from '../report/json.ts'
import { formatMetrics } from '../report/metrics.ts'
import { refusedReport } from '../report/refusal.ts'
import type { RunReport } from '../report/schemas.ts'
import { updateCatalogue } from '../way/update.ts'
import type { Surroundings, Trigger } from './options.ts'

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

/** Runs that are listed, and those of them whose whole report is kept. */
const listed = 50
const whole = 10

/** The runs of a service: it carries them out, one at a time. */
export class Runs {
  /** Newest first; only the newest one can be under way. */
  records: readonly RunRecord[] = []
  readonly #around: Surroundings
  readonly #onChange: (record: RunRecord) => void
  #busy: Promise<void> | undefined
  #controller = new AbortController()

  /** @param onChange called whenever the record of a run has changed */
  constructor(around: Surroundings, onChange: (record: RunRecord) => void) {
    this.#around = around
    this.#onChange = onChange
  }

  /** The newest run that has looked at images. */
  get last(): RunRecord | undefined {
    return this.records.find(({ report }) => report !== undefined && report.images.length > 0)
  }

  /** Begins a run and returns its id, or undefined if one goes on, or its hooks are at work. */
  start(trigger: Trigger): number | undefined {
    if (this.#busy !== undefined) return undefined
    this.#controller = new AbortController()
    const id = (this.records[0]?.id ?? 0) + 1
    const startedAt = this.#around.now()
    const older = this.records.map((one, index) => (index + 1 < whole ? one : shortened(one)))
    this.records = [
      { id, trigger, startedAt, progress: noProgress, hookErrors: [] },
      ...older.slice(0, listed - 1),
    ]
    this.#around.onEvent({ type: 'run-begin', id, trigger })
    this.#change({})
    this.#busy = this.#carryOut(id, startedAt, this.#controller.signal).finally(() => {
      this.#busy = undefined
    })
    return id
  }

  /** Ends the run that goes on: its uploads are aborted, every file is whole. */
  abort(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** Settles when no run goes on. */
  async idle(): Promise<void> {
    await this.#busy
  }

  /** Changes the record of the newest run. */
  #change(values: Partial<RunRecord>): void {
    const [newest, ...older] = this.records
    if (newest === undefined) return
    const record = { ...newest, ...values }
    this.records = [record, ...older]
    this.#onChange(record)
  }

  /** Never rejects: whatever happens is in the record. */
  async #carryOut(id: number, startedAt: Date, signal: AbortSignal): Promise<void> {
    const { options, redact, now, onEvent, httpPolicy } = this.#around
    const { update, hooks = {} } = options()
    const end = (report: RunReport, exitStatus: number) =>
      this.#change({ report: withExitStatus(report, exitStatus), metrics: formatMetrics(report) })
    try {
      let progress = noProgress
      const ran = await updateCatalogue(update, {
        signal,
        httpPolicy,
        hide: this.#around.hide,
        onEvent: (event) => {
          onEvent({ type: 'run-event', id, event })
          const after = advance(progress, event)
          if (after === progress) return
          progress = after
          this.#change({ progress })
        },
      })
      const report = redactDeep(ran, redact)
      const exitStatus = signal.aborted ? 143 : exitStatusOf(report)
      onEvent({ type: 'run-end', id, report })
      end(report, exitStatus)
      const onLine = (line: string) => onEvent({ type: 'hook-line', line })
      const failures = await runHooks(report, exitStatus, hooks, { httpPolicy, onLine, signal })
      for (const error of failures) onEvent({ type: 'hook-failed', error })
      if (failures.length > 0) this.#change({ hookErrors: failures.map(({ message }) => redact(message)) })
    } catch (thrown) {
      const error = asUpdaterError(thrown)
      const seconds = (now().getTime() - startedAt.getTime()) / 1000
      const refusal = { startedAt, seconds, errors: listDefects(error) }
      const report = refusedReport('update', refusal, { dry_run: update.dryRun ?? false })
      onEvent({ type: 'run-refused', id, error })
      end(redactDeep(report, redact), error.code === 'INTERNAL' ? 1 : 2)
    }
  }
}

function shortened(record: RunRecord): RunRecord {
  const { report } = record
  return {
    ...record,
    metrics: undefined,
    report: report && { ...report, images: [], changes: [], clouds: undefined },
  }
}

/** A run as the API lists it; `summary` and the rest are absent while it goes on. */
export function describeRun({ id, trigger, startedAt, progress, report, hookErrors }: RunRecord) {
  const about = { id, trigger, started_at: startedAt.toISOString() }
  if (report === undefined) {
    const active = progress.active.map(({ ordinal: _, ...image }) => image)
    const { received, size } = totalOf(progress)
    return { ...about, state: 'running', progress: { ...progress, received, size, active } }
  }
  const { seconds, dry_run, exit_status, summary, errors } = report
  return {
    ...about,
    state: errors.length > 0 && summary.checked === 0 ? 'refused' : 'finished',
    ...{ seconds, dry_run, exit_status, summary, errors },
    hook_errors: hookErrors,
  }
}
