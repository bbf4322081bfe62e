import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ServeContext, type ServeEvent, type ServeOptions, serveCatalogue } from '../../src/index.ts'
import { temporaryFolder } from '../cli/support.ts'
import { startWorld, type World } from '../support/world/world.ts'

export const token = 'token-of-the-tests'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request, with any header that a test likes, Host included. */
export function ask(
  url: string | URL,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

export const withToken = { authorization: `Bearer ${token}` }

export interface Scene {
  readonly world: World
  readonly folder: string
  readonly url: string
  readonly events: ServeEvent[]
  readonly service: Awaited<ReturnType<typeof serveCatalogue>>
  /** Settles with the first event of this type, also one that has been. */
  seen<T extends ServeEvent['type']>(type: T): Promise<Extract<ServeEvent, { type: T }>>
  get(path: string): Promise<Reply>
  json(path: string): Promise<unknown>
  startRun(): Promise<Reply>
}

/** A service over a small world, mirroring into a folder. `change` gets the options of each load. */
export async function scene(
  change: (options: ServeOptions) => ServeOptions = (options) => options,
  context: ServeContext = {},
): Promise<Scene> {
  const world = await startWorld(100_000)
  onTestFinished(() => world.close())
  const folder = await world.writeCatalogue()
  const dir = temporaryFolder()
  const events: ServeEvent[] = []
  const waiting = new Set<() => void>()
  const load = () =>
    change({
      update: {
        images: [folder],
        mirror: { kind: 'directory', dir, keyPrefix: '' },
        keyring: join(dir, 'keys'),
        signatures: 'off',
      },
      listen: { host: '127.0.0.1', port: 0 },
      schedule: '',
      jitter: 0,
      token,
    })
  const service = await serveCatalogue(load, {
    ...context,
    onEvent: (event) => {
      events.push(event)
      for (const look of waiting) look()
    },
  })
  onTestFinished(() => service.close())
  const { url } = service
  return {
    world,
    folder,
    url,
    events,
    service,
    seen: (type) =>
      new Promise((resolve) => {
        const look = () => {
          const event = events.find((one) => one.type === type)
          if (event === undefined) return
          waiting.delete(look)
          resolve(event as never)
        }
        waiting.add(look)
        look()
      }),
    get: (path) => ask(new URL(path, url)),
    json: async (path) => JSON.parse((await ask(new URL(path, url))).text),
    startRun: () => ask(new URL('/api/v1/runs', url), { method: 'POST', headers: withToken }),
  }
}

export interface Stream {
  /** The next event that this holds for. */
  next(
    wanted: (event: { kind: string; data: Record<string, unknown> }) => boolean,
  ): Promise<Record<string, unknown>>
  readonly ended: Promise<void>
}

/** Listens to server-sent events. */
export async function listen(url: string): Promise<Stream> {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const response = await fetch(new URL('/api/v1/events', url), { signal: controller.signal })
  if (response.body === null || !response.ok) throw new Error(`status ${response.status}`)
  const got: { kind: string; data: Record<string, unknown> }[] = []
  let look = () => {}
  const body = response.body
  const ended = (async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const [, kind, data] = /^event: (.+)\ndata: (.+)$/.exec(part) ?? []
        if (kind !== undefined && data !== undefined) got.push({ kind, data: JSON.parse(data) })
      }
      look()
    }
  })().catch(() => {})
  return {
    ended,
    next: (wanted) =>
      new Promise((resolve) => {
        look = () => {
          const at = got.findIndex(wanted)
          if (at === -1) return
          look = () => {}
          const [event] = got.splice(0, at + 1).slice(-1)
          resolve(event?.data ?? {})
        }
        look()
      }),
  }
}
