import { exitStatusOf } from '../../report/exit-status.ts'
import type { VerifyReport } from '../../report/schemas.ts'
import { formatVerifyMarkdown, formatVerifyText, problemSentences } from '../../report/verify.ts'
import { verifyCatalogue } from '../../verify/verify.ts'
import type { Call } from '../call.ts'
import { interruptedStatus } from '../context.ts'
import { type LogLine, openLog } from '../log.ts'
import { keepFiles, present, unlessQuiet } from '../present.ts'
import { tellRun } from '../telling.ts'
import { toFileRoot, toSelection } from '../values.ts'

/** @throws UpdaterError where nothing was asked */
export async function run(call: Call<'verify'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const options = { ...given.values, ...toSelection(given, args), fileRoot: toFileRoot(given) }
  const report = await tellRun(call, (context) => verifyCatalogue(options, context))
  session.exitStatus = interruptedStatus(session.context.signal) ?? exitStatusOf(report)
  const log = openLog(session, given.values)
  if (given.values.quiet) for (const line of problemLines(report)) log.write(line)
  present(call, report, { text: unlessQuiet(formatVerifyText), markdown: formatVerifyMarkdown })
  await keepFiles(call, report)
}

function problemLines({ versions }: VerifyReport): LogLine[] {
  return versions.flatMap((one) => {
    const level = one.verdict === 'pending' ? 'warning' : 'error'
    const scope = one.shortname ?? one.name
    return problemSentences(one).map((message): LogLine => ({ level, scope, message }))
  })
}
