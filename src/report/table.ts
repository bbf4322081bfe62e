import { printable } from '../errors.ts'
import { displayWidth, pad, type Style, type TextLayout, truncate, wrap } from './terminal.ts'

/** A table of texts; each row has as many cells as `head`. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns whose cells stand at the right, from 0. */
  readonly right?: readonly number[] | undefined
}

/** A text with its colour. */
export interface Painted {
  readonly text: string
  readonly style?: Style | undefined
}

/** A table for a terminal, whose cells may have colours. */
export interface TextTable extends Omit<Table, 'rows'> {
  readonly rows: readonly (readonly (string | Painted)[])[]
  /** The paragraphs below each row. */
  readonly notes?: readonly (readonly (string | Painted)[])[]
  /** Columns of the terminal that the first column keeps, however narrow the terminal is. Default: 12. */
  readonly narrowest?: number
}

/**
 * Aligned for a terminal, two spaces between the columns; the first one is cut where lines are too long. Control
 * characters are escaped, and colours take no room. Empty without rows.
 */
export function formatTextTable(table: TextTable, { paint, columns = Infinity }: TextLayout): string {
  if (table.rows.length === 0) return ''
  const rows = table.rows.map((row) => row.map(printed))
  const [first = 0, ...others] = widthsOf([table.head, ...rows.map((row) => row.map(({ text }) => text))])
  const room = others.reduce((rest, width) => rest - width - 2, columns)
  const widths = [Math.min(first, Math.max(room, table.narrowest ?? 12)), ...others]
  const show = ({ text, style }: Painted) => (style === undefined ? text : paint(style, text))
  const line = (cells: readonly Painted[]) => {
    const cut = cells.map(({ text }, index) => truncate(text, widths[index] ?? 0))
    const texts = aligned(cut, widths, table.right)
    const shown = [...texts.slice(0, -1), ...texts.slice(-1).map((text) => text.trimEnd())]
    const painted = shown.map((text, index) => show({ text, style: cells[index]?.style }))
    return painted.join('  ').trimEnd()
  }
  const below = ({ text, style }: Painted) =>
    wrap(text, columns - 2).map((part) => `  ${show({ text: part, style })}`)
  return [
    paint('bold', line(table.head.map(printed))),
    ...rows.flatMap((row, index) => [line(row), ...(table.notes?.[index] ?? []).map(printed).flatMap(below)]),
    '',
  ].join('\n')
}

function printed(cell: string | Painted): Painted {
  return typeof cell === 'string' ? { text: printable(cell) } : { ...cell, text: printable(cell.text) }
}

/** A table as GitHub and GitLab show it. The cells are Markdown: see `escapeMarkdown`. */
export function formatMarkdownTable(table: Table): string {
  const { head, rows } = table
  const widths = widthsOf([head, ...rows]).map((width) => Math.max(width, 3))
  const line = (cells: readonly string[]) => `| ${aligned(cells, widths, table.right).join(' | ')} |`
  const rule = widths.map((width, index) =>
    table.right?.includes(index) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line), ''].join('\n')
}

/** A grid table of reStructuredText: the only one whose cells may be empty in any column. */
export function formatRstTable(table: Table): string {
  const [head = [], ...rows] = [table.head, ...table.rows].map((row) => row.map(escapeRst))
  const widths = widthsOf([head, ...rows]).map((width) => Math.max(width, 1))
  const line = (cells: readonly string[]) => `| ${aligned(cells, widths, table.right).join(' | ')} |`
  const rule = (sign: string) => `+${widths.map((width) => sign.repeat(width + 2)).join('+')}+`
  return [rule('-'), line(head), rule('='), ...rows.flatMap((row) => [line(row), rule('-')]), ''].join('\n')
}

/**
 * RFC 4180, lines ended by CRLF; a terminal shows it safely too. A cell that a spreadsheet would take for a formula
 * gets an apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function formatCsv({ head, rows }: Table): string {
  return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(text: string): string {
  const safe =
    /^[\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^-?\d+(?:\.\d+)?$/.test(text)
      ? `'${text}`
      : text
  const shown = printable(safe)
  return /[",]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown
}

/** Text that reStructuredText shows as it is: no inline markup, no list, no directive. */
function escapeRst(text: string): string {
  return printable(text)
    .replace(/[\\`*|]/g, '\\$&')
    .replace(/_(?=\W|_|$)/g, '\\_')
    .replace(/^[!-/:-@[\]^_{}~]/, '\\$&')
    .replace(/^(\(?(?:\d+|[A-Za-z#]|[ivxlcdm]+))([.)])(?=\s|$)/i, '$1\\$2')
    .replace(/::$/, ':\\:')
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const columns = rows[0]?.length ?? 0
  return Array.from({ length: columns }, (_, index) =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[index] ?? '')), 0),
  )
}

function aligned(
  cells: readonly string[],
  widths: readonly number[],
  right: readonly number[] = [],
): readonly string[] {
  return cells.map((cell, index) => {
    const width = widths[index] ?? 0
    return right.includes(index) ? ' '.repeat(width - displayWidth(cell)) + cell : pad(cell, width)
  })
}
