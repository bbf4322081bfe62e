import { asUpdaterError, formatPlace, UpdaterError } from '../errors.ts'
import { createRedact } from '../redact.ts'
import { secretsOf as secretsOfMirror } from '../stores/kinds.ts'
import { createCatalogue } from './catalogue.ts'
import { createHub, throttle } from './hub.ts'
import type { ServeContext, ServeOptions, Service } from './options.ts'
import { createRoutes } from './routes.ts'
import { createRuns, describeRun } from './runs.ts'
import { createAlarm, delayed, parseSchedule } from './schedule.ts'
import { openServer, serverLimits } from './server.ts'

/** The catalogue is read again if its last reading is older than this (milliseconds). */
const readingAge = 5_000
/** Listeners are told of progress at most this often (milliseconds). */
const tellEvery = 250

/**
 * Runs `updateCatalogue` on a schedule, and shows over HTTP what the catalogue holds and how the runs go.
 * A failed run never ends the service.
 * @param load gives the options, now and at each `reload`
 * @throws UpdaterError CONFIGURATION, and what `load` throws
 */
export async function serveCatalogue(
  load: () => ServeOptions | Promise<ServeOptions>,
  context: ServeContext = {},
): Promise<Service> {
  const { onEvent = () => {}, now = () => new Date(), random = Math.random, httpPolicy } = context
  let options = checked(await load())
  let nextRun: Date | undefined
  let ending: Promise<void> | undefined
  const redact = () => createRedact(secretsOf(options))
  const note = (level: 'info' | 'warning', message: string) => onEvent({ type: 'note', level, message })
  const hub = createHub(serverLimits)
  const catalogue = createCatalogue({ options: () => options.update, redact, maxAge: readingAge })
  const publish = throttle(() => {
    const [newest] = runs.records
    if (newest !== undefined) hub.publish('run', describeRun(newest))
  }, tellEvery)
  const runs = createRuns({
    options: () => options,
    redact,
    now,
    onEvent,
    httpPolicy,
    onChange: ({ report }) => {
      publish.call()
      if (report === undefined) return
      catalogue.forget()
      publish.flush()
    },
  })
  const alarm = createAlarm(now, () => {
    const id = runs.start('schedule')
    if (id === undefined) note('info', 'A run goes on: the one that is due is left out')
    schedule()
  })
  const schedule = () => {
    const due = options.schedule === undefined ? undefined : parseSchedule(options.schedule).after(now())
    nextRun = due && delayed(due, options.jitter ?? 0, random())
    alarm.set(nextRun)
    onEvent({ type: 'next-run', at: nextRun })
  }
  const tellOfCatalogue = async () => {
    const { error } = await catalogue.read()
    if (error === undefined) return
    const place = error.place === undefined ? '' : `${formatPlace(error.place)}: `
    note('warning', `${place}${error.message}`)
  }
  const server = await openServer({
    listen: options.listen,
    route: createRoutes({
      runs,
      catalogue,
      now,
      nextRun: () => nextRun,
      isEnding: () => ending !== undefined,
    }),
    hub,
    token: () => options.token,
    allowedHosts: () => options.allowedHosts ?? [],
  })
  onEvent({ type: 'listening', url: server.url })
  await tellOfCatalogue()
  schedule()

  async function reload(): Promise<void> {
    try {
      const before = options
      options = checked(await load())
      const { listen, schedule: cron, jitter } = options
      if (listen.host !== before.listen.host || listen.port !== before.listen.port) {
        note('warning', 'Another address to listen on is taken up by a restart only')
      }
      catalogue.forget()
      onEvent({ type: 'reloaded' })
      await tellOfCatalogue()
      const isOther = cron !== before.schedule || jitter !== before.jitter
      if (isOther && ending === undefined) schedule()
    } catch (thrown) {
      onEvent({ type: 'reload-failed', error: asUpdaterError(thrown) })
    }
  }

  async function end(): Promise<void> {
    alarm.set(undefined)
    const reason = new UpdaterError('ABORTED', 'The service is ending')
    const timer = setTimeout(() => runs.abort(reason), options.shutdownTimeout ?? 0)
    await runs.idle()
    clearTimeout(timer)
    hub.close()
    await server.close()
  }

  return {
    url: server.url,
    reload,
    close: () => {
      ending ??= end()
      return ending
    },
  }
}

/** @throws UpdaterError CONFIGURATION */
function checked(options: ServeOptions): ServeOptions {
  if (options.schedule !== undefined) parseSchedule(options.schedule)
  if (options.token !== undefined && !/^[\x21-\x7e]{16,}$/.test(options.token)) {
    throw new UpdaterError('CONFIGURATION', 'The token is not 16 or more visible ASCII characters', {
      remedy: 'Make one that cannot be guessed: openssl rand -hex 32',
    })
  }
  return options
}

function secretsOf({ token, update, hooks }: ServeOptions): string[] {
  const secrets = [token, ...secretsOfMirror(update.mirror), hooks?.webhook?.secret, hooks?.webhook?.url]
  return secrets.filter((one) => one !== undefined)
}
