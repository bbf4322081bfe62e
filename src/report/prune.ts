import { printable } from '../errors.ts'
import { formatBytes, formatDuration } from './quantities.ts'
import type { PruneReport } from './schemas.ts'
import { formatTextTable } from './table.ts'
import { formatParagraph, paragraphs, type TextLayout } from './terminal.ts'
import { notesOf, paintCount, statusCell } from './text.ts'

/** The objects, then lines of counts. */
export function formatPruneText(
  { objects, summary, seconds, place = '', remove }: PruneReport,
  layout: TextLayout,
): string {
  const table = {
    head: ['Object', 'Stored', 'Size', 'Status'],
    rows: objects.map(({ key, size, last_modified, status }) => [
      ...[key, last_modified.slice(0, 10), formatBytes(size)],
      statusCell(status),
    ]),
    notes: objects.map(({ error }) => notesOf({ warnings: [], error })),
    // A key that was cut would not say which object is meant.
    narrowest: Number.POSITIVE_INFINITY,
  }
  const { would_remove, removed, failed, bytes, named, young, others } = summary
  const done = remove ? `${removed} removed` : `${would_remove} would be removed`
  const failures = paintCount(layout.paint, 'red', failed, 'failed')
  const counts = [
    `${done} (${formatBytes(bytes)}), ${failures} in ${formatDuration(seconds)}`,
    `${printable(place)}: ${named} named by the catalogue, ${young} too young, ${others} of other names`,
    ...(would_remove > 0 ? ['Nothing was removed: --yes does it'] : []),
  ].map((line) => formatParagraph(line, layout.columns))
  return paragraphs(formatTextTable(table, layout), counts.join(''))
}
