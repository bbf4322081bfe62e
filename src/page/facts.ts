import { buildDay, isNotMirrored, toldVersion } from '../report/check.ts'
import type { CheckedImage } from '../report/schemas.ts'
import { nearness, showDays } from './days.ts'

/** How much a fact has to be looked at; each has a colour and a sign of its own. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

export interface Fact {
  readonly tone: Tone
  readonly text: string
  /** What follows in smaller letters. */
  readonly note?: string | undefined
}

export function freshness({ status, reason, newest, days_behind, error }: CheckedImage): Fact {
  if (status === 'up-to-date') return { tone: 'good', text: 'Current' }
  if (status === 'outdated') {
    const note = days_behind === undefined ? undefined : `${showDays(days_behind)} newer`
    return { tone: 'warn', text: newest?.version ?? 'Another build', note }
  }
  if (status === 'failed') return { tone: 'bad', text: 'Failed', note: error?.code }
  return { tone: 'quiet', text: reason === 'disabled' ? 'Disabled' : 'Not looked for' }
}

export function mirroring({ mirror }: CheckedImage): Fact {
  switch (mirror.status) {
    case 'present':
      return { tone: 'good', text: 'Present' }
    case 'missing':
      return { tone: 'bad', text: 'Missing' }
    case 'other-bytes':
      return { tone: 'bad', text: 'Other image' }
    case 'unknown':
      return { tone: 'warn', text: 'No answer' }
    default:
      return { tone: 'quiet', text: mirror.status === 'none' ? 'None' : 'Not asked' }
  }
}

export function trusting({ trust }: CheckedImage): Fact {
  if (trust === 'signed') return { tone: 'good', text: 'Signed' }
  if (trust === 'checksum') return { tone: 'quiet', text: 'Checksum' }
  return { tone: 'quiet', text: trust === 'first-use' ? 'First use' : '–' }
}

/** Milliseconds UTC. */
export function endOfLifeOf({ end_of_life }: CheckedImage): number | undefined {
  const day = Date.parse(end_of_life ?? '')
  return Number.isNaN(day) ? undefined : day
}

/** Milliseconds UTC: when the build was made that the catalogue has. */
export function builtOf(image: CheckedImage): number | undefined {
  const current = toldVersion(image)
  return current && buildDay(current)
}

/** What the filter of the table can ask for. */
export const filters = {
  outdated: 'Outdated',
  failed: 'Failed',
  mirror: 'Not on the mirror',
  ending: 'End of life near or past',
  skipped: 'Skipped',
} as const

export function filtersOf(image: CheckedImage, now: number): (keyof typeof filters)[] {
  const end = endOfLifeOf(image)
  const found: Record<keyof typeof filters, boolean> = {
    outdated: image.status === 'outdated',
    failed: image.status === 'failed',
    mirror: isNotMirrored(image),
    ending: end !== undefined && nearness(end, now) !== 'far',
    skipped: image.status === 'skipped',
  }
  return (Object.keys(filters) as (keyof typeof filters)[]).filter((key) => found[key])
}
