import type { MirroredVersion, MirrorReport } from './mirroring.ts'
import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import { formatTextTable, type Painted } from './table.ts'
import { paragraphs, type Style, type TextLayout, wrap } from './terminal.ts'
import { errorText } from './text.ts'

const styles: Record<MirroredVersion['status'], Style> = {
  present: 'dim',
  stored: 'green',
  'would-store': 'cyan',
  foreign: 'yellow',
  failed: 'red',
}

/** The versions that are not simply there, then one line of counts. */
export function formatMirrorText(report: MirrorReport, layout: TextLayout): string {
  const { summary, seconds, dryRun } = report
  const told = report.versions.filter(({ status, warnings }) => status !== 'present' || warnings.length > 0)
  const brought = dryRun ? `${summary.wouldStore} would be stored` : `${summary.stored} stored`
  const counts = [
    formatCount(summary.versions, 'version'),
    `${summary.present} on the mirror`,
    brought,
    `${summary.foreign} of another mirror`,
    summary.failed > 0 ? layout.paint('red', `${summary.failed} failed`) : '0 failed',
  ]
  const ending = dryRun ? ' (dry run: nothing was written)' : ''
  const table = {
    head: ['Image', 'Version', 'Size', 'Status'],
    rows: told.map(cellsOf),
    notes: told.map(notesOf),
  }
  const text = `${counts.join(', ')} in ${formatDuration(seconds)}${ending}`
  return paragraphs(formatTextTable(table, layout), `${wrap(text, layout.columns).join('\n')}\n`)
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

function notesOf({ status, mirrorUrl, warnings, error }: MirroredVersion): Painted[] {
  return [
    ...warnings.map((warning): Painted => ({ text: `Warning: ${warning}`, style: 'yellow' })),
    ...(status === 'foreign' ? [{ text: mirrorUrl, style: 'yellow' } as const] : []),
    ...(error === undefined ? [] : [{ text: errorText(error), style: 'red' } as const]),
  ]
}
