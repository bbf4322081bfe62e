import type { CheckOptions } from '../../check/check.ts'
import type { RunEvent } from '../../events.ts'
import type { Values } from '../../options.ts'
import { checkStatus, formatCheckCsv, formatCheckText } from '../../report/check.ts'
import { formatReport } from '../../report/json.ts'
import { formatMarkdown } from '../../report/run-markdown.ts'
import type { CheckReport } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import { interruptedStatus, layoutOf } from '../context.ts'
import { assertFilesWritable, keepFiles } from '../files.ts'
import { type Loudness, openLog } from '../log.ts'
import { createNarrator } from '../narrator.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toCheckOptions } from '../values.ts'

/** @throws UpdaterError where nothing was looked at */
export async function run(call: Call<'check'>): Promise<void> {
  const { args, session } = call
  const options = call.options()
  const { values } = options
  await assertFilesWritable(values)
  const report = await runCheck(toCheckOptions(options, args), values, session)
  session.exitStatus = interruptedStatus(session.context.signal) ?? checkStatus(report.summary)
  deliver(report, values, session)
  await keepFiles(values, report, session, openLog(session, values).log)
}

/**
 * Runs a check; on a terminal one line tells how far it is, and `--quiet` has warnings and errors told, which
 * otherwise stand in the table. The report holds no secret.
 */
export async function runCheck(
  options: CheckOptions,
  given: Loudness,
  session: Session,
): Promise<CheckReport> {
  const { context, redact } = session
  const { log, screen } = openLog(session, given)
  const { checkCatalogue } = await context.library()
  const narrator = given.debug || given.quiet ? createNarrator(log, context.now, session.command) : undefined
  let images = 0
  let done = 0
  const onEvent = (event: RunEvent) => {
    narrator?.onEvent(event)
    if (event.type === 'run-start') images = event.images
    if (event.type !== 'image' || event.step.type !== 'done') return
    done += 1
    if (!given.quiet) screen.draw([`Checking images: ${done} of ${images}`])
  }
  try {
    return redactDeep(await checkCatalogue(options, { signal: context.signal, onEvent }), redact)
  } finally {
    screen.close()
    narrator?.finish()
  }
}

function deliver(
  report: CheckReport,
  { output, quiet }: Values<'check'>,
  { context: { stdout }, exitStatus }: Session,
): void {
  if (output === 'json') stdout.write(formatReport(report, exitStatus))
  else if (output === 'markdown') stdout.write(formatMarkdown(report))
  else if (output === 'csv') stdout.write(formatCheckCsv(report))
  else if (!quiet) {
    stdout.write(formatCheckText(report, layoutOf(stdout)))
  }
}
