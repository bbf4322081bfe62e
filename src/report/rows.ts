import { printable } from '../errors.ts'
import { displayWidth, pad, type Style, wrap } from './terminal.ts'
import type { TextLayout } from './text.ts'

/** A line of a table whose last cell is its status, with what is to be said of it below. */
export interface StatusRow {
  /** As many as the head has, the status left out. */
  readonly cells: readonly string[]
  readonly status: string
  readonly style: Style
  readonly details: readonly (readonly [style: Style, text: string])[]
}

/** The lines of an aligned table; none without rows. Control characters are escaped. */
export function formatStatusRows(
  head: readonly string[],
  rows: readonly StatusRow[],
  { paint, columns = Number.POSITIVE_INFINITY }: TextLayout,
): string[] {
  if (rows.length === 0) return []
  const cells = rows.map((row) => row.cells.map(printable))
  const widths = head.map((title, index) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  )
  const line = (texts: readonly string[]) =>
    texts.map((text, index) => `${pad(text, widths[index] ?? 0)}  `).join('')
  return [
    paint('bold', `${line(head)}Status`),
    ...rows.flatMap(({ status, style, details }, index) => [
      line(cells[index] ?? []) + paint(style, status),
      ...details.flatMap(([style, text]) =>
        wrap(printable(text), columns - 2).map((part) => `  ${paint(style, part)}`),
      ),
    ]),
    '',
  ]
}
