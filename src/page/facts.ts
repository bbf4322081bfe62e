import { buildDay, dayMs, shownVersion } from '../report/check.ts'
import { formatCount } from '../report/quantities.ts'
import type { CheckedImage } from '../report/schemas.ts'

/** How urgent a fact is; each tone has its own colour and sign. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

export interface Fact {
  readonly tone: Tone
  readonly text: string
  /** Shown below it in smaller letters. */
  readonly note?: string | undefined
}

export function freshness({ status, reason, newest, days_behind, error }: CheckedImage): Fact {
  if (status === 'up-to-date') return { tone: 'good', text: 'Current' }
  if (status === 'failed') return { tone: 'bad', text: 'Failed', note: error?.code }
  if (status === 'unknown') return { tone: 'warn', text: 'Unknown' }
  if (status === 'skipped') {
    const text = reason === 'disabled' ? 'Disabled' : reason === undefined ? 'Not yet' : 'Not looked for'
    return { tone: 'quiet', text }
  }
  const note = days_behind === undefined ? undefined : `${showDays(days_behind)} newer`
  return { tone: 'warn', text: newest?.version ?? 'Another build', note }
}

/** Milliseconds UTC. */
export function endOfLifeOf({ end_of_life = '' }: CheckedImage): number | undefined {
  const day = Date.parse(end_of_life)
  return Number.isNaN(day) ? undefined : day
}

/** Milliseconds UTC: when the build was made that the catalogue has. */
export function builtOf(image: CheckedImage): number | undefined {
  const current = shownVersion(image)
  return current && buildDay(current)
}

/** Was the image left out, for a reason? */
export function isSkipped({ status, reason }: CheckedImage): boolean {
  return status === 'skipped' && reason !== undefined
}

/** Has no run of a service looked for the image's newest build since the catalogue says of it what it does? */
export function isUnseen({ status, reason }: CheckedImage): boolean {
  return status === 'skipped' && reason === undefined
}

/** Has the release's end of life come, or does it come soon, while the image is offered? */
export function isEnding(image: CheckedImage, now: number): boolean {
  const end = endOfLifeOf(image)
  return end !== undefined && image.reason !== 'disabled' && nearness(end, now) !== 'far'
}

/** How near the end of life is: `past`, `soon` within 180 days. */
export function nearness(endOfLife: number, now: number): 'past' | 'soon' | 'far' {
  if (endOfLife <= now) return 'past'
  return endOfLife - now <= 180 * dayMs ? 'soon' : 'far'
}

const date = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

/** `5 Jul 2026` of milliseconds UTC. */
export function showDay(day: number): string {
  return date.format(day)
}

/** `1 day`, `89 days`, `14 months`, `6 years`. */
export function showDays(days: number): string {
  if (days < 90) return formatCount(days, 'day')
  return days < 1000
    ? formatCount(Math.round(days / 30.44), 'month')
    : formatCount(Math.round(days / 365.25), 'year')
}

/** `in 14 months`, `today`, `3 months ago`. */
export function showDistance(from: number, to: number): string {
  const days = Math.round((to - from) / dayMs)
  if (days === 0) return 'today'
  return days > 0 ? `in ${showDays(days)}` : `${showDays(-days)} ago`
}
