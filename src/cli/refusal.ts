import type { Command } from 'commander'
import { listDefects } from '../catalog/defects.ts'
import type { UpdaterError } from '../errors.ts'
import { redactDeep } from '../redact.ts'
import { formatReport } from '../report/json.ts'
import { refusedReport } from '../report/refusal.ts'
import { errorLines, openLog } from './log.ts'
import { writeFiles } from './present.ts'
import type { Session } from './session.ts'
import { optionsInForce } from './settings.ts'

/** Says why nothing was done, in every form that was asked for. */
export async function reportRefusal(error: UpdaterError, program: Command, session: Session): Promise<void> {
  const { args, context, redact, startedAt, exitStatus } = session
  const command = program.commands.find((one) => one.name() === session.command) ?? program
  const { values } = optionsInForce<'update'>(command, session.configuration)
  const log = openLog(session, values)
  const errors = listDefects(error)
  for (const line of errors.flatMap((one) => errorLines(one, session.command))) log.write(line)
  const seconds = (context.now().getTime() - startedAt.getTime()) / 1000
  const asked = {
    dry_run: args.includes('--dry-run'),
    full: args.includes('--full'),
    remove: args.includes('--yes'),
  }
  const report = redactDeep(refusedReport(session.command, { startedAt, seconds, errors }, asked), redact)
  if (values.output === 'json') context.stdout.write(formatReport(report, exitStatus))
  await writeFiles(values, report, exitStatus).catch(() => {})
}
