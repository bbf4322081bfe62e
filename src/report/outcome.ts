import type { ErrorCode, Place } from '../errors.ts'
import type { ImageStatus } from '../events.ts'
import type { Trust } from '../image.ts'

/** Values of a catalogue entry; a field that stands nowhere is absent. */
export interface OutcomeValues {
  readonly version?: string | undefined
  readonly buildDate?: string | undefined
  readonly checksum?: string | undefined
  readonly url?: string | undefined
  readonly mirrorUrl?: string | undefined
}

/** What was done on the mirror for one image. */
export interface MirrorOutcome {
  /**
   * `present`: it was there with the right digest. `stored`: transferred in this run. `would-store`:
   * dry run. `foreign`: the catalogue names another mirror, which is left alone. `none`: the run has no mirror.
   */
  readonly status: 'present' | 'stored' | 'would-store' | 'foreign' | 'none'
  /** Key in the bucket, or path below the mirror's folder. */
  readonly object?: string | undefined
  /** Bytes stored by this run. */
  readonly bytes?: number | undefined
  readonly seconds?: number | undefined
}

export interface OutcomeError {
  readonly code: ErrorCode
  readonly message: string
  readonly remedy?: string | undefined
  readonly place?: Place | undefined
}

/** The end of one image's way through a run. */
export interface ImageOutcome {
  readonly file: string
  /** Line of the definition in `file`, from 1. */
  readonly line: number
  readonly name: string
  readonly shortname?: string | undefined
  readonly status: ImageStatus
  /** Why it was left alone; only with `skipped`. */
  readonly reason?: 'no-latest-url' | 'disabled' | undefined
  readonly resolver?: string | undefined
  readonly trust?: Trust | undefined
  readonly previous?: OutcomeValues | undefined
  /** The values in force after the run (in a dry run: after the run that it stands for). */
  readonly current?: OutcomeValues | undefined
  readonly mirror?: MirrorOutcome | undefined
  readonly warnings: readonly string[]
  readonly error?: OutcomeError | undefined
}

/** The planned or made change of one catalogue file. */
export interface FileChange {
  readonly file: string
  /** Unified diff; empty where nothing changes. */
  readonly diff: string
}

export interface RunSummary {
  readonly checked: number
  readonly updated: number
  readonly wouldUpdate: number
  readonly upToDate: number
  readonly skipped: number
  readonly failed: number
}

/** Everything that a run did; every face of the report (text, JSON, …) is made of this alone. */
export interface RunReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  readonly dryRun: boolean
  readonly summary: RunSummary
  readonly images: readonly ImageOutcome[]
  readonly changes: readonly FileChange[]
}

export function summarize(images: readonly ImageOutcome[]): RunSummary {
  const count = (status: ImageStatus) => images.filter((image) => image.status === status).length
  const skipped = count('skipped')
  return {
    checked: images.length - skipped,
    updated: count('updated'),
    wouldUpdate: count('would-update'),
    upToDate: count('up-to-date'),
    skipped,
    failed: count('failed'),
  }
}
