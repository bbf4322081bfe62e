import type { RunReport } from '../report/schemas.ts'
import type { Trigger } from './events.ts'
import { noProgress, type Progress } from './progress.ts'

/** One run of a service, past or under way. */
export interface RunRecord {
  /** From 1, since the service began. */
  readonly id: number
  readonly trigger: Trigger
  readonly startedAt: Date
  readonly progress: Progress
  /** Its report; absent while it goes on. The older runs' images and changes are forgotten. */
  readonly report?: (RunReport & { readonly exit_status: number }) | undefined
  /** The same as Prometheus text. */
  readonly metrics?: string | undefined
  /** Messages of hooks that failed after it. */
  readonly hookErrors: readonly string[]
}

export interface Runs {
  /** Newest first. */
  readonly records: readonly RunRecord[]
  current(): RunRecord | undefined
  find(id: number): RunRecord | undefined
  begin(trigger: Trigger, startedAt: Date): RunRecord
  change(id: number, change: Partial<RunRecord>): void
}

/** Runs that are listed, and those of them whose whole report is kept. */
const listed = 50
const whole = 10

export function createRuns(): Runs {
  let records: readonly RunRecord[] = []
  let last = 0
  return {
    get records() {
      return records
    },
    current: () => records.find(({ report }) => report === undefined),
    find: (id) => records.find((one) => one.id === id),
    begin: (trigger, startedAt) => {
      last += 1
      const record = { id: last, trigger, startedAt, progress: noProgress, hookErrors: [] }
      records = [record, ...records]
        .slice(0, listed)
        .map((one, index) => (index < whole ? one : shortened(one)))
      return record
    },
    change: (id, change) => {
      records = records.map((one) => (one.id === id ? { ...one, ...change } : one))
    },
  }
}

function shortened(record: RunRecord): RunRecord {
  const { report } = record
  return { ...record, metrics: undefined, report: report && { ...report, images: [], changes: [] } }
}

/** The newest run that has looked at images. */
export function lastRun({ records }: Runs): RunRecord | undefined {
  return records.find(({ report }) => report !== undefined && report.images.length > 0)
}

/** A run as the API lists it; `summary` and the rest are absent while it goes on. */
export function runDocument({ id, trigger, startedAt, progress, report, hookErrors }: RunRecord) {
  const { images, done, updated, failed, active } = progress
  const about = { id, trigger, started_at: startedAt.toISOString() }
  if (report === undefined) {
    return {
      ...about,
      state: 'running' as const,
      progress: {
        images,
        done,
        updated,
        failed,
        active: active.map(({ name, phase, received, size }) => ({ name, phase, received, size })),
      },
    }
  }
  return {
    ...about,
    state: report.errors.length > 0 ? ('refused' as const) : ('finished' as const),
    seconds: report.seconds,
    dry_run: report.dry_run,
    exit_status: report.exit_status,
    summary: report.summary,
    errors: report.errors,
    hook_errors: [...hookErrors],
  }
}

export type RunDocument = ReturnType<typeof runDocument>
