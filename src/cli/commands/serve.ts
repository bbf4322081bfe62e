import { once } from 'node:events'
import { listDefects } from '../../catalog/defects.ts'
import type { RunReport, ServeEvent } from '../../index.ts'
import { exitStatusOf } from '../../report/exit-status.ts'
import { formatCloudCounts } from '../../report/publish.ts'
import { createPaint } from '../../report/terminal.ts'
import { formatUpdateText } from '../../report/update.ts'
import type { Call } from '../call.ts'
import { createHookLog } from '../hook-log.ts'
import { errorLines, formatTime, type Level, type Log, openLog } from '../log.ts'
import { createNarrator, type Narrator } from '../narrator.ts'
import { hasChanged } from '../present.ts'
import { toServeOptions } from '../values.ts'

/**
 * Carries `serve` out until the program is told to end, which is no failure.
 * @throws UpdaterError where the service could not begin
 */
export async function run(call: Call<'serve'>): Promise<void> {
  const { args, session } = call
  const { signal, now, onHangup, library } = session.context
  const log = openLog(session, (await call.reload()).values)
  const { serveCatalogue } = await library()
  const load = async () => {
    const options = await toServeOptions(await call.reload(), args)
    session.grace = options.shutdownTimeout ?? 0
    return options
  }
  const service = await serveCatalogue(load, { now, hide: session.hide, onEvent: createStory(log, now) })
  onHangup(() => void service.reload())
  if (!signal.aborted) await once(signal, 'abort')
  const message = 'The service ends: no run begins any more (once more: it ends at once)'
  log.write({ level: 'change', scope: 'serve', message })
  await service.close()
}

/** What a service says, as lines of the log. */
function createStory(log: Log, now: () => Date): (event: ServeEvent) => void {
  const tell = (message: string, level: Level = 'info') => log.write({ level, scope: 'serve', message })
  let hooks = createHookLog(log)
  let narrator: Narrator | undefined
  return (event) => {
    switch (event.type) {
      case 'listening':
        return tell(`Listening on ${event.url}`, 'change')
      case 'next-run':
        return tell(
          event.at === undefined ? 'No run is scheduled' : `The next run begins ${formatTime(event.at)}`,
        )
      case 'run-begin':
        narrator = createNarrator(log, { now })
        hooks = createHookLog(log)
        return tell(`Run ${event.id} begins (${event.trigger})`)
      case 'run-event':
        return narrator?.onEvent(event.event)
      case 'run-end':
        narrator?.finish()
        return tell(
          `Run ${event.id} is done: ${countsOf(event.report)}`,
          !log.exceptionsOnly || hasChanged(event.report) || exitStatusOf(event.report) > 0
            ? 'change'
            : 'info',
        )
      case 'run-refused':
        narrator?.finish()
        for (const line of listDefects(event.error).flatMap((one) => errorLines(one, 'serve')))
          log.write(line)
        return
      case 'hook-line':
        return hooks.onLine(event.line)
      case 'hook-failed':
        return hooks.onFailure(event.error)
      case 'reloaded':
        return tell('The configuration has been loaded again', 'change')
      case 'reload-failed':
        for (const line of errorLines(event.error, 'serve')) log.write(line)
        return tell('The configuration stays as it was', 'warning')
      case 'note':
        return tell(event.message, event.level)
    }
  }
}

/** The last line of the summary. */
function countsOf(report: RunReport): string {
  const paint = createPaint(false)
  const { clouds, dry_run } = report
  const counts = formatUpdateText({ ...report, images: [], clouds: undefined }, { paint }).trim()
  return clouds === undefined
    ? counts
    : `${counts}; in the clouds: ${formatCloudCounts({ clouds, dry_run }, paint)}`
}
