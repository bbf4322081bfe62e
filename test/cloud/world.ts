import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { CloudSurroundings } from '../../src/cloud/keystone.ts'
import { createFakeKeystone, type FakeKeystone, type FakeKeystoneOptions } from '../support/fake-keystone.ts'

export interface Machine extends CloudSurroundings {
  readonly folder: string
  /** `LEVEL message` */
  readonly notes: string[]
  readonly hidden: string[]
}

/** A machine of folders `cwd`, `home` and `etc`, with these files in it; paths of the environment that begin with `/` are below them, too. */
export function machine(
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'clouds-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['cwd', 'home', 'etc']) mkdirSync(join(folder, name))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content, { mode: 0o600 })
  }
  const notes: string[] = []
  const hidden: string[] = []
  return {
    folder,
    notes,
    hidden,
    env: Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replaceAll(/(?<=^|:)\/(?!\/)/g, `${folder}/`)]),
    ),
    cwd: join(folder, 'cwd'),
    home: join(folder, 'home'),
    etc: join(folder, 'etc'),
    note: (level, message) => void notes.push(`${level} ${message.replaceAll(folder, '')}`),
    hide: (secrets) => void hidden.push(...secrets),
    policy: { retries: 0, nameRetries: 0 },
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => boolean

export interface TestCloud {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly keystone: FakeKeystone
  /** Path and token of every request to the image service, which is `/image`. */
  readonly asked: { readonly method: string; readonly path: string; readonly token: string }[]
  /** Gets each request first; true: it has answered. */
  before: Handler
}

/** Keystone, and an image service that only looks at tokens. */
export async function startCloud(
  options: Partial<FakeKeystoneOptions> & { readonly tls?: { key: string; cert: string } | undefined } = {},
): Promise<TestCloud> {
  const keystone = createFakeKeystone({
    users: [{ name: 'ada', password: 'correct horse', roles: { images: ['member', 'reader'] } }],
    endpoints: () => [{ interface: 'public', region_id: 'RegionOne', url: `${cloud.url}/image` }],
    ...options,
  })
  const cloud = {
    url: '',
    keystone,
    asked: [] as TestCloud['asked'][number][],
    before: (() => false) as Handler,
  }
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    if (cloud.before(request, response)) return
    const body = await text(request)
    if (keystone.handle(request, response, body)) return
    const token = String(request.headers['x-auth-token'])
    cloud.asked.push({ method: request.method ?? '', path: request.url ?? '', token })
    response.writeHead(keystone.tokenOf(token) === undefined ? 401 : 200).end(`${request.method} ${body}`)
  }
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  cloud.url = `http${options.tls === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return cloud
}

/** A `clouds.yaml` with one cloud, `prod`. */
export function cloudsYaml(auth: object, rest: object = {}): string {
  return JSON.stringify({ clouds: { prod: { auth, ...rest } } })
}

/** What the user ada writes. */
export function adaAt(url: string): Record<string, string> {
  const domains = { user_domain_name: 'Default', project_domain_id: 'default' }
  return {
    auth_url: `${url}/identity`,
    username: 'ada',
    password: 'correct horse',
    project_name: 'images',
    ...domains,
  }
}
