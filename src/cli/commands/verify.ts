import type { Values } from '../../options.ts'
import { formatReport } from '../../report/json.ts'
import type { VerifyReport } from '../../report/schemas.ts'
import {
  formatVerifyMarkdown,
  formatVerifyText,
  problemSentences,
  verifyStatus,
} from '../../report/verify.ts'
import { verifyCatalogue } from '../../verify/verify.ts'
import type { Call } from '../call.ts'
import { interruptedStatus, layoutOf } from '../context.ts'
import { assertFilesWritable, keepFiles } from '../files.ts'
import { type LogLine, openLog } from '../log.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { tellRun } from '../telling.ts'
import { toVerifyOptions } from '../values.ts'

/** @throws UpdaterError where nothing was asked */
export async function run(call: Call<'verify'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const options = toVerifyOptions(given, args)
  const { quiet, output } = given.values
  await assertFilesWritable(given.values)
  const { log, screen } = openLog(session, given.values)
  const { signal, stdout } = session.context
  const telling = { session, log, screen, quiet }
  const told = await tellRun(telling, (context) => verifyCatalogue(options, context))
  const report = redactDeep(told, session.redact)
  session.exitStatus = interruptedStatus(signal) ?? verifyStatus(report)
  if (quiet) for (const line of problemLines(report)) log.write(line)
  if (output !== 'text' || !quiet) stdout.write(format(report, output, session))
  await keepFiles(given.values, report, session, log)
}

function problemLines({ versions }: VerifyReport): LogLine[] {
  return versions.flatMap((one) => {
    const level = one.verdict === 'pending' ? 'warning' : 'error'
    const scope = one.shortname ?? one.name
    return problemSentences(one).map((message): LogLine => ({ level, scope, message }))
  })
}

function format(
  report: VerifyReport,
  output: Values<'verify'>['output'],
  { context, exitStatus }: Session,
): string {
  switch (output) {
    case 'text':
      return formatVerifyText(report, layoutOf(context.stdout))
    case 'json':
      return formatReport(report, exitStatus)
    case 'markdown':
      return formatVerifyMarkdown(report)
  }
}
