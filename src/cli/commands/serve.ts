import { once } from 'node:events'
import { listDefects } from '../../catalog/defects.ts'
import type { UpdaterError } from '../../errors.ts'
import type { RunReport, ServeEvent } from '../../index.ts'
import { createPaint } from '../../report/terminal.ts'
import { formatUpdateText } from '../../report/update.ts'
import type { Call } from '../call.ts'
import { errorLines, formatTime, type Level, type Log, openLog } from '../log.ts'
import { createNarrator, type Narrator } from '../narrator.ts'
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
  const service = await serveCatalogue(async () => toServeOptions(await call.reload(), args), {
    now,
    onEvent: createStory(log, now),
  })
  onHangup(() => void service.reload())
  if (!signal.aborted) await once(signal, 'abort')
  const message = 'The service ends: no run begins any more (once more: it ends at once)'
  log.write({ level: 'info', scope: 'serve', message })
  await service.close()
}

/** What a service says, as lines of the log. */
function createStory(log: Log, now: () => Date): (event: ServeEvent) => void {
  const tell = (message: string, level: Level = 'info') => log.write({ level, scope: 'serve', message })
  const fail = (error: UpdaterError, scope: string) => {
    for (const line of errorLines(error, scope)) log.write(line)
  }
  let narrator: Narrator | undefined
  return (event) => {
    switch (event.type) {
      case 'listening':
        return tell(`Listening on ${event.url}`)
      case 'next-run':
        return tell(
          event.at === undefined ? 'No run is scheduled' : `The next run begins ${formatTime(event.at)}`,
        )
      case 'run-begin':
        narrator = createNarrator(log, now)
        return tell(`Run ${event.id} begins (${event.trigger})`)
      case 'run-event':
        return narrator?.onEvent(event.event)
      case 'run-end':
        narrator?.finish()
        return tell(`Run ${event.id} is done: ${countsOf(event.report)}`)
      case 'run-refused':
        narrator?.finish()
        for (const line of listDefects(event.error).flatMap((one) => errorLines(one, 'serve')))
          log.write(line)
        return
      case 'hook-line':
        return log.write({ level: 'info', scope: 'hook', message: event.line })
      case 'hook-failed':
        return fail(event.error, 'hook')
      case 'reloaded':
        return tell('The configuration has been loaded again')
      case 'reload-failed':
        fail(event.error, 'serve')
        return tell('The configuration stays as it was', 'warning')
      case 'note':
        return tell(event.message, event.level)
    }
  }
}

/** The last line of the summary. */
function countsOf(report: RunReport): string {
  return formatUpdateText({ ...report, images: [] }, { paint: createPaint(false) }).trim()
}
