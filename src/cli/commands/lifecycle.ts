import type { Listener } from '../../events.ts'
import { checkLifecycle } from '../../lifecycle/lifecycle.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import { formatLifecycleCsv, formatLifecycleMarkdown, formatLifecycleText } from '../../report/lifecycle.ts'
import type { Call } from '../call.ts'
import { openLog } from '../log.ts'
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
  const log = openLog(session, { quiet: false, debug: false })
  const onEvent: Listener = (event) => {
    if (event.type === 'note') log.write({ level: event.level, scope: 'lifecycle', message: event.message })
  }
  const options = { ...values, ...toSelection(given, args), sources }
  const report = await checkLifecycle(options, { signal, now, onEvent })
  session.exitStatus = exitStatusOf(report)
  present(call, report, {
    text: formatLifecycleText,
    markdown: formatLifecycleMarkdown,
    csv: formatLifecycleCsv,
  })
}
