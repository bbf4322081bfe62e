import { describeError, printable } from '../errors.ts'
import type { FileChange, ImageOutcome, OutcomeError } from './schemas.ts'
import type { Painted } from './table.ts'
import type { Paint, Style } from './terminal.ts'

/** Unified diffs with their control characters escaped, each with an empty line after it. */
export function formatChanges(changes: readonly FileChange[], paint: Paint): string {
  const lines = changes.flatMap(({ diff }) =>
    diff.split('\n').map((line) => paintDiffLine(safeLine(line), paint)),
  )
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** The colour of a status, whatever has it. */
const styles: Readonly<Record<string, Style>> = {
  ...{ 'up-to-date': 'dim', present: 'dim', skipped: 'dim' },
  ...{ updated: 'green', stored: 'green', removed: 'green', published: 'green', changed: 'green' },
  ...{ 'would-update': 'cyan', 'would-store': 'cyan', 'would-remove': 'cyan' },
  ...{ 'would-publish': 'cyan', 'would-change': 'cyan', current: 'dim' },
  ...{ outdated: 'yellow', foreign: 'yellow', pending: 'yellow', unknown: 'yellow' },
}

/** The colour of a status; of a failure, and of all that are as bad, it is red. */
export function styleOf(status: string): Style {
  return styles[status] ?? 'red'
}

/** A status as the cell of a table. @param why stands behind it */
export function statusCell(status: string, why = ''): Painted {
  return { text: `${status.replaceAll('-', ' ')}${why}`, style: styleOf(status) }
}

/** `2 failed`, in the colour only if there are any. */
export function paintCount(paint: Paint, style: Style, count: number, what: string): string {
  const text = `${count} ${what}`
  return count > 0 ? paint(style, text) : text
}

/** The warnings and the error of an image, for the lines below its row. */
export function notesOf({ warnings, error }: Pick<ImageOutcome, 'warnings' | 'error'>): Painted[] {
  return [
    ...warnings.map((warning): Painted => ({ text: `Warning: ${warning}`, style: 'yellow' })),
    ...(error === undefined ? [] : [{ text: errorText(error), style: 'red' } as const]),
  ]
}

const reasons = { disabled: 'disabled', 'no-latest-url': 'without latest_url' } as const

/** `3 skipped (2 disabled, 1 without latest_url)`. */
export function formatSkipped(skipped: number, images: readonly Pick<ImageOutcome, 'reason'>[]): string {
  const told = Object.entries(reasons)
    .map(([reason, words]) => ({ words, count: images.filter((image) => image.reason === reason).length }))
    .filter(({ count }) => count > 0)
  if (told.length === 0) return `${skipped} skipped`
  const why = told.map(({ words, count }) => (count === skipped ? words : `${count} ${words}`))
  return `${skipped} skipped (${why.join(', ')})`
}

/** An error of a report in one line, with its place and remedy. */
export function errorText(error: OutcomeError): string {
  return printable(describeError(error))
}

/** Control characters are escaped, but for newlines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** Control characters are escaped; tabs and the carriage return of a CRLF file are not. */
export function safeLine(line: string): string {
  const body = line.endsWith('\r') ? line.slice(0, -1) : line
  return body.split('\t').map(printable).join('\t') + line.slice(body.length)
}

function paintDiffLine(line: string, paint: Paint): string {
  if (/^(---|\+\+\+) /.test(line)) return paint('bold', line)
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}
