import type { Place, UpdaterError } from '../errors.ts'
import type {
  CheckReport,
  MirrorReport,
  OutcomeError,
  PruneReport,
  PublishReport,
  RunReport,
  VerifyReport,
} from './schemas.ts'

/** Why a command could do nothing, and when. */
export interface Refusal {
  readonly startedAt: Date
  readonly seconds: number
  readonly errors: readonly UpdaterError[]
}

/** The report of a refused command that has no schema of its own. */
interface RefusedReport {
  readonly schema_version: 1
  readonly command?: string
  /** ISO 8601, UTC. */
  readonly started_at: string
  readonly seconds: number
  readonly errors: readonly OutcomeError[]
}

interface Reports {
  readonly update: RunReport
  readonly check: CheckReport
  readonly mirror: MirrorReport
  readonly verify: VerifyReport
  readonly prune: PruneReport
  readonly publish: PublishReport
}

export type AnyReport = Reports[keyof Reports] | RefusedReport

/** The keys of a refused command's report between its head and its errors. */
const emptyReports: { readonly [Command in keyof Reports]: Omit<Reports[Command], keyof RefusedReport> } = {
  update: {
    dry_run: false,
    summary: { checked: 0, updated: 0, would_update: 0, up_to_date: 0, skipped: 0, failed: 0, unknown: 0 },
    images: [],
    changes: [],
  },
  check: {
    summary: { checked: 0, up_to_date: 0, outdated: 0, skipped: 0, failed: 0, not_mirrored: 0, unknown: 0 },
    images: [],
  },
  mirror: {
    dry_run: false,
    summary: { versions: 0, present: 0, stored: 0, would_store: 0, foreign: 0, failed: 0 },
    versions: [],
    changes: [],
  },
  verify: {
    full: false,
    summary: {
      mismatch: 0,
      unmirrorable: 0,
      missing: 0,
      private: 0,
      error: 0,
      pending: 0,
      unknown: 0,
      ok: 0,
    },
    versions: [],
  },
  prune: {
    remove: false,
    summary: { would_remove: 0, removed: 0, failed: 0, bytes: 0, named: 0, young: 0, others: 0 },
    objects: [],
  },
  publish: {
    dry_run: false,
    summary: {
      images: 0,
      published: 0,
      would_publish: 0,
      changed: 0,
      would_change: 0,
      current: 0,
      pending: 0,
      skipped: 0,
      retired: 0,
      failed: 0,
    },
    clouds: [],
  },
}

/** What a command was asked for, as far as a report says it. */
interface Asked {
  readonly dry_run?: boolean
  readonly full?: boolean
  readonly remove?: boolean
}

/** The report of a refused command: that of a run without results, with the errors that are the reason. */
export function refusedReport<Command extends string>(
  command: Command,
  { startedAt, seconds, errors }: Refusal,
  asked: Asked = {},
) {
  const [, empty = {}] = Object.entries<object>(emptyReports).find(([name]) => name === command) ?? []
  const report: object = {
    schema_version: 1,
    ...(command !== 'update' && { command }),
    started_at: startedAt.toISOString(),
    seconds,
    ...empty,
    ...Object.fromEntries(Object.entries(asked).filter(([key]) => key in empty)),
    errors: errors.map((error) => reportedError(error)),
  }
  return report as Command extends keyof Reports ? Reports[Command] : RefusedReport
}

/** @param otherwise the place of an error that names none */
export function reportedError(
  { code, message, remedy, place: named }: UpdaterError | OutcomeError,
  otherwise?: Place,
): OutcomeError {
  const place = named ?? otherwise
  return {
    code,
    message,
    remedy,
    place: place && { file: place.file, line: place.line, column: place.column },
  }
}
