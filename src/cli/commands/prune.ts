import { pruneMirror } from '../../prune/prune.ts'
import { formatReport } from '../../report/json.ts'
import { formatPruneText } from '../../report/prune.ts'
import type { Call } from '../call.ts'
import { interruptedStatus, layoutOf } from '../context.ts'
import { openLog } from '../log.ts'
import { redactDeep } from '../redact.ts'
import { tellRun, warnOfSecret } from '../telling.ts'
import { assertVouched, toPruneOptions } from '../values.ts'

/** @throws UpdaterError where nothing was removed */
export async function run(call: Call<'prune'>): Promise<void> {
  const { session } = call
  const given = call.options()
  const options = toPruneOptions(given)
  assertVouched(given, options.mirror)
  const { quiet, output } = given.values
  const { log, screen } = openLog(session, given.values)
  warnOfSecret(given, log)
  const { signal, stdout } = session.context
  const telling = { session, log, screen, quiet }
  const report = redactDeep(
    await tellRun(telling, (context) => pruneMirror(options, context)),
    session.redact,
  )
  session.exitStatus = interruptedStatus(signal) ?? (report.summary.failed > 0 ? 1 : 0)
  if (output === 'json') stdout.write(formatReport(report, session.exitStatus))
  else if (!quiet) stdout.write(formatPruneText(report, layoutOf(stdout)))
}
