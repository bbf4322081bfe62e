import type { CheckedImage, CheckStatus, CheckSummary, OutcomeValues } from './schemas.ts'

export function summarizeCheck(images: readonly CheckedImage[]): CheckSummary {
  const count = (status: CheckStatus) => images.filter((image) => image.status === status).length
  const skipped = count('skipped')
  return {
    checked: images.length - skipped,
    up_to_date: count('up-to-date'),
    outdated: count('outdated'),
    skipped,
    failed: count('failed'),
    not_mirrored: images.filter(isNotMirrored).length,
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
export function checkStatus({ failed, outdated, not_mirrored }: CheckSummary): 0 | 1 | 10 {
  if (failed > 0) return 1
  return outdated + not_mirrored > 0 ? 10 : 0
}

const dayMs = 24 * 60 * 60 * 1000

/** The day of a build in milliseconds UTC: its `build_date`, else its version; `undefined` where neither is a day. */
export function buildDay({ build_date, version }: OutcomeValues): number | undefined {
  const [, year, month, date] =
    /^(\d{4})-(\d\d)-(\d\d)/.exec(build_date ?? '') ?? /^(\d{4})(\d\d)(\d\d)/.exec(version ?? '') ?? []
  const day = Date.UTC(Number(year), Number(month) - 1, Number(date))
  return Number.isNaN(day) ? undefined : day
}

/** Whole days from one moment (milliseconds) to another; `undefined` where one of them is unknown. */
export function daysBetween(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.floor((to - from) / dayMs)
}
