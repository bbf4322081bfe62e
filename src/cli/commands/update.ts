import type { HookOptions } from '../../index.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import type { RunReport } from '../../report/schemas.ts'
import { formatChanges } from '../../report/text.ts'
import { formatUpdateText } from '../../report/update.ts'
import type { Call } from '../call.ts'
import { interruptedStatus } from '../context.ts'
import { createHookLog } from '../hook-log.ts'
import { openLog } from '../log.ts'
import { keepFiles, present } from '../present.ts'
import { tellRun } from '../telling.ts'
import { toHookOptions, toUpdateOptions } from '../values.ts'

/** @throws UpdaterError where nothing was done */
export async function run(call: Call<'update'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const options = toUpdateOptions(given, args)
  const hooks = toHookOptions(given)
  const { updateCatalogue } = await session.context.library()
  const report = await tellRun(call, (context) => updateCatalogue(options, context))
  session.exitStatus = interruptedStatus(session.context.signal) ?? exitStatusOf(report)
  await tellOthers(report, hooks, call)
  present(call, report, {
    text: ({ dry_run, changes }, { quiet, ...layout }) => {
      const diffs = dry_run ? formatChanges(changes, layout.paint) : ''
      return diffs + (quiet ? '' : formatUpdateText(report, layout))
    },
  })
  await keepFiles(call, report)
}

/** The run is done: a hook that fails is told, and ends an otherwise good run with 1. */
async function tellOthers(report: RunReport, hooks: HookOptions, call: Call<'update'>): Promise<void> {
  const { session } = call
  const { runHooks } = await session.context.library()
  const { onLine, onFailure } = createHookLog(openLog(session, call.options().values))
  const failures = await runHooks(report, session.exitStatus, hooks, {
    onLine,
    signal: session.context.signal,
  })
  for (const error of failures) onFailure(error)
  if (failures.length > 0) session.exitStatus ||= 1
}
