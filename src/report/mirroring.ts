import type { MirrorOutcome, OutcomeError } from './schemas.ts'

/** `source-gone`: its URL answers 404 or 410; `mismatch`: its bytes are not those of the catalogue's checksum. */
export type UnmirroredReason = 'source-gone' | 'mismatch' | 'other'

/** What became of one version that names a `mirror_url`. */
export interface MirroredVersion {
  readonly file: string
  /** Line of the image's definition in `file`, from 1. */
  readonly line: number
  readonly name: string
  readonly shortname?: string | undefined
  readonly version?: string | undefined
  readonly url?: string | undefined
  readonly mirrorUrl: string
  /** As in a `MirrorOutcome`; `failed`: it could not be brought there. */
  readonly status: 'present' | 'stored' | 'would-store' | 'foreign' | 'failed'
  readonly object?: string | undefined
  /** Bytes stored by this run. */
  readonly bytes?: MirrorOutcome['bytes']
  readonly seconds?: MirrorOutcome['seconds']
  readonly warnings: readonly string[]
  /** Only with `failed`. */
  readonly reason?: UnmirroredReason | undefined
  readonly error?: OutcomeError | undefined
}

export interface MirrorSummary {
  /** That name a `mirror_url`. */
  readonly versions: number
  readonly present: number
  readonly stored: number
  readonly wouldStore: number
  /** Of another mirror: left alone. */
  readonly foreign: number
  readonly failed: number
}

/** Everything that a run of `mirror` did. */
export interface MirrorReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  readonly dryRun: boolean
  readonly summary: MirrorSummary
  /** In catalogue order. */
  readonly versions: readonly MirroredVersion[]
}

export function summarizeMirror(versions: readonly MirroredVersion[]): MirrorSummary {
  const count = (status: MirroredVersion['status']) => versions.filter((one) => one.status === status).length
  return {
    versions: versions.length,
    present: count('present'),
    stored: count('stored'),
    wouldStore: count('would-store'),
    foreign: count('foreign'),
    failed: count('failed'),
  }
}
