import { describeError, printable, UpdaterError } from '../errors.ts'
import { formatBytes, formatDuration } from './quantities.ts'
import type { FileChange, ImageOutcome, RunReport } from './schemas.ts'
import {
  displayWidth,
  type Paint,
  pad,
  paintedWidth,
  type Style,
  type TextLayout,
  truncate,
  wrap,
} from './terminal.ts'

/** What a run did, for people: the images that changed or failed, then one line of counts. */
export function formatSummary(report: RunReport, layout: TextLayout): string {
  const told = report.images.filter(isTold)
  const undone = report.images.filter(({ error }) => error?.code === 'ABORTED').length
  const table = told.length === 0 ? [] : [...formatTable(told, layout), '']
  const interrupted =
    undone === 0
      ? []
      : [`Interrupted: ${undone === 1 ? '1 image was' : `${undone} images were`} not finished.`]
  const foreign = report.images.filter(({ mirror }) => mirror?.status === 'foreign').length
  const elsewhere =
    foreign === 0
      ? []
      : [
          `Left alone: the mirror_url of ${foreign === 1 ? '1 image' : `${foreign} images`} is not of this mirror.`,
        ]
  return [...table, ...interrupted, ...elsewhere, ...formatCounts(report, layout), ''].join('\n')
}

/** Unified diffs with their control characters escaped, each with an empty line after it. */
export function formatChanges(changes: readonly FileChange[], paint: Paint): string {
  const lines = changes.flatMap(({ diff }) =>
    diff.split('\n').map((line) => paintDiffLine(safeLine(line), paint)),
  )
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function isTold({ status, mirror, error, warnings }: ImageOutcome): boolean {
  if (error?.code === 'ABORTED') return false
  const mirrored = mirror?.status === 'stored' || mirror?.status === 'would-store'
  return mirrored || warnings.length > 0 || !['up-to-date', 'skipped'].includes(status)
}

const statusStyles: Record<ImageOutcome['status'], Style> = {
  updated: 'green',
  'would-update': 'cyan',
  'up-to-date': 'dim',
  skipped: 'dim',
  failed: 'red',
}

/** Columns that an image's name has at least, however narrow the terminal is. */
export const narrowestName = 12

function formatTable(
  images: readonly ImageOutcome[],
  { paint, columns = Number.POSITIVE_INFINITY }: TextLayout,
): string[] {
  const head = ['Image', 'Version', 'Size', 'Status']
  const rows = images.map((image) => [label(image), versions(image), size(image), statusText(image)])
  const [name = 0, ...others] = head.map((title, column) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[column] ?? ''))),
  )
  const taken = others.reduce((sum, width) => sum + 2 + width, 0)
  const room = Math.min(name, Math.max(narrowestName, columns - taken))
  const [versionWidth = 0, sizeWidth = 0] = others
  const line = ([first = '', version = '', bytes = '']: readonly string[]) =>
    `${pad(truncate(first, room), room)}  ${pad(version, versionWidth)}  ${bytes.padStart(sizeWidth)}  `
  return [
    paint('bold', line(head) + head[3]),
    ...images.flatMap((image, index) => [
      line(rows[index] ?? []) + paint(statusStyles[image.status], statusText(image)),
      ...formatDetails(image, { paint, columns }),
    ]),
  ]
}

function label({ shortname, name }: ImageOutcome): string {
  return printable(shortname ?? name)
}

function versions({ previous, current, status }: ImageOutcome): string {
  const before = previous?.version
  const after = status === 'failed' ? before : current?.version
  const text = before === after || before === undefined ? (after ?? '-') : `${before} -> ${after ?? '-'}`
  return printable(text)
}

function size({ mirror }: ImageOutcome): string {
  return mirror?.bytes === undefined ? '-' : formatBytes(mirror.bytes)
}

function statusText({ status, error }: ImageOutcome): string {
  if (status === 'failed') return `failed ${error?.code ?? ''}`.trimEnd()
  return status.replaceAll('-', ' ')
}

/** Warnings and the error of an image, as they stand below its row. */
export function formatDetails(
  { warnings, error }: Pick<ImageOutcome, 'warnings' | 'error'>,
  { paint, columns = Infinity }: TextLayout,
): string[] {
  return [
    ...warnings.map((warning) => ['yellow', `Warning: ${printable(warning)}`] as const),
    ...(error === undefined ? [] : [['red', errorText(error)] as const]),
  ].flatMap(([style, text]) => wrap(text, columns - 2).map((part) => `  ${paint(style, part)}`))
}

const reasons = { disabled: 'disabled', 'no-latest-url': 'without latest_url' } as const

/** `3 skipped (2 disabled, 1 without latest_url)`. */
export function formatSkipped(skipped: number, images: readonly Pick<ImageOutcome, 'reason'>[]): string {
  const told = Object.entries(reasons)
    .map(([reason, words]) => ({ words, count: images.filter((image) => image.reason === reason).length }))
    .filter(({ count }) => count > 0)
  if (told.length === 0) return `${skipped} skipped`
  const why = told.map(({ words, count }) => (count === skipped ? words : `${count} ${words}`))
  return `${skipped} skipped (${why.join(', ')})`
}

/** The whole story of an error in a report. */
export function errorText(error: NonNullable<ImageOutcome['error']>): string {
  return printable(describeError(new UpdaterError(error.code, error.message, error)))
}

function formatCounts(
  { summary, images, seconds, dry_run }: RunReport,
  { paint, columns = Number.POSITIVE_INFINITY }: TextLayout,
): string[] {
  const { checked, updated, would_update, up_to_date, skipped, failed } = summary
  const changed = dry_run ? `${would_update} would be updated` : `${updated} updated`
  const counts = [
    `${checked} checked`,
    updated + would_update > 0 ? paint('green', changed) : changed,
    `${up_to_date} up to date`,
    formatSkipped(skipped, images),
    failed > 0 ? paint('red', `${failed} failed`) : '0 failed',
  ]
  const text = `${counts.join(', ')} in ${formatDuration(seconds)}`
  if (!dry_run) return wrap(text, columns)
  const note = '(dry run: nothing was written)'
  const fits = paintedWidth(text) + 1 + note.length <= columns
  return fits ? [`${text} ${note}`] : [...wrap(text, columns), note]
}

/** Control characters are escaped; tabs and the carriage return of a CRLF file are not. */
function safeLine(line: string): string {
  const body = line.endsWith('\r') ? line.slice(0, -1) : line
  return body.split('\t').map(printable).join('\t') + line.slice(body.length)
}

function paintDiffLine(line: string, paint: Paint): string {
  if (/^(---|\+\+\+) /.test(line)) return paint('bold', line)
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}
