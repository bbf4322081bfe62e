import type { RunEvent } from '../../events.ts'
import { redactDeep } from '../../redact.ts'
import { formatCheckCsv, formatCheckText } from '../../report/check.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import { formatMarkdown } from '../../report/run-markdown.ts'
import type { CheckReport } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import { interruptedStatus, withSurprise } from '../context.ts'
import { openLog } from '../log.ts'
import { createNarrator } from '../narrator.ts'
import { assertFilesWritable, keepFiles, present, unlessQuiet } from '../present.ts'
import { toCheckOptions } from '../values.ts'

/** @throws UpdaterError where nothing was looked at */
export async function run(call: Call<'check'>): Promise<void> {
  const { session } = call
  await assertFilesWritable(call.options().values)
  const report = await runCheck(call)
  session.exitStatus = interruptedStatus(session.context.signal) ?? exitStatusOf(report)
  present(call, report, {
    text: unlessQuiet(formatCheckText),
    markdown: formatMarkdown,
    csv: formatCheckCsv,
  })
  await keepFiles(call, report)
}

/**
 * Runs a check; on a terminal one line tells how far it is, and `--quiet` has warnings and errors told, which
 * otherwise stand in the table. The report holds no secret.
 */
export async function runCheck(call: Call<'check' | 'report'>): Promise<CheckReport> {
  const { context, command, redact, hide } = call.session
  const given = call.options()
  const { debug, quiet } = given.values
  const options = toCheckOptions(given, call.args)
  const log = openLog(call.session, given.values)
  const { checkCatalogue } = await context.library()
  const narrator = debug || quiet ? createNarrator(log, { now: context.now, scope: command }) : undefined
  let images = 0
  let done = 0
  const onEvent = (event: RunEvent) => {
    narrator?.onEvent(event)
    if (event.type === 'run-start') images = event.images
    if (event.type !== 'image' || event.step.type !== 'done') return
    done += 1
    if (!quiet) log.screen.draw([`Checking images: ${done} of ${images}`])
  }
  try {
    const report = await checkCatalogue(options, { signal: context.signal, hide, onEvent })
    return redactDeep(withSurprise(report, context.signal), redact)
  } finally {
    log.screen.close()
    narrator?.finish()
  }
}
