import { displayWidth, truncate } from '../report/terminal.ts'
import type { Output } from './context.ts'

/** Log lines that stay, and on a terminal below them a few lines that are redrawn in place. */
export interface Screen {
  readonly output: Output
  print(line: string): void
  /** Replaces the lines at the bottom. */
  draw(lines: readonly string[]): void
  /** Removes the lines at the bottom and gives the cursor back. */
  close(): void
}

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

export function createScreen(output: Output): Screen {
  let shown: readonly string[] = []

  /** After a narrowing of the window a line takes several rows. */
  const erase = () => {
    if (shown.length === 0) return ''
    const columns = output.columns ?? 80
    const rows = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0)
    return `\r${rows > 1 ? `\u001b[${rows - 1}A` : ''}\u001b[J`
  }
  const fitted = (lines: readonly string[]) =>
    lines.slice(0, (output.rows ?? 24) - 1).map((line) => truncate(line, (output.columns ?? 80) - 1))
  const replace = (above: string, lines: readonly string[]) => {
    const before = erase()
    const cursor = shown.length === 0 && lines.length > 0 ? hideCursor : ''
    const after = shown.length > 0 && lines.length === 0 ? showCursor : ''
    shown = fitted(lines)
    output.write(`${before}${above}${cursor}${shown.join('\n')}${after}`)
  }

  return {
    output,
    print: (line) => replace(`${line}\n`, shown),
    draw: (lines) => {
      if (output.isTTY === true && (lines.length > 0 || shown.length > 0)) replace('', lines)
    },
    close: () => {
      if (shown.length > 0) replace('', [])
    },
  }
}
