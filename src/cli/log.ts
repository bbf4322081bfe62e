import type { CommandName } from '../commands.ts'
import { describeError, printable, UpdaterError } from '../errors.ts'
import type { Values } from '../options.ts'
import { createPaint, type Style } from '../report/terminal.ts'
import { wantsColour } from './context.ts'
import { createScreen, type Screen } from './screen.ts'
import type { Session } from './session.ts'

export const levels = ['debug', 'info', 'warning', 'error'] as const
export type Level = (typeof levels)[number]

export interface LogLine {
  readonly level: Level
  readonly scope: string
  readonly message: string
  /** When it happened. Default: now. */
  readonly at?: Date | undefined
}

export interface Log {
  write(line: LogLine): void
}

const styles: Record<Level, Style> = { debug: 'dim', info: 'bold', warning: 'yellow', error: 'red' }

/** How much a command is to tell. */
export type Loudness = Pick<Values<CommandName>, 'quiet' | 'debug'>

/**
 * Opens the log of a session on standard error, with the level that its options ask for. A line is
 * `YYYY-MM-DD HH:mm:ss | INFO     | scope - message` in local time, and stays one line whatever the message holds.
 */
export function openLog(
  { context, redact }: Pick<Session, 'context' | 'redact'>,
  { quiet, debug }: Loudness,
): Log & { readonly screen: Screen } {
  const screen = createScreen(context.stderr)
  const paint = createPaint(wantsColour(context.stderr))
  const lowest = levels.indexOf(debug ? 'debug' : quiet ? 'warning' : 'info')
  return {
    screen,
    write: ({ level, scope, message, at = context.now() }) => {
      if (levels.indexOf(level) < lowest) return
      const time = paint('green', formatTime(at))
      const name = paint(styles[level], level.toUpperCase().padEnd(8))
      const text = paint(styles[level], printable(redact(message)))
      screen.print(`${time} | ${name} | ${paint('cyan', printable(redact(scope)))} - ${text}`)
    },
  }
}

/** `YYYY-MM-DD HH:mm:ss` in local time. */
export function formatTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

/** The line of an error, and for those who debug what it came from (surprises with their stack). */
export function errorLines(error: UpdaterError, scope: string): LogLine[] {
  const lines: LogLine[] = [{ level: 'error', scope, message: describeError(error) }]
  for (let cause = error.cause, depth = 0; cause !== undefined && depth < 10; depth += 1) {
    lines.push({ level: 'debug', scope, message: `caused by ${describeCause(cause)}` })
    if (error.code === 'INTERNAL' && cause instanceof Error) {
      const frames = (cause.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
      lines.push(...frames.map((frame) => ({ level: 'debug' as const, scope, message: frame })))
    }
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return lines
}

function describeCause(cause: unknown): string {
  if (cause instanceof UpdaterError) return `${cause.code}: ${describeError(cause)}`
  if (!(cause instanceof Error)) return String(cause)
  const { code } = cause as NodeJS.ErrnoException
  return `${cause.name}: ${cause.message}${code === undefined ? '' : ` (${code})`}`
}
