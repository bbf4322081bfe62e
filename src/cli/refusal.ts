import type { Command } from 'commander'
import type { UpdaterError } from '../errors.ts'
import { writeReport } from '../report/file.ts'
import { formatDocument, refusalDocument } from '../report/json.ts'
import { readFlags } from './flags.ts'
import { errorLines, errorsOf, openLog } from './log.ts'
import type { OutputFlags, SharedFlags } from './options.ts'
import { redactDeep } from './redact.ts'
import type { Session } from './session.ts'

/** Says why nothing was done, in every form that was asked for. */
export async function reportRefusal(error: UpdaterError, program: Command, session: Session): Promise<void> {
  const { context, args, redact, startedAt, exitStatus } = session
  const command = program.commands.find((one) => one.name() === session.command) ?? program
  const flags = readFlags<OutputFlags & SharedFlags>(command).values
  const { log } = openLog(session, flags)
  const errors = errorsOf(error)
  for (const line of errors.flatMap((one) => errorLines(one, session.command))) log.write(line)
  const seconds = (context.now().getTime() - startedAt.getTime()) / 1000
  const refusal = { startedAt, seconds, dryRun: args.includes('--dry-run'), errors }
  const text = formatDocument(redactDeep(refusalDocument(refusal, exitStatus), redact))
  if (flags.output === 'json') context.stdout.write(text)
  if (flags.report !== undefined) await writeReport(flags.report, text).catch(() => {})
}
