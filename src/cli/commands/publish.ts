import { exitStatusOf } from '../../report/exit-status.ts'
import { formatPublishText } from '../../report/publish.ts'
import type { Call } from '../call.ts'
import { interruptedStatus } from '../context.ts'
import { keepFiles, present, unlessQuiet } from '../present.ts'
import { tellRun } from '../telling.ts'
import { toPublishOptions } from '../values.ts'

/** @throws UpdaterError where nothing was done */
export async function run(call: Call<'publish'>): Promise<void> {
  const { args, session } = call
  const options = toPublishOptions(call.options(), args)
  const { publishCatalogue } = await session.context.library()
  const report = await tellRun(call, (context) => publishCatalogue(options, context))
  session.exitStatus = interruptedStatus(session.context.signal) ?? exitStatusOf(report)
  present(call, report, { text: unlessQuiet(formatPublishText) })
  await keepFiles(call, report)
}
