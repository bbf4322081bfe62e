import { printable } from '../errors.ts'
import { isNotMirrored } from './check.ts'
import { type CheckWords, checkColumns, checkTitles, checkWords } from './check-words.ts'
import { formatDuration } from './quantities.ts'
import type { CheckedImage, CheckReport } from './schemas.ts'
import { displayWidth, type Paint, pad, type Style, type TextLayout, truncate, wrap } from './terminal.ts'
import { formatDetails, narrowestName } from './text.ts'

/** A check for people: a row for every image, what is wrong below its row, then one line of counts. */
export function formatCheck(report: CheckReport, layout: TextLayout): string {
  const { paint, columns: room = Number.POSITIVE_INFINITY } = layout
  const { images } = report
  const columns = checkColumns(images)
  const rows = images.map((image) => checkWords(image))
  const widths = new Map(
    columns.map((column) => [
      column,
      Math.max(...[checkTitles, ...rows].map((row) => displayWidth(printable(row[column])))),
    ]),
  )
  const others = columns.slice(1).reduce((sum, column) => sum + 2 + (widths.get(column) ?? 0), 0)
  widths.set('image', Math.min(widths.get('image') ?? 0, Math.max(narrowestName, room - others)))
  const line = (words: CheckWords, style: (column: keyof CheckWords) => Style | undefined) =>
    columns
      .map((column, index) => {
        const width = widths.get(column) ?? 0
        const text = truncate(printable(words[column]), width)
        const padded = column === 'age' ? text.padStart(width) : pad(text, width)
        const cell = index === columns.length - 1 ? padded.trimEnd() : padded
        const chosen = style(column)
        return chosen === undefined ? cell : paint(chosen, cell)
      })
      .join('  ')
  const table = images.flatMap((image, index) => {
    const words = rows[index] ?? checkTitles
    return [line(words, (column) => styleOf(image, column)), ...formatDetails(image, layout)]
  })
  const head = images.length === 0 ? [] : [line(checkTitles, () => 'bold'), ...table, '']
  return [...head, ...wrap(formatCounts(report, paint), room), ''].join('\n')
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
