import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import { tellOnce } from './repeated.ts'
import type { MirroredVersion, MirrorReport } from './schemas.ts'
import { formatTextTable } from './table.ts'
import { formatParagraph, paragraphs, type TextLayout } from './terminal.ts'
import { notesOf, paintCount, statusCell } from './text.ts'

/** The versions that are not simply there, then one line of counts. */
export function formatMirrorText(report: MirrorReport, layout: TextLayout): string {
  const { summary, seconds, dry_run } = report
  const told = tellOnce(report.versions).filter(
    ({ status, warnings }) => status !== 'present' || warnings.length > 0,
  )
  const table = {
    head: ['Image', 'Version', 'Size', 'Status'],
    rows: told.map((one) => [
      one.shortname ?? one.name,
      one.version ?? '-',
      one.bytes === undefined ? '-' : formatBytes(one.bytes),
      statusCell(one.status, whyOf(one)),
    ]),
    notes: told.map((one) => [
      ...notesOf(one),
      ...(one.status === 'foreign' ? [{ text: one.mirror_url, style: 'yellow' } as const] : []),
    ]),
  }
  const counts = [
    formatCount(summary.versions, 'version'),
    `${summary.present} on the mirror`,
    dry_run ? `${summary.would_store} would be stored` : `${summary.stored} stored`,
    `${summary.foreign} of another mirror`,
    paintCount(layout.paint, 'red', summary.failed, 'failed'),
  ]
  const ending = dry_run ? ' (dry run: nothing was written)' : ''
  const text = `${counts.join(', ')} in ${formatDuration(seconds)}${ending}`
  return paragraphs(formatTextTable(table, layout), formatParagraph(text, layout.columns))
}

function whyOf({ reason, error }: MirroredVersion): string {
  const why = reason === undefined || reason === 'other' ? error?.code : reason.replaceAll('-', ' ')
  return why === undefined ? '' : `: ${why}`
}
