import type { Command } from 'commander'
import type { UpdaterError } from '../errors.ts'
import { formatReport } from '../report/json.ts'
import { type AnyReport, type Refusal, refusedReport } from '../report/refusal.ts'
import { writeFiles } from './files.ts'
import { errorLines, errorsOf, openLog } from './log.ts'
import { redactDeep } from './redact.ts'
import type { Session } from './session.ts'
import { optionsFrom, settingsOf } from './settings.ts'

/** Says why nothing was done, in every form that was asked for. */
export async function reportRefusal(error: UpdaterError, program: Command, session: Session): Promise<void> {
  const { context, redact, startedAt, exitStatus } = session
  const command = program.commands.find((one) => one.name() === session.command) ?? program
  const { configuration } = session
  const { values } = optionsFrom<'update'>(settingsOf(command, configuration), configuration)
  const { log } = openLog(session, values)
  const errors = errorsOf(error)
  for (const line of errors.flatMap((one) => errorLines(one, session.command))) log.write(line)
  const seconds = (context.now().getTime() - startedAt.getTime()) / 1000
  const report = redactDeep(reportOf({ startedAt, seconds, errors }, session), redact)
  if (values.output === 'json') context.stdout.write(formatReport(report, exitStatus))
  await writeFiles(values, report, exitStatus).catch(() => {})
}

/** The report of the command, as far as the command line says what it was asked for. */
function reportOf(refusal: Refusal, { command, args }: Session): AnyReport {
  const dry_run = args.includes('--dry-run')
  switch (command) {
    case 'update':
    case 'mirror':
      return refusedReport(command, refusal, { dry_run })
    case 'verify':
      return refusedReport(command, refusal, { full: args.includes('--full') })
    case 'prune':
      return refusedReport(command, refusal, { remove: args.includes('--yes') })
    default:
      return refusedReport(command, refusal)
  }
}
