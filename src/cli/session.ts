import type { Command } from 'commander'
import type { UpdaterError } from '../errors.ts'
import { writeReport } from '../report/file.ts'
import { formatDocument, refusalDocument } from '../report/json.ts'
import type { CliContext } from './context.ts'
import { createLog, errorLines, errorsOf, type Log } from './log.ts'
import type { OutputFlags } from './options.ts'
import { createRedact, type Redact, redactDeep, secretsOf } from './redact.ts'
import { createScreen, type Screen } from './screen.ts'

/** One run of the command line: the world, and what all commands share. */
export interface Session {
  readonly context: CliContext
  readonly args: readonly string[]
  readonly redact: Redact
  readonly startedAt: Date
  /** Set by the command that ran. */
  exitStatus: number
}

export function createSession(args: readonly string[], context: CliContext): Session {
  const redact = createRedact(secretsOf(args, process.env))
  return { context, args, redact, startedAt: context.now(), exitStatus: 0 }
}

export function openLog({ context, redact }: Session, flags: OutputFlags): { log: Log; screen: Screen } {
  const screen = createScreen(context.stderr)
  const usual = flags.quiet ? 'warning' : 'info'
  return {
    screen,
    log: createLog({ screen, level: flags.debug ? 'debug' : usual, redact, now: context.now }),
  }
}

/** Says why nothing was done, in every form that was asked for. */
export async function reportRefusal(error: UpdaterError, program: Command, session: Session): Promise<void> {
  const { context, args, redact, startedAt, exitStatus } = session
  const flags = program.opts<OutputFlags>()
  const { log } = openLog(session, flags)
  const errors = errorsOf(error)
  for (const line of errors.flatMap((one) => errorLines(one, 'update'))) log.write(line)
  const seconds = (context.now().getTime() - startedAt.getTime()) / 1000
  const refusal = { startedAt, seconds, dryRun: args.includes('--dry-run'), errors }
  const text = formatDocument(redactDeep(refusalDocument(refusal, exitStatus), redact))
  if (flags.output === 'json') context.stdout.write(text)
  if (flags.report !== undefined) await writeReport(flags.report, text).catch(() => {})
}
