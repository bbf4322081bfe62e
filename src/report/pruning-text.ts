import { formatDocument } from './json.ts'
import type { PrunedObject, PruneReport } from './pruning.ts'
import { formatBytes, formatDuration } from './quantities.ts'
import { formatStatusRows } from './rows.ts'
import type { Style } from './terminal.ts'
import { errorText, type TextLayout } from './text.ts'

const styles: Record<PrunedObject['status'], Style> = {
  'would-remove': 'cyan',
  removed: 'green',
  failed: 'red',
}

/** The objects, then two lines of counts. */
export function formatPruneText(
  { objects, summary, seconds, place, remove }: PruneReport,
  layout: TextLayout,
): string {
  const rows = objects.map(({ key, size, lastModified, status, error }) => ({
    cells: [key, lastModified.slice(0, 10), formatBytes(size)],
    status: status.replace('-', ' '),
    style: styles[status],
    details: error === undefined ? [] : [['red', errorText(error)] as const],
  }))
  const { wouldRemove, removed, failed, bytes, named, young, others } = summary
  const done = remove ? `${removed} removed` : `${wouldRemove} would be removed`
  const failures = failed > 0 ? layout.paint('red', `${failed} failed`) : '0 failed'
  return [
    ...formatStatusRows(['Object', 'Stored', 'Size'], rows, layout),
    `${done} (${formatBytes(bytes)}), ${failures} in ${formatDuration(seconds)}${wouldRemove > 0 ? ' (nothing was removed: --yes does it)' : ''}`,
    `${place}: ${named} named by the catalogue, ${young} too young, ${others} of other names`,
    '',
  ].join('\n')
}

export function formatPruneJson(report: PruneReport, exitStatus: number): string {
  const { summary } = report
  return formatDocument({
    schema_version: 1,
    started_at: report.startedAt,
    seconds: report.seconds,
    place: report.place,
    grace_seconds: report.grace / 1000,
    remove: report.remove,
    exit_status: exitStatus,
    summary: {
      would_remove: summary.wouldRemove,
      removed: summary.removed,
      failed: summary.failed,
      bytes: summary.bytes,
      named: summary.named,
      young: summary.young,
      others: summary.others,
    },
    objects: report.objects.map(({ key, size, lastModified, status, error }) => ({
      key,
      size,
      last_modified: lastModified,
      status,
      error: error && { code: error.code, message: error.message, remedy: error.remedy },
    })),
    errors: [],
  })
}
