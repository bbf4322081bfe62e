import type { CommandName } from '../commands.ts'
import { describeError, printable, UpdaterError } from '../errors.ts'
import type { Values } from '../options.ts'
import { createPaint, displayWidth, type Style, truncate } from '../report/terminal.ts'
import { wantsColour } from './context.ts'
import { createScreen, type Screen } from './screen.ts'
import type { Session } from './session.ts'

/** `change`: what the run has changed; it is printed as INFO, and told where other information is not. */
export const levels = ['debug', 'info', 'change', 'warning', 'error'] as const
export type Level = (typeof levels)[number]

export interface LogLine {
  readonly level: Level
  readonly scope: string
  readonly message: string
  /** When it happened. Default: now. */
  readonly at?: Date | undefined
  /** On a terminal it is cut to one row: what it says stands elsewhere, too. */
  readonly mayBeCut?: boolean | undefined
}

export interface Log {
  write(line: LogLine): void
  /** Are lines of this level printed? */
  tells(level: Level): boolean
  /** Nothing is printed of a run that has changed nothing, and in which nothing has failed. */
  readonly exceptionsOnly: boolean
}

const styles: Record<Level, Style> = {
  debug: 'dim',
  info: 'bold',
  change: 'bold',
  warning: 'yellow',
  error: 'red',
}

/** How much a command is to tell. */
export type Loudness = Pick<Values<CommandName>, 'quiet' | 'debug'> & Partial<Pick<Values<'update'>, 'log'>>

/**
 * Opens the log of a session on standard error, with the level that its options ask for. A line is
 * `YYYY-MM-DD HH:mm:ss | INFO     | scope - message` in local time, and stays one line whatever the message holds.
 */
export function openLog(
  { context, redact }: Pick<Session, 'context' | 'redact'>,
  loudness: Loudness,
): Log & { readonly screen: Screen } {
  const screen = createScreen(context.stderr)
  const paint = createPaint(wantsColour(context.stderr))
  const lowest = lowestLevel(loudness)
  const tells = (level: Level) => levels.indexOf(level) >= levels.indexOf(lowest)
  return {
    screen,
    tells,
    exceptionsOnly: lowest === 'change' && loudness.log === 'exceptions',
    write: ({ level, scope, message, at = context.now(), mayBeCut = false }) => {
      if (!tells(level)) return
      const name = (level === 'change' ? 'info' : level).toUpperCase().padEnd(8)
      const time = formatTime(at)
      const who = printable(redact(scope))
      const { isTTY, columns = 80 } = context.stderr
      const room = columns - displayWidth(`${time} | ${name} | ${who} - `)
      const whole = printable(redact(message))
      const text = isTTY && mayBeCut ? truncate(whole, Math.max(room, narrowest)) : whole
      const style = styles[level]
      screen.print(
        `${paint('green', time)} | ${paint(style, name)} | ${paint('cyan', who)} - ${paint(style, text)}`,
      )
    },
  }
}

/** Columns that a message has, however narrow the terminal is. */
const narrowest = 20

function lowestLevel({ quiet, debug, log = 'all' }: Loudness): Level {
  if (debug) return 'debug'
  if (quiet) return 'warning'
  return log === 'all' ? 'info' : 'change'
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

/** A failure that nobody foresaw, in one sentence; its stack only for those who debug. */
export function tellSurprise(error: UpdaterError, { args, context, redact }: Session): void {
  for (const { level, message } of errorLines(error, 'main')) {
    if (level === 'error' || args.includes('--debug')) {
      context.stderr.write(`image-updater: ${printable(redact(message))}\n`)
    }
  }
}
