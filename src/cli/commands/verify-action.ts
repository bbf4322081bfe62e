import { assertReportWritable } from '../../report/file.ts'
import { formatDocument } from '../../report/json.ts'
import { createPaint } from '../../report/terminal.ts'
import { exitStatusOf, type VerifyReport } from '../../report/verification.ts'
import { verifyDocument } from '../../report/verification-json.ts'
import { formatVerifyMarkdown, formatVerifyText, problemSentences } from '../../report/verification-text.ts'
import { interruptedStatus, wantsColour } from '../context.ts'
import type { Flags } from '../flags.ts'
import { type LogLine, openLog } from '../log.ts'
import type { OutputFlags, ReportFlags, SharedFlags, VerifyFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { keepReport, tellRun } from '../telling.ts'
import { toVerifyOptions } from '../values.ts'

type Format = 'text' | 'json' | 'markdown'

/**
 * Carries `verify` out; the session keeps the exit status.
 * @throws UpdaterError where nothing was asked
 */
export async function verify(
  flags: Flags<VerifyFlags & OutputFlags<Format> & ReportFlags & SharedFlags>,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const options = toVerifyOptions(flags, names)
  const { report: file, quiet, output } = flags.values
  if (file !== undefined) await assertReportWritable(file)
  const { log, screen } = openLog(session, flags.values)
  const { signal, library, stdout } = session.context
  const { verifyCatalogue } = await library()
  const telling = { session, log, screen, quiet, scope: 'verify' }
  const told = await tellRun(telling, (context) => verifyCatalogue(options, context))
  const report = redactDeep(told, session.redact)
  session.exitStatus = interruptedStatus(signal) ?? exitStatusOf(report)
  if (quiet) for (const line of problemLines(report)) log.write(line)
  if (output !== 'text' || !quiet) stdout.write(format(report, output, session))
  await keepReport(file, () => formatDocument(verifyDocument(report, session.exitStatus)), telling)
}

function problemLines({ versions }: VerifyReport): LogLine[] {
  return versions.flatMap((one) => {
    const level = one.verdict === 'pending' ? 'warning' : 'error'
    const scope = one.shortname ?? one.name
    return problemSentences(one).map((message): LogLine => ({ level, scope, message }))
  })
}

function format(report: VerifyReport, output: Format, { context, exitStatus }: Session): string {
  const { stdout } = context
  switch (output) {
    case 'text':
      return formatVerifyText(report, { paint: createPaint(wantsColour(stdout)), columns: stdout.columns })
    case 'json':
      return formatDocument(verifyDocument(report, exitStatus))
    case 'markdown':
      return formatVerifyMarkdown(report)
  }
}
