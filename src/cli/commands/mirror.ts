import { mirrorCatalogue } from '../../mirror/mirror.ts'
import { formatReport } from '../../report/json.ts'
import { formatMirrorText } from '../../report/mirror.ts'
import type { Call } from '../call.ts'
import { interruptedStatus, layoutOf } from '../context.ts'
import { assertFilesWritable, keepFiles } from '../files.ts'
import { openLog } from '../log.ts'
import { redactDeep } from '../redact.ts'
import { tellRun, warnOfSecret } from '../telling.ts'
import { assertVouched, toRunOptions } from '../values.ts'

/** @throws UpdaterError where nothing was done */
export async function run(call: Call<'mirror'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const options = toRunOptions(given, args)
  if (!options.dryRun) assertVouched(given, options.mirror)
  const { quiet, output } = given.values
  await assertFilesWritable(given.values)
  const { log, screen } = openLog(session, given.values)
  warnOfSecret(given, log)
  const { signal, stdout } = session.context
  const telling = { session, log, screen, quiet }
  const told = await tellRun(telling, (context) => mirrorCatalogue(options, context))
  const report = redactDeep(told, session.redact)
  session.exitStatus = interruptedStatus(signal) ?? (report.summary.failed > 0 ? 1 : 0)
  if (output === 'json') stdout.write(formatReport(report, session.exitStatus))
  else if (!quiet) stdout.write(formatMirrorText(report, layoutOf(stdout)))
  await keepFiles(given.values, report, session, log)
}
