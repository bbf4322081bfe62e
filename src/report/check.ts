import { formatDuration } from './quantities.ts'
import type {
  CheckedImage,
  CheckReport,
  CheckStatus,
  CheckSummary,
  MirrorState,
  OutcomeValues,
} from './schemas.ts'
import { formatCsv, formatTextTable } from './table.ts'
import { formatParagraph, type Paint, paragraphs, type Style, type TextLayout } from './terminal.ts'
import { notesOf } from './text.ts'

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
 * The version that a check shows: the first one, which updates keep current, or, for a skipped image, the one that
 * was built last (the first of several from the same day).
 */
export function shownVersion({ status, versions }: Pick<CheckedImage, 'status' | 'versions'>) {
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

/** The day of a build in milliseconds UTC, from `build_date`, else from its version; `undefined` if neither is a day. */
export function buildDay({ build_date, version }: OutcomeValues): number | undefined {
  const [, year, month, date] =
    /^(\d{4})-(\d\d)-(\d\d)/.exec(build_date ?? '') ?? /^(\d{4})(\d\d)(\d\d)/.exec(version ?? '') ?? []
  const day = Date.UTC(Number(year), Number(month) - 1, Number(date))
  return Number.isNaN(day) ? undefined : day
}

/** Whole days from one moment (milliseconds) to another; `undefined` if one of them is unknown. */
export function daysBetween(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.floor((to - from) / dayMs)
}

/** The cells of a checked image, with the same words in every table. */
export interface CheckWords {
  readonly image: string
  readonly catalogue: string
  /** The newest version if it is another one, else a word that says why none is shown. */
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
    catalogue: shownVersion(image)?.version ?? '-',
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

/** The columns of a table: the end of life only if an image has one. */
export function checkColumns(images: readonly CheckedImage[]): (keyof CheckWords)[] {
  const all = Object.keys(checkTitles) as (keyof CheckWords)[]
  const isKnown = images.some(({ end_of_life }) => end_of_life !== undefined)
  return isKnown ? all : all.filter((column) => column !== 'endOfLife')
}

/** A check for people: a row for every image with its warnings and error below it, then one line of counts. */
export function formatCheckText(report: CheckReport, layout: TextLayout): string {
  const { images } = report
  const columns = checkColumns(images)
  const table = {
    head: columns.map((column) => checkTitles[column]),
    right: [columns.indexOf('age')],
    rows: images.map((image) => {
      const words = checkWords(image)
      return columns.map((column) => {
        const style = styleOf(image, column)
        return style === undefined ? words[column] : { text: words[column], style }
      })
    }),
    notes: images.map(notesOf),
  }
  const counts = formatParagraph(formatCounts(report, layout.paint), layout.columns)
  return paragraphs(formatTextTable(table, layout), counts)
}

const newestStyles: Record<CheckedImage['status'], Style> = {
  'up-to-date': 'green',
  outdated: 'yellow',
  skipped: 'dim',
  failed: 'red',
}

function styleOf(image: CheckedImage, column: keyof CheckWords): Style | undefined {
  if (column === 'newest') return newestStyles[image.status]
  if (column === 'mirror' && (isNotMirrored(image) || image.mirror.status === 'unknown')) return 'red'
  return image.status === 'skipped' ? 'dim' : undefined
}

function formatCounts({ summary, seconds }: CheckReport, paint: Paint): string {
  const { checked, up_to_date, outdated, skipped, failed, not_mirrored } = summary
  const told = (count: number, text: string, style: Style) =>
    count > 0 ? paint(style, `${count} ${text}`) : `${count} ${text}`
  const counts = [
    `${checked} checked`,
    `${up_to_date} current`,
    told(outdated, 'outdated', 'yellow'),
    `${skipped} skipped`,
    told(failed, 'failed', 'red'),
    ...(not_mirrored === 0 ? [] : [told(not_mirrored, 'not mirrored', 'red')]),
  ]
  return `${counts.join(', ')} in ${formatDuration(seconds)}`
}

const csvColumns: Readonly<Record<string, (image: CheckedImage) => string | number | undefined>> = {
  file: ({ file }) => file,
  line: ({ line }) => line,
  name: ({ name }) => name,
  shortname: ({ shortname }) => shortname,
  status: ({ status }) => status,
  reason: ({ reason }) => reason,
  version: (image) => shownVersion(image)?.version,
  build_date: (image) => shownVersion(image)?.build_date,
  newest_version: ({ newest }) => newest?.version,
  newest_build_date: ({ newest }) => newest?.build_date,
  age_days: ({ age_days }) => age_days,
  days_behind: ({ days_behind }) => days_behind,
  mirror: ({ mirror }) => mirror.status,
  mirror_url: ({ mirror }) => mirror.url,
  trust: ({ trust }) => trust,
  end_of_life: ({ end_of_life }) => end_of_life,
  error: ({ error }) => error?.code,
  message: ({ error }) => error?.message,
}

/** A check as CSV with a header: a row for every image, an empty cell for an unknown value. */
export function formatCheckCsv({ images }: CheckReport): string {
  const cells = (image: CheckedImage) => Object.values(csvColumns).map((value) => String(value(image) ?? ''))
  return formatCsv({ head: Object.keys(csvColumns), rows: images.map(cells) })
}
