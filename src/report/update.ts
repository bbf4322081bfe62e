import type { ImageVersion } from '../image.ts'
import { formatFurtherClouds } from './publish.ts'
import { countStatuses, formatBytes, formatCount, formatDuration } from './quantities.ts'
import { tellOnce } from './repeated.ts'
import type { ImageOutcome, OutcomeValues, RunReport, RunSummary } from './schemas.ts'
import { formatTextTable } from './table.ts'
import { formatParagraph, type Paint, paintedWidth, paragraphs, type TextLayout } from './terminal.ts'
import { formatSkipped, notesOf, paintCount, statusCell } from './text.ts'

export function summarize(images: readonly ImageOutcome[]): RunSummary {
  const statuses = images.map(({ status }) => status)
  const keys = ['updated', 'would_update', 'up_to_date', 'skipped', 'failed', 'unknown'] as const
  const counts = countStatuses(statuses, ...keys)
  return { checked: images.length - counts.skipped, ...counts }
}

/** A version of the catalogue in the form of reports. */
export function reportedValues(version: ImageVersion): OutcomeValues {
  const { buildDate: build_date, checksum, url, mirrorUrl: mirror_url } = version
  return { version: version.version, build_date, checksum, url, mirror_url }
}

/** An update for people: the images that changed or failed, then one line of counts. */
export function formatUpdateText(report: RunReport, layout: TextLayout): string {
  const { images } = report
  const told = tellOnce(images).filter(isTold)
  const table = {
    head: ['Image', 'Version', 'Size', 'Status'],
    right: [2],
    rows: told.map((image) => [
      image.shortname ?? image.name,
      versions(image),
      image.mirror?.bytes === undefined ? '-' : formatBytes(image.mirror.bytes),
      statusCell(image.status, image.error && ` ${image.error.code}`),
    ]),
    notes: told.map(notesOf),
  }
  const undone = images.filter(({ error }) => error?.code === 'ABORTED').length
  const foreign = images.filter(({ mirror }) => mirror?.status === 'foreign').length
  const sentences = [
    undone > 0 &&
      `Interrupted: ${formatCount(undone, 'image')} ${undone === 1 ? 'was' : 'were'} not finished.\n`,
    foreign > 0 && `Left alone: the mirror_url of ${formatCount(foreign, 'image')} is not of this mirror.\n`,
  ].filter((sentence) => sentence !== false)
  return paragraphs(
    formatTextTable(table, layout),
    formatFurtherClouds(report.clouds, report.dry_run, layout),
    sentences.join('') + formatEnding(report, layout),
  )
}

function isTold({ status, mirror, error, warnings }: ImageOutcome): boolean {
  if (error?.code === 'ABORTED') return false
  const mirrored = mirror?.status === 'stored' || mirror?.status === 'would-store'
  return mirrored || warnings.length > 0 || !['up-to-date', 'skipped'].includes(status)
}

function versions({ previous, current, status }: ImageOutcome): string {
  const before = previous?.version
  const after = status === 'failed' ? before : current?.version
  return before === after || before === undefined ? (after ?? '-') : `${before} -> ${after ?? '-'}`
}

/** `22 checked, 1 updated, …, 0 failed in 3.2 s`. */
export function formatUpdateCounts({ summary, images, seconds, dry_run }: RunReport, paint: Paint): string {
  const { checked, updated, would_update, up_to_date, unknown, skipped, failed } = summary
  const counts = [
    `${checked} checked`,
    dry_run
      ? paintCount(paint, 'green', would_update, 'would be updated')
      : paintCount(paint, 'green', updated, 'updated'),
    `${up_to_date} up to date`,
    ...(unknown === 0 ? [] : [paintCount(paint, 'yellow', unknown, 'unknown')]),
    formatSkipped(skipped, images),
    paintCount(paint, 'red', failed, 'failed'),
  ]
  return `${counts.join(', ')} in ${formatDuration(seconds)}`
}

export const dryRunNote = '(dry run: nothing was written)'

function formatEnding(report: RunReport, { paint, columns = Infinity }: TextLayout): string {
  const text = formatUpdateCounts(report, paint)
  if (!report.dry_run) return formatParagraph(text, columns)
  const fits = paintedWidth(text) + 1 + dryRunNote.length <= columns
  return fits ? `${text} ${dryRunNote}\n` : `${formatParagraph(text, columns)}${dryRunNote}\n`
}
