import { asUpdaterError, formatPlace, UpdaterError } from '../errors.ts'
import { assertOptions, defaultValueOf } from '../options.ts'
import { createRedact } from '../redact.ts'
import { settleUpdate } from '../run/options.ts'
import { secretsOf as secretsOfMirror, settleMirror } from '../stores/kinds.ts'
import { settleClouds } from '../way/update.ts'
import { Catalogue } from './catalogue.ts'
import { createHub } from './hub.ts'
import type { ServeContext, ServeOptions, ServeSettings, Service, Surroundings } from './options.ts'
import { createRouter } from './routes.ts'
import { describeRun, Runs } from './runs.ts'
import { createAlarm, delayed, nextTime } from './schedule.ts'
import { openServer } from './server.ts'

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
  assertOptions(context, 'The context')
  if (typeof load !== 'function') {
    throw new UpdaterError('CONFIGURATION', 'The first argument is not a function that gives the options')
  }
  const { onEvent = () => {}, now = () => new Date(), random = Math.random, httpPolicy } = context
  const { hide = () => {} } = context
  let options = checked(await load())
  let redact = createRedact(secretsOf(options))
  /** Of the clouds: passwords, and tokens, of which each run has its own. */
  let learned: readonly string[] = []
  let nextRun: Date | undefined
  let ending: Promise<void> | undefined
  const around: Surroundings = {
    options: () => options,
    redact: (text) => redact(text),
    now,
    onEvent,
    hide: (secrets) => {
      learned = [...new Set([...learned, ...secrets])].slice(-mostLearned)
      redact = createRedact([...secretsOf(options), ...learned])
      hide(secrets)
    },
    httpPolicy,
  }
  const note = (level: 'info' | 'warning', message: string) => onEvent({ type: 'note', level, message })
  const catalogue = new Catalogue(around)
  const hub = createHub('run', () => runs.records[0] && describeRun(runs.records[0]))
  const runs = new Runs(around, ({ report }) => {
    hub.changed()
    if (report !== undefined) catalogue.forget()
  })
  const setAlarm = createAlarm(now, () => {
    const id = runs.start('schedule')
    if (id === undefined) note('info', 'A run goes on: the one that is due is left out')
    schedule()
  })
  const schedule = () => {
    const due = options.schedule === undefined ? undefined : nextTime(options.schedule, now())
    nextRun = due && delayed(due, options.jitter, random())
    setAlarm(nextRun)
    onEvent({ type: 'next-run', at: nextRun })
  }
  const tellOfCatalogue = async () => {
    const { error } = await catalogue.read()
    if (error === undefined) return
    const place = error.place === undefined ? '' : `${formatPlace(error.place)}: `
    note('warning', `${place}${error.message}`)
  }
  const isEnding = () => ending !== undefined
  const route = createRouter({ runs, catalogue, now, nextRun: () => nextRun, isEnding })
  const server = await openServer(() => options, route, hub)
  onEvent({ type: 'listening', url: server.url })
  await tellOfCatalogue()
  schedule()

  async function reload(): Promise<void> {
    try {
      const before = options
      options = checked(await load())
      redact = createRedact([...secretsOf(options), ...learned])
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
    setAlarm(undefined)
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

/** Older secrets of clouds are tokens that have ended, and stand in no text that is to come. */
const mostLearned = 100

/** @throws UpdaterError CONFIGURATION */
function checked(given: ServeOptions): ServeSettings {
  assertOptions(given)
  const { update = {}, listen = defaultValueOf('listen'), jitter = defaultValueOf('jitter') } = given
  const schedule = (given.schedule ?? defaultValueOf('schedule')).trim() || undefined
  const options = { ...given, update, listen, jitter, schedule }
  settleUpdate(update)
  settleClouds(update)
  if (options.schedule !== undefined) nextTime(options.schedule, new Date(0))
  if (options.token !== undefined && !/^[\x21-\x7e]{16,}$/.test(options.token)) {
    throw new UpdaterError('CONFIGURATION', 'The token is not 16 or more visible ASCII characters', {
      remedy: 'Make one that cannot be guessed: openssl rand -hex 32',
    })
  }
  return options
}

function secretsOf({ token, update, hooks }: ServeSettings): string[] {
  const secrets = [
    token,
    ...secretsOfMirror(settleMirror(update.mirror)),
    hooks?.webhook?.secret,
    hooks?.webhook?.url,
  ]
  return secrets.filter((one) => one !== undefined)
}
