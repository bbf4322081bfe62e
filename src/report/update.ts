import type { ImageVersion } from '../image.ts'
import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import type { ImageOutcome, OutcomeValues, RunReport, RunSummary } from './schemas.ts'
import { formatTextTable } from './table.ts'
import { formatParagraph, paintedWidth, paragraphs, type Style, type TextLayout } from './terminal.ts'
import { formatSkipped, notesOf } from './text.ts'

export function summarize(images: readonly ImageOutcome[]): RunSummary {
  const count = (status: ImageOutcome['status']) => images.filter((image) => image.status === status).length
  const skipped = count('skipped')
  return {
    checked: images.length - skipped,
    updated: count('updated'),
    would_update: count('would-update'),
    up_to_date: count('up-to-date'),
    skipped,
    failed: count('failed'),
  }
}

/** A version of the catalogue in the form of reports. */
export function reportedValues(version: ImageVersion): OutcomeValues {
  const { buildDate: build_date, checksum, url, mirrorUrl: mirror_url } = version
  return { version: version.version, build_date, checksum, url, mirror_url }
}

/** An update for people: the images that changed or failed, then one line of counts. */
export function formatUpdateText(report: RunReport, layout: TextLayout): string {
  const { images } = report
  const told = images.filter(isTold)
  const table = {
    head: ['Image', 'Version', 'Size', 'Status'],
    right: [2],
    rows: told.map((image) => [
      image.shortname ?? image.name,
      versions(image),
      image.mirror?.bytes === undefined ? '-' : formatBytes(image.mirror.bytes),
      { text: statusText(image), style: styles[image.status] },
    ]),
    notes: told.map(notesOf),
  }
  const undone = images.filter(({ error }) => error?.code === 'ABORTED').length
  const foreign = images.filter(({ mirror }) => mirror?.status === 'foreign').length
  const sentences = [
    ...(undone === 0
      ? []
      : [`Interrupted: ${formatCount(undone, 'image')} ${undone === 1 ? 'was' : 'were'} not finished.\n`]),
    ...(foreign === 0
      ? []
      : [`Left alone: the mirror_url of ${formatCount(foreign, 'image')} is not of this mirror.\n`]),
  ]
  return paragraphs(formatTextTable(table, layout), sentences.join('') + formatCounts(report, layout))
}

function isTold({ status, mirror, error, warnings }: ImageOutcome): boolean {
  if (error?.code === 'ABORTED') return false
  const mirrored = mirror?.status === 'stored' || mirror?.status === 'would-store'
  return mirrored || warnings.length > 0 || !['up-to-date', 'skipped'].includes(status)
}

const styles: Record<ImageOutcome['status'], Style> = {
  updated: 'green',
  'would-update': 'cyan',
  'up-to-date': 'dim',
  skipped: 'dim',
  failed: 'red',
}

function versions({ previous, current, status }: ImageOutcome): string {
  const before = previous?.version
  const after = status === 'failed' ? before : current?.version
  return before === after || before === undefined ? (after ?? '-') : `${before} -> ${after ?? '-'}`
}

function statusText({ status, error }: ImageOutcome): string {
  if (status === 'failed') return `failed ${error?.code ?? ''}`.trimEnd()
  return status.replaceAll('-', ' ')
}

function formatCounts(
  { summary, images, seconds, dry_run }: RunReport,
  { paint, columns = Number.POSITIVE_INFINITY }: TextLayout,
): string {
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
  if (!dry_run) return formatParagraph(text, columns)
  const note = '(dry run: nothing was written)'
  const fits = paintedWidth(text) + 1 + note.length <= columns
  return fits ? `${text} ${note}\n` : `${formatParagraph(text, columns)}${note}\n`
}
