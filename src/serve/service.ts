import { asUpdaterError, formatPlace, UpdaterError } from '../errors.ts'
import { createRedact } from '../redact.ts'
import { secretsOf as secretsOfMirror } from '../stores/kinds.ts'
import { createAlarm } from './alarm.ts'
import type { ServeContext, Service } from './context.ts'
import type { Trigger } from './events.ts'
import { createHub, throttle } from './hub.ts'
import { serviceMetrics } from './metrics.ts'
import type { ServeOptions } from './options.ts'
import { createPages } from './page.ts'
import type { View } from './routes.ts'
import { createRunner } from './runner.ts'
import { createRuns, lastRun, runDocument } from './runs.ts'
import { delayed, parseSchedule } from './schedule.ts'
import { openServer, serverLimits } from './server.ts'
import { createSnapshots } from './snapshot.ts'

/** The catalogue is read again where its last reading is older than this (milliseconds). */
const snapshotAge = 5_000
/** Listeners are told of progress at most this often (milliseconds). */
const tellEvery = 250

export async function openService(
  load: () => ServeOptions | Promise<ServeOptions>,
  context: ServeContext,
): Promise<Service> {
  const { onEvent = () => {}, now = () => new Date(), random = Math.random, httpPolicy } = context
  let options = checked(await load())
  let nextRun: Date | undefined
  let ending: Promise<void> | undefined
  const redact = () => createRedact(secretsOf(options))
  const runs = createRuns()
  const hub = createHub(serverLimits)
  const pages = createPages(now)
  const snapshots = createSnapshots({ options: () => options.update, redact, maxAge: snapshotAge })
  const publish = throttle(() => {
    const [newest] = runs.records
    if (newest !== undefined) hub.publish('run', runDocument(newest))
  }, tellEvery)
  const runner = createRunner({
    options: () => options,
    runs,
    redact,
    now,
    onEvent,
    httpPolicy,
    onChange: (id) => {
      publish.call()
      if (runs.find(id)?.report === undefined) return
      snapshots.forget()
      publish.flush()
    },
  })
  const schedule = () => {
    const base = options.schedule === undefined ? undefined : parseSchedule(options.schedule).after(now())
    nextRun = base && delayed(base, options.jitter ?? 0, random())
    alarm.set(nextRun)
    onEvent({ type: 'next-run', at: nextRun })
  }
  const begin = (trigger: Trigger) => {
    const record = runner.start(trigger)
    if (record === undefined) {
      onEvent({ type: 'note', level: 'info', message: 'A run goes on: the one that is due is left out' })
    }
    return record?.id
  }
  const alarm = createAlarm(now, () => {
    begin('schedule')
    schedule()
  })
  const view: View = {
    runs,
    snapshot: () => snapshots.get(),
    nextRun: () => nextRun,
    isEnding: () => ending !== undefined,
    startRun: () => runner.start('request')?.id,
    html: async () => pages.get((await snapshots.get()).images, lastRun(runs)),
    metrics: async () => serviceMetrics(runs, nextRun),
  }
  const server = await openServer({
    listen: options.listen,
    view,
    hub,
    token: () => options.token,
    allowedHosts: () => options.allowedHosts ?? [],
  })
  const tellOfCatalogue = async () => {
    const { error } = await snapshots.get()
    if (error === undefined) return
    const place = error.place === undefined ? '' : `${formatPlace(error.place)}: `
    onEvent({ type: 'note', level: 'warning', message: `${place}${error.message}` })
  }
  onEvent({ type: 'listening', url: server.url })
  await tellOfCatalogue()
  schedule()

  return {
    url: server.url,
    reload: async () => {
      try {
        const before = options
        options = checked(await load())
        const { listen, schedule: cron, jitter } = options
        if (listen.host !== before.listen.host || listen.port !== before.listen.port) {
          const message = 'Another address to listen on is taken up by a restart only'
          onEvent({ type: 'note', level: 'warning', message })
        }
        snapshots.forget()
        onEvent({ type: 'reloaded' })
        await tellOfCatalogue()
        const isOther = cron !== before.schedule || jitter !== before.jitter
        if (isOther && ending === undefined) schedule()
      } catch (thrown) {
        onEvent({ type: 'reload-failed', error: asUpdaterError(thrown) })
      }
    },
    close: () => {
      ending ??= end()
      return ending
    },
  }

  async function end(): Promise<void> {
    alarm.set(undefined)
    const reason = new UpdaterError('ABORTED', 'The service is ending')
    const timer = setTimeout(() => runner.abort(reason), options.grace ?? 0)
    await runner.idle()
    clearTimeout(timer)
    hub.close()
    await server.close()
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
