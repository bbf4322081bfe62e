import { pruneMirror } from '../../prune/prune.ts'
import { formatReport } from '../../report/json.ts'
import { formatPruneText } from '../../report/prune.ts'
import { interruptedStatus, layoutOf } from '../context.ts'
import type { Flags } from '../flags.ts'
import { openLog } from '../log.ts'
import type { OutputFlags, PruneFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { tellRun, warnOfSecret } from '../telling.ts'
import { assertVouched, toPruneOptions } from '../values.ts'

/**
 * Carries `prune` out; the session keeps the exit status.
 * @throws UpdaterError where nothing was removed
 */
export async function prune(
  flags: Flags<PruneFlags & OutputFlags & SharedFlags>,
  session: Session,
): Promise<void> {
  const options = toPruneOptions(flags)
  assertVouched(flags, options.mirror)
  const { quiet, output } = flags.values
  const { log, screen } = openLog(session, flags.values)
  warnOfSecret(flags, log)
  const { signal, stdout } = session.context
  const telling = { session, log, screen, quiet, scope: 'prune' }
  const report = redactDeep(
    await tellRun(telling, (context) => pruneMirror(options, context)),
    session.redact,
  )
  session.exitStatus = interruptedStatus(signal) ?? (report.summary.failed > 0 ? 1 : 0)
  if (output === 'json') stdout.write(formatReport(report, session.exitStatus))
  else if (!quiet) stdout.write(formatPruneText(report, layoutOf(stdout)))
}
