import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import {
  type Answer,
  type CloudCall,
  type CloudFault,
  type CloudSettings,
  FakeGlance,
  usualSettings,
} from './fake-glance.ts'
import { type FakeRecord, newRecord, Refusal } from './fake-images.ts'
import { createFakeKeystone, type FakeKeystone, type FakeUser, idOf } from './fake-keystone.ts'

export type { CloudCall, CloudFault, CloudSettings, FakeRecord }

export interface CloudOptions {
  readonly settings?: Partial<CloudSettings>
  /** Default: `admin` of the projects `admin` and `tenant`, `member` and `reader` of `tenant`; their passwords are `secret`. */
  readonly users?: readonly FakeUser[]
  /** Path of a gateway before `/v2`. */
  readonly prefix?: string
  readonly port?: number
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number
  /** Seconds that a token lives. Default: 3600. */
  readonly lifetime?: () => number
  /** Called after each request, when it has done what it does. */
  readonly done?: (call: LoggedCall) => void
}

export interface LoggedCall {
  readonly call: CloudCall | 'login' | 'other'
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** JSON of it; undefined for an image's bytes. */
  readonly body: unknown
  /** 0: no answer was sent. */
  readonly status: number
}

/** A cloud in memory: Keystone v3 and Glance v2 (25.1) with their oddities. */
export interface FakeCloud {
  readonly authUrl: string
  /** Of the Image API. */
  readonly url: string
  readonly keystone: FakeKeystone
  /** May be changed at any time. */
  readonly settings: CloudSettings
  readonly calls: LoggedCall[]
  /** All images, as they are now. */
  images(): FakeRecord[]
  image(id: string): FakeRecord | undefined
  /** An image of one name; throws unless there is exactly one. */
  named(name: string): FakeRecord
  members(id: string): ReadonlyMap<string, string>
  /** The stored bytes. */
  bytes(id: string): Buffer
  /** Puts an image there without anybody's request; `bytes` make it active. */
  leave(record: Partial<FakeRecord>, bytes?: Uint8Array): FakeRecord
  fault(fault: CloudFault): void
  forgetFaults(): void
  /** The text of a `clouds.yaml` with one cloud `fake`. */
  cloudsFile(user?: string, project?: string): string
  close(): Promise<void>
}

const usualUsers: readonly FakeUser[] = [
  {
    name: 'admin',
    password: 'secret',
    roles: { admin: ['admin', 'member', 'reader'], tenant: ['admin', 'member', 'reader'] },
  },
  { name: 'member', password: 'secret', roles: { tenant: ['member', 'reader'] } },
  { name: 'reader', password: 'secret', roles: { tenant: ['reader'] } },
]

