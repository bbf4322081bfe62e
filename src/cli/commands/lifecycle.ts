import { checkLifecycle } from '../../lifecycle/lifecycle.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import { formatLifecycleCsv, formatLifecycleMarkdown, formatLifecycleText } from '../../report/lifecycle.ts'
import type { Call } from '../call.ts'
import { present } from '../present.ts'
import { toSelection } from '../values.ts'

/** @throws UpdaterError where nothing was looked at */
export async function run(call: Call<'lifecycle'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const { endoflifeApi, gardenlinuxReleases, ...values } = given.values
  const sources = {
    ...(endoflifeApi !== undefined && { endOfLifeApi: endoflifeApi.replace(/\/*$/, '/') }),
    ...(gardenlinuxReleases !== undefined && { gardenLinuxReleases: gardenlinuxReleases }),
  }
  const { signal, now } = session.context
  const report = await checkLifecycle({ ...values, ...toSelection(given, args), sources }, { signal, now })
  session.exitStatus = exitStatusOf(report)
  present(call, report, {
    text: formatLifecycleText,
    markdown: formatLifecycleMarkdown,
    csv: formatLifecycleCsv,
  })
}
