import { pruneMirror } from '../../prune/prune.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import { formatPruneText } from '../../report/prune.ts'
import type { Call } from '../call.ts'
import { interruptedStatus } from '../context.ts'
import { present, unlessQuiet } from '../present.ts'
import { tellRun } from '../telling.ts'
import { toMirror } from '../values.ts'

/** @throws UpdaterError where nothing was removed */
export async function run(call: Call<'prune'>): Promise<void> {
  const { session } = call
  const given = call.options()
  const options = { ...given.values, mirror: toMirror(given), remove: given.values.yes }
  const report = await tellRun(call, (context) => pruneMirror(options, context))
  session.exitStatus = interruptedStatus(session.context.signal) ?? exitStatusOf(report)
  present(call, report, { text: unlessQuiet(formatPruneText) })
}