export async function startFakeCloud(options: CloudOptions = {}): Promise<FakeCloud> {
  const { users = usualUsers, prefix = '/image', port = 0, now = Date.now, lifetime } = options
  const settings: CloudSettings = { ...usualSettings, ...options.settings }
  const glance = new FakeGlance(settings, () => new Date(now()))
  const calls: LoggedCall[] = []
  let faults: (CloudFault & { met: number })[] = []
  const server = createServer((request, response) => void serve(request, response))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `${origin}${prefix}`
  const keystone = createFakeKeystone({
    users,
    now,
    ...(lifetime && { lifetime }),
    endpoints: () =>
      ['public', 'internal', 'admin'].map((kind) => ({ interface: kind, region_id: 'RegionOne', url })),
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request
    response.setHeader('date', new Date(now()).toUTCString())
    response.on('error', () => undefined)
    request.on('error', () => undefined)
    const rest = new URL(path, origin).pathname.slice(prefix.length)
    const call = rest.startsWith('/v2/') ? kindOf(method, rest.slice(4)) : undefined
    const isData = call === 'stage' || call === 'file'
    const text = isData ? '' : (await buffer(request).catch(() => Buffer.alloc(0))).toString()
    if (call === undefined && keystone.handle(request, response, text)) return
    const effect = call && nextFault(call, rest.split('/')[3] ?? '')
    const body = text === '' ? undefined : parsed(text)
    const answer = await answerTo({ request, call, effect, path: rest, body }).catch((error) => {
      if (error instanceof Refusal) return refused(error, headers.accept)
      return undefined
    })
    const logged = {
      call: call ?? 'other',
      method,
      path,
      headers,
      body,
      status: answer?.status ?? 0,
    } as const
    calls.push(logged)
    options.done?.(logged)
    if (answer !== undefined) return write(request, response, answer)
    if (effect?.type !== 'stall') request.socket.destroy()
  }

  /** Returns undefined where no answer is sent. */
  async function answerTo(asked: Asked): Promise<Answer | undefined> {
    const { request, call, effect, path, body } = asked
    const token = keystone.tokenOf(request.headers['x-auth-token'] as string | undefined)
    if (token === undefined) throw new Refusal(401, unauthorized)
    if (call === undefined) throw new Refusal(404, 'The resource could not be found.')
    if (effect?.type === 'status') {
      if (effect.page === undefined) throw new Refusal(effect.status, effect.message ?? 'It failed.')
      return { status: effect.status, body: effect.page, type: 'text/html' }
    }
    const isSilent = effect?.type === 'drop' || effect?.type === 'stall'
    if (isSilent && !effect.done) return undefined
    const [, , , id = '', ...rest] = path.split('/').map(decodeURIComponent)
    const { roles, project = '' } = token
    glance.assertRole(call, roles)
    const answer = await glance.answerTo({
      kind: call,
      request,
      id,
      rest,
      query: new URL(request.url ?? '', origin).searchParams,
      body,
      project: idOf(project),
      isAdmin: roles.includes('admin'),
      effect,
    })
    if (isSilent) return undefined
    return effect?.type === 'answer'
      ? { ...answer, body: effect.change(answer.body as Record<string, unknown>) }
      : answer
  }

  function nextFault(kind: CloudCall, id: string): CloudFault['effect'] | undefined {
    const meets = ({ on, id: only }: CloudFault) =>
      (on === 'any' || on === kind) && (only === undefined || only === id)
    const met = faults.filter(meets)
    for (const fault of met) fault.met += 1
    const fault = met.find(({ met, after = 0, times = 1 }) => met > after && met <= after + times)
    fault?.reached?.()
    return fault?.effect
  }

  return {
    authUrl: `${origin}/identity/v3`,
    url,
    keystone,
    settings,
    calls,
    images: () => [...glance.images.values()].map(({ record }) => record),
    image: (id) => glance.images.get(id)?.record,
    named(name) {
      const found = [...glance.images.values()].filter(({ record }) => record.name === name)
      const [only] = found
      if (only === undefined || found.length > 1) throw new Error(`${found.length} images are called ${name}`)
      return only.record
    },
    members: (id) => glance.images.get(id)?.members ?? new Map(),
    bytes: (id) => glance.images.get(id)?.bytes ?? Buffer.alloc(0),
    leave(asked, bytes) {
      const id = asked.id ?? randomUUID()
      const record = { ...newRecord({}, id, idOf('tenant'), glance.now()), ...asked, id }
      const stored = glance.store(record)
      if (bytes !== undefined) {
        glance.activate(stored, Buffer.from(bytes))
        stored.record = { ...stored.record, ...asked }
      }
      return stored.record
    },
    fault: (fault) => void faults.push({ ...fault, met: 0 }),
    forgetFaults: () => {
      faults = []
    },
    cloudsFile: (user = 'member', project = 'tenant') =>
      JSON.stringify({
        clouds: {
          fake: {
            auth: {
              auth_url: `${origin}/identity/v3`,
              username: user,
              password: users.find(({ name }) => name === user)?.password,
              project_name: project,
              user_domain_name: 'Default',
              project_domain_name: 'Default',
            },
            region_name: 'RegionOne',
          },
        },
      }),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const unauthorized =
  'This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.'

interface Asked {
  readonly request: IncomingMessage
  readonly call: CloudCall | undefined
  readonly effect: CloudFault['effect'] | undefined
  /** Behind the gateway's prefix. */
  readonly path: string
  readonly body: unknown
}

/** An answer before the end of a body ends the connection. */
function write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, body, bytes, type = 'application/json' } = answer
  const text = bytes ?? (body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, {
    'content-type': bytes === undefined ? type : 'application/octet-stream',
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...(request.complete ? {} : { connection: 'close' }),
  })
  response.end(text)
}

/** `images`, `images/ID`, `images/ID/stage` … `info/import`. */
function kindOf(method: string, path: string): CloudCall | undefined {
  const [room, id, what, ...more] = path.split('/')
  if (room === 'info') return 'info'
  if (room !== 'images') return undefined
  if (id === undefined || id === '') return method === 'POST' ? 'create' : 'list'
  if (what === undefined) return ({ GET: 'get', PATCH: 'patch', DELETE: 'delete' } as const)[method]
  if (what === 'actions' && more.length === 1) return 'action'
  if (what === 'file') return method === 'GET' ? 'read' : 'file'
  return (['stage', 'import', 'tasks', 'members'] as const).find((kind) => kind === what)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Glance answers with a page unless JSON alone is accepted, and with tags in any case. */
function refused({ status, explanation, detail }: Refusal, accept: string | undefined): Answer {
  const title = STATUS_CODES[status] ?? 'Error'
  const message = `${explanation}<br /><br />\n${detail}\n\n`
  if (accept === 'application/json') return { status, body: { message, code: `${status} ${title}`, title } }
  const head = `<head>\n  <title>${status} ${title}</title>\n </head>`
  const body = `<html>\n ${head}\n <body>\n  <h1>${status} ${title}</h1>\n  ${message}\n </body>\n</html>`
  return { status, body, type: 'text/html; charset=UTF-8' }
}
