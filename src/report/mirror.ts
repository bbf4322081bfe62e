import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import type { MirroredVersion, MirrorReport } from './schemas.ts'
import { formatTextTable, type Painted } from './table.ts'
import { formatParagraph, paragraphs, type Style, type TextLayout } from './terminal.ts'
import { notesOf } from './text.ts'

const styles: Record<MirroredVersion['status'], Style> = {
  present: 'dim',
  stored: 'green',
  'would-store': 'cyan',
  foreign: 'yellow',
  failed: 'red',
}

/** The versions that are not simply there, then one line of counts. */
export function formatMirrorText(report: MirrorReport, layout: TextLayout): string {
  const { summary, seconds, dry_run } = report
  const told = report.versions.filter(({ status, warnings }) => status !== 'present' || warnings.length > 0)
  const brought = dry_run ? `${summary.would_store} would be stored` : `${summary.stored} stored`
  const counts = [
    formatCount(summary.versions, 'version'),
    `${summary.present} on the mirror`,
    brought,
    `${summary.foreign} of another mirror`,
    summary.failed > 0 ? layout.paint('red', `${summary.failed} failed`) : '0 failed',
  ]
  const ending = dry_run ? ' (dry run: nothing was written)' : ''
  const table = {
    head: ['Image', 'Version', 'Size', 'Status'],
    rows: told.map(cellsOf),
    notes: told.map(notesBelow),
  }
  const text = `${counts.join(', ')} in ${formatDuration(seconds)}${ending}`
  return paragraphs(formatTextTable(table, layout), formatParagraph(text, layout.columns))
}

function cellsOf({ name, shortname, version, status, bytes, reason, error }: MirroredVersion) {
  const why = reason === undefined || reason === 'other' ? (error?.code ?? '') : reason.replaceAll('-', ' ')
  return [
    shortname ?? name,
    version ?? '-',
    bytes === undefined ? '-' : formatBytes(bytes),
    { text: `${status.replaceAll('-', ' ')}${why === '' ? '' : `: ${why}`}`, style: styles[status] },
  ]
}

function notesBelow(version: MirroredVersion): Painted[] {
  const { status, mirror_url } = version
  return [
    ...notesOf(version),
    ...(status === 'foreign' ? [{ text: mirror_url, style: 'yellow' } as const] : []),
  ]
}
