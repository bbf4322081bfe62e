import type { ImageFormat, Trust } from '../image.ts'
import type { OutcomeError, OutcomeValues } from './outcome.ts'

export type CheckStatus = 'up-to-date' | 'outdated' | 'skipped' | 'failed'

/** What the public URL that the catalogue names says, asked without credentials. */
export interface MirrorState {
  /**
   * `present`: it answers, and where it tells a digest it is the catalogue's. `other-bytes`: it tells
   * another digest. `missing`: a reader is turned away. `unknown`: it says neither. `unasked`: the image is
   * disabled, or the check did not get to it, or was told not to ask. `none`: the catalogue names no mirror.
   */
  readonly status: 'present' | 'other-bytes' | 'missing' | 'unknown' | 'unasked' | 'none'
  readonly url?: string | undefined
  /** Bytes of the object. */
  readonly size?: number | undefined
}

/** What a check knows of one image. */
export interface CheckedImage {
  readonly file: string
  /** Line of the definition in `file`, from 1. */
  readonly line: number
  readonly name: string
  readonly shortname?: string | undefined
  readonly distribution?: string | undefined
  readonly release?: string | undefined
  readonly architecture?: string | undefined
  readonly format: ImageFormat
  readonly status: CheckStatus
  /** Why no newest build was looked for; only with `skipped`. */
  readonly reason?: 'no-latest-url' | 'disabled' | undefined
  readonly resolver?: string | undefined
  readonly trust?: Trust | undefined
  /** The catalogue's versions, in its order: the first one is that of updates. */
  readonly versions: readonly OutcomeValues[]
  /** The distribution's newest build. */
  readonly newest?: OutcomeValues | undefined
  /** Whole days from the build that the catalogue has to the check (UTC). */
  readonly ageDays?: number | undefined
  /** Whole days from the build that the catalogue has to the newest one. */
  readonly daysBehind?: number | undefined
  readonly mirror: MirrorState
  /** `YYYY-MM-DD`: from this day on nobody mends the release's faults free of charge. */
  readonly endOfLife?: string | undefined
  readonly warnings: readonly string[]
  readonly error?: OutcomeError | undefined
}

export interface CheckSummary {
  readonly checked: number
  readonly upToDate: number
  readonly outdated: number
  readonly skipped: number
  readonly failed: number
  /** Images whose mirror_url leads to no image, or to another one. */
  readonly notMirrored: number
}

/** Everything that a check found out; every face of it (text, JSON, page, …) is made of this alone. */
export interface CheckReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  readonly summary: CheckSummary
  readonly images: readonly CheckedImage[]
}

export function summarizeCheck(images: readonly CheckedImage[]): CheckSummary {
  const count = (status: CheckStatus) => images.filter((image) => image.status === status).length
  const skipped = count('skipped')
  return {
    checked: images.length - skipped,
    upToDate: count('up-to-date'),
    outdated: count('outdated'),
    skipped,
    failed: count('failed'),
    notMirrored: images.filter(isNotMirrored).length,
  }
}

/** Does the catalogue name a mirror that does not have the image? */
export function isNotMirrored({ mirror }: CheckedImage): boolean {
  return mirror.status === 'missing' || mirror.status === 'other-bytes'
}

/**
 * The version that is told of: the first one, which an update keeps, or, where none keeps it, the one that was
 * built last (of those of one day the first).
 */
export function toldVersion({ status, versions }: Pick<CheckedImage, 'status' | 'versions'>) {
  if (status !== 'skipped') return versions[0]
  return versions.reduce<OutcomeValues | undefined>(
    (last, one) => (last === undefined || dayOrNever(one) > dayOrNever(last) ? one : last),
    undefined,
  )
}

function dayOrNever(values: OutcomeValues): number {
  return buildDay(values) ?? Number.NEGATIVE_INFINITY
}

/** 0: nothing is to be done. 1: an image could not be checked. 10: there are updates, or images to mirror. */
export function checkStatus({ failed, outdated, notMirrored }: CheckSummary): 0 | 1 | 10 {
  if (failed > 0) return 1
  return outdated + notMirrored > 0 ? 10 : 0
}

const dayMs = 24 * 60 * 60 * 1000

/** The day of a build in milliseconds UTC: its `build_date`, else its version; `undefined` where neither is a day. */
export function buildDay({ buildDate, version }: OutcomeValues): number | undefined {
  const [, year, month, date] =
    /^(\d{4})-(\d\d)-(\d\d)/.exec(buildDate ?? '') ?? /^(\d{4})(\d\d)(\d\d)/.exec(version ?? '') ?? []
  const day = Date.UTC(Number(year), Number(month) - 1, Number(date))
  return Number.isNaN(day) ? undefined : day
}

/** Whole days from one moment (milliseconds) to another; `undefined` where one of them is unknown. */
export function daysBetween(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.floor((to - from) / dayMs)
}
