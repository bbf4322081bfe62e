import { formatFurtherClouds, hasFailed, isToBeDone } from './publish.ts'
import { countStatuses, formatDuration } from './quantities.ts'
import { tellOnce } from './repeated.ts'
import type {
  CheckedImage,
  CheckReport,
  CheckSummary,
  CloudOutcome,
  MirrorState,
  OutcomeValues,
} from './schemas.ts'
import { formatCsv, formatTextTable } from './table.ts'
import { formatParagraph, type Paint, paragraphs, type Style, type TextLayout } from './terminal.ts'
import { notesOf, paintCount, styleOf } from './text.ts'

export function summarizeCheck(images: readonly CheckedImage[]): CheckSummary {
  const statuses = images.map(({ status }) => status)
  const keys = ['up_to_date', 'outdated', 'skipped', 'failed', 'unknown'] as const
  const { unknown, ...counts } = countStatuses(statuses, ...keys)
  const not_mirrored = images.filter(isNotMirrored).length
  return { checked: images.length - counts.skipped, ...counts, not_mirrored, unknown }
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
  const day = (values: OutcomeValues) => buildDay(values) ?? Number.NEGATIVE_INFINITY
  return versions.toSorted((a, b) => Number(day(b) > day(a)) - Number(day(a) > day(b)))[0]
}

/**
 * 0: nothing is to be done. 1: an image could not be checked, or a cloud could not be asked. 10: there is something to be
 * done or found out.
 */
export function checkStatus(
  { failed, outdated, unknown, not_mirrored }: CheckSummary,
  clouds: readonly CloudOutcome[] = [],
): 0 | 1 | 10 {
  if (failed > 0 || hasFailed(clouds)) return 1
  return outdated + unknown + not_mirrored > 0 || clouds.some(isToBeDone) ? 10 : 0
}

export const dayMs = 24 * 60 * 60 * 1000

/** The day of a build in milliseconds UTC, from `build_date`, else from its version; `undefined` if neither is a day. */
export function buildDay({ build_date, version }: OutcomeValues): number | undefined {
  const [, year, month, date] =
    /^(\d{4})-(\d\d)-(\d\d)/.exec(build_date ?? '') ?? /^(20\d\d)(\d\d)(\d\d)(?!\d)/.exec(version ?? '') ?? []
  const day = Date.UTC(Number(year), Number(month) - 1, Number(date))
  return Number.isNaN(day) ? undefined : day
}

/** Whole days from one moment (milliseconds) to another; `undefined` if one of them is unknown. */
export function daysBetween(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.floor((to - from) / dayMs)
}

const mirrorWords: Record<MirrorState['status'], string> = {
  present: 'ok',
  'other-bytes': 'other',
  missing: 'missing',
  unknown: 'unknown',
  unasked: '-',
  none: '-',
}

/** A column of a check's tables, with the same words in each form. */
export interface CheckColumn {
  readonly head: string
  readonly text: (image: CheckedImage) => string
  /** Absent: none but that of a skipped image. */
  readonly style?: (image: CheckedImage) => Style | undefined
}

const columns: readonly CheckColumn[] = [
  { head: 'Image', text: ({ shortname, name }) => shortname ?? name },
  { head: 'Version', text: (image) => shownVersion(image)?.version ?? '-' },
  {
    head: 'Newest',
    text: newestWord,
    style: ({ status }) => (status === 'up-to-date' ? 'green' : styleOf(status)),
  },
  { head: 'Age', text: ({ age_days }) => (age_days === undefined ? '-' : `${age_days} d`) },
  {
    head: 'Mirror',
    text: ({ mirror }) => mirrorWords[mirror.status],
    style: (image) => (isNotMirrored(image) || image.mirror.status === 'unknown' ? 'red' : undefined),
  },
  { head: 'Trust', text: trustWord },
  { head: 'End of life', text: ({ end_of_life = '-' }) => end_of_life },
]

export const checkTitles = columns.map(({ head }) => head)

/** The newest version if it is another one, else a word that says why none is shown. */
function newestWord({ status, reason, newest }: CheckedImage): string {
  if (status === 'outdated') return newest?.version ?? 'other'
  if (status === 'up-to-date') return 'current'
  if (status === 'unknown') return 'unknown'
  if (status === 'failed') return newest?.version ?? 'failed'
  return reason === 'disabled' ? 'disabled' : '-'
}

export function trustWord({ trust }: Pick<CheckedImage, 'trust'>): string {
  return trust === 'first-use' ? 'first use' : (trust ?? '-')
}

/** The columns of a table: the end of life only if an image has one. */
export function checkColumns(images: readonly CheckedImage[]): readonly CheckColumn[] {
  const isKnown = images.some(({ end_of_life }) => end_of_life !== undefined)
  return columns.filter(({ head }) => isKnown || head !== 'End of life')
}

export function checkTable<Cell>(
  shown: readonly CheckColumn[],
  images: readonly CheckedImage[],
  cellOf: (image: CheckedImage, column: CheckColumn) => Cell,
) {
  const rows = images.map((image) => shown.map((column) => cellOf(image, column)))
  return { head: shown.map(({ head }) => head), rows, right: [3] }
}

/** A check for people: a row for every image with its warnings and error below it, then one line of counts. */
export function formatCheckText(report: CheckReport, layout: TextLayout): string {
  const { images } = report
  const table = checkTable(checkColumns(images), images, (image, { text, style }) => ({
    text: text(image),
    style: style?.(image) ?? (image.status === 'skipped' ? 'dim' : undefined),
  }))
  const counts = formatParagraph(formatCheckCounts(report, layout.paint), layout.columns)
  const own = formatTextTable({ ...table, notes: tellOnce(images).map(notesOf) }, layout)
  return paragraphs(own, formatFurtherClouds(report.clouds, true, layout), counts)
}

/** `22 checked, 20 current, …, 0 failed in 3.2 s`. */
export function formatCheckCounts({ summary, seconds }: CheckReport, paint: Paint): string {
  const { checked, up_to_date, outdated, unknown, skipped, failed, not_mirrored } = summary
  const counts = [
    `${checked} checked`,
    `${up_to_date} current`,
    paintCount(paint, 'yellow', outdated, 'outdated'),
    ...(unknown === 0 ? [] : [paintCount(paint, 'yellow', unknown, 'unknown')]),
    `${skipped} skipped`,
    paintCount(paint, 'red', failed, 'failed'),
    ...(not_mirrored === 0 ? [] : [paintCount(paint, 'red', not_mirrored, 'not mirrored')]),
  ]
  return `${counts.join(', ')} in ${formatDuration(seconds)}`
}

type CsvCell = (image: CheckedImage, clouds: readonly CloudOutcome[]) => string | number | undefined

const csvColumns: Readonly<Record<string, CsvCell>> = {
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
  warnings: ({ warnings }) => warnings.join('; '),
  key_ends: ({ key_ends }) => key_ends,
  clouds: ({ file, name }, clouds) =>
    clouds
      .map(({ cloud, images, error }) => {
        const image = images.find((one) => one.file === file && one.name === name)
        return `${cloud}: ${image?.status ?? error?.code ?? 'unknown'}`
      })
      .join('; '),
}

/** A check as CSV with a header: a row for every image, an empty cell for an unknown value. */
export function formatCheckCsv({ images, clouds = [] }: CheckReport): string {
  const cells = (image: CheckedImage) =>
    Object.values(csvColumns).map((value) => String(value(image, clouds) ?? ''))
  return formatCsv({ head: Object.keys(csvColumns), rows: images.map(cells) })
}
