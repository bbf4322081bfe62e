import { mirrorCatalogue } from '../../mirror/mirror.ts'
import { formatReport } from '../../report/json.ts'
import { formatMirrorText } from '../../report/mirror.ts'
import { interruptedStatus, layoutOf } from '../context.ts'
import { assertFilesWritable, keepFiles } from '../files.ts'
import type { Flags } from '../flags.ts'
import { openLog } from '../log.ts'
import type { OutputFlags, ReportFlags, RunFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { tellRun, warnOfSecret } from '../telling.ts'
import { assertVouched, toRunOptions } from '../values.ts'

/**
 * Carries `mirror` out; the session keeps the exit status.
 * @throws UpdaterError where nothing was done
 */
export async function mirror(
  flags: Flags<RunFlags & OutputFlags & ReportFlags & SharedFlags>,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const options = toRunOptions(flags, names)
  if (!options.dryRun) assertVouched(flags, options.mirror)
  const { quiet, output } = flags.values
  await assertFilesWritable(flags.values)
  const { log, screen } = openLog(session, flags.values)
  warnOfSecret(flags, log)
  const { signal, stdout } = session.context
  const telling = { session, log, screen, quiet, scope: 'mirror' }
  const told = await tellRun(telling, (context) => mirrorCatalogue(options, context))
  const report = redactDeep(told, session.redact)
  session.exitStatus = interruptedStatus(signal) ?? (report.summary.failed > 0 ? 1 : 0)
  if (output === 'json') stdout.write(formatReport(report, session.exitStatus))
  else if (!quiet) stdout.write(formatMirrorText(report, layoutOf(stdout)))
  await keepFiles(flags.values, report, session, log)
}
