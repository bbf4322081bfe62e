import { mirrorCatalogue } from '../../mirror/mirror.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import { formatMirrorText } from '../../report/mirror.ts'
import { formatChanges } from '../../report/text.ts'
import type { Call } from '../call.ts'
import { interruptedStatus } from '../context.ts'
import { keepFiles, present } from '../present.ts'
import { tellRun } from '../telling.ts'
import { toMirror, toSelection } from '../values.ts'

/** @throws UpdaterError where nothing was done */
export async function run(call: Call<'mirror'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const options = { ...given.values, ...toSelection(given, args), mirror: toMirror(given) }
  const report = await tellRun(call, (context) => mirrorCatalogue(options, context))
  session.exitStatus = interruptedStatus(session.context.signal) ?? exitStatusOf(report)
  present(call, report, {
    text: ({ dry_run, changes }, { quiet, ...layout }) => {
      const diffs = dry_run ? formatChanges(changes, layout.paint) : ''
      return diffs + (quiet ? '' : formatMirrorText(report, layout))
    },
  })
  await keepFiles(call, report)
}
