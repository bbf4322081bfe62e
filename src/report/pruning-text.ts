import { printable } from '../errors.ts'
import type { PrunedObject, PruneReport } from './pruning.ts'
import { formatBytes, formatDuration } from './quantities.ts'
import { formatStatusRows } from './rows.ts'
import { type Style, wrap } from './terminal.ts'
import { errorText, type TextLayout } from './text.ts'

const styles: Record<PrunedObject['status'], Style> = {
  'would-remove': 'cyan',
  removed: 'green',
  failed: 'red',
}

/** The objects, then lines of counts. */
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
    ...[
      `${done} (${formatBytes(bytes)}), ${failures} in ${formatDuration(seconds)}`,
      `${printable(place)}: ${named} named by the catalogue, ${young} too young, ${others} of other names`,
      ...(wouldRemove > 0 ? ['Nothing was removed: --yes does it'] : []),
    ].flatMap((line) => wrap(line, layout.columns)),
    '',
  ].join('\n')
}
