import type { HookOptions } from '../../index.ts'
import type { Values } from '../../options.ts'
import { formatReport } from '../../report/json.ts'
import type { RunReport } from '../../report/schemas.ts'
import { createPaint } from '../../report/terminal.ts'
import { formatChanges } from '../../report/text.ts'
import { formatUpdateText } from '../../report/update.ts'
import type { Call } from '../call.ts'
import { interruptedStatus, wantsColour } from '../context.ts'
import { assertFilesWritable, keepFiles } from '../files.ts'
import { errorLines, type Log, openLog } from '../log.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { tellRun, warnOfSecret } from '../telling.ts'
import { assertVouched, toHookOptions, toUpdateOptions } from '../values.ts'

/** @throws UpdaterError where nothing was done */
export async function run(call: Call<'update'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const options = toUpdateOptions(given, args)
  const hooks = toHookOptions(given)
  if (!options.dryRun) assertVouched(given, options.mirror)
  await assertFilesWritable(given.values)
  const { log, screen } = openLog(session, given.values)
  warnOfSecret(given, log)
  const { updateCatalogue } = await session.context.library()
  const telling = { session, log, screen, quiet: given.values.quiet }
  const told = await tellRun(telling, (context) => updateCatalogue(options, context))
  const report = redactDeep(told, session.redact)
  session.exitStatus = interruptedStatus(session.context.signal) ?? (report.summary.failed > 0 ? 1 : 0)
  await tellOthers(report, hooks, session, log)
  deliver(report, given.values, session)
  await keepFiles(given.values, report, session, log)
}

/** The run is done: a hook that fails is told, and ends an otherwise good run with 1. */
async function tellOthers(report: RunReport, hooks: HookOptions, session: Session, log: Log): Promise<void> {
  const { runHooks } = await session.context.library()
  const onLine = (message: string) => log.write({ level: 'info', scope: 'hook', message })
  const failures = await runHooks(report, session.exitStatus, hooks, { onLine })
  for (const line of failures.flatMap((error) => errorLines(error, 'hook'))) log.write(line)
  if (failures.length > 0) session.exitStatus ||= 1
}

/** Prints the report in the form that was asked for. */
function deliver(report: RunReport, given: Values<'update'>, { context, exitStatus }: Session): void {
  const { stdout } = context
  if (given.output === 'json') {
    stdout.write(formatReport(report, exitStatus))
    return
  }
  const paint = createPaint(wantsColour(stdout))
  if (report.dry_run) stdout.write(formatChanges(report.changes, paint))
  if (!given.quiet) stdout.write(formatUpdateText(report, { paint, columns: stdout.columns }))
}
