import type { MirroredVersion, MirrorReport } from './mirroring.ts'
import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import { formatStatusRows, type StatusRow } from './rows.ts'
import { type Style, wrap } from './terminal.ts'
import { errorText, type TextLayout } from './text.ts'

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
  const rows = told.map(rowOf)
  const brought = dryRun ? `${summary.wouldStore} would be stored` : `${summary.stored} stored`
  const counts = [
    formatCount(summary.versions, 'version'),
    `${summary.present} on the mirror`,
    brought,
    `${summary.foreign} of another mirror`,
    summary.failed > 0 ? layout.paint('red', `${summary.failed} failed`) : '0 failed',
  ]
  const ending = dryRun ? ' (dry run: nothing was written)' : ''
  return [
    ...formatStatusRows(['Image', 'Version', 'Size'], rows, layout),
    ...wrap(`${counts.join(', ')} in ${formatDuration(seconds)}${ending}`, layout.columns),
    '',
  ].join('\n')
}

function rowOf(one: MirroredVersion): StatusRow {
  const { name, shortname, version, status, bytes, reason, warnings, error } = one
  const why = reason === undefined || reason === 'other' ? (error?.code ?? '') : reason.replaceAll('-', ' ')
  return {
    cells: [shortname ?? name, version ?? '-', bytes === undefined ? '-' : formatBytes(bytes)],
    status: `${status.replaceAll('-', ' ')}${why === '' ? '' : `: ${why}`}`,
    style: styles[status],
    details: [
      ...warnings.map((warning) => ['yellow', `Warning: ${warning}`] as const),
      ...(status === 'foreign' ? [['yellow', one.mirrorUrl] as const] : []),
      ...(error === undefined ? [] : [['red', errorText(error)] as const]),
    ],
  }
}
