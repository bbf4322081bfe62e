import { toldVersion } from './check.ts'
import type { CheckedImage, MirrorState } from './schemas.ts'

/** What is said of a checked image, in the words that all tables share. */
export interface CheckWords {
  readonly image: string
  readonly catalogue: string
  /** The newest version where it is another one, else in a word why there is none to show. */
  readonly newest: string
  readonly age: string
  readonly mirror: string
  readonly trust: string
  readonly endOfLife: string
}

export const checkTitles: CheckWords = {
  image: 'Image',
  catalogue: 'Version',
  newest: 'Newest',
  age: 'Age',
  mirror: 'Mirror',
  trust: 'Trust',
  endOfLife: 'End of life',
}

const mirrorWords: Record<MirrorState['status'], string> = {
  present: 'ok',
  'other-bytes': 'other',
  missing: 'missing',
  unknown: 'unknown',
  unasked: '-',
  none: '-',
}

export function checkWords(image: CheckedImage): CheckWords {
  return {
    image: image.shortname ?? image.name,
    catalogue: toldVersion(image)?.version ?? '-',
    newest: newestWord(image),
    age: image.age_days === undefined ? '-' : `${image.age_days} d`,
    mirror: mirrorWords[image.mirror.status],
    trust: image.trust === 'first-use' ? 'first use' : (image.trust ?? '-'),
    endOfLife: image.end_of_life ?? '-',
  }
}

function newestWord({ status, reason, newest }: CheckedImage): string {
  if (status === 'outdated') return newest?.version ?? 'other'
  if (status === 'up-to-date') return 'current'
  if (status === 'failed') return newest?.version ?? 'failed'
  return reason === 'disabled' ? 'disabled' : '-'
}

/** Columns that say something: the end of life only where one is known. */
export function checkColumns(images: readonly CheckedImage[]): (keyof CheckWords)[] {
  const all = Object.keys(checkTitles) as (keyof CheckWords)[]
  const isKnown = images.some(({ end_of_life }) => end_of_life !== undefined)
  return isKnown ? all : all.filter((column) => column !== 'endOfLife')
}
