import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MemoryStore } from '../../docs/examples/store.ts'
import { HttpClient } from '../../src/http/client.ts'
import { openMemory } from '../../src/state.ts'
import { createDirectoryStore } from '../../src/stores/directory/store.ts'
import type { MirrorOptions } from '../../src/stores/kinds.ts'
import { encodePath } from '../../src/stores/naming.ts'
import type { S3ClientOptions } from '../../src/stores/s3/client.ts'
import { createS3Store } from '../../src/stores/s3/store.ts'
import type { Store } from '../../src/stores/store.ts'
import { rawS3 } from './s3-raw.ts'
import { startS3Server } from './s3-server.ts'

/** A kind of store under the contract, and how a test looks behind it. */
export interface Subject {
  readonly name: string
  readonly kind: Exclude<MirrorOptions['kind'], 'none'>
  /** Why it does not run here. */
  readonly skipped?: string
  open(): Promise<OpenSubject>
}

export interface OpenSubject {
  readonly http: HttpClient
  readonly store: Store
  /** The visible object's bytes. */
  bytes(key: string): Promise<Buffer>
  keys(): Promise<string[]>
  /** What is stored beside visible objects and their records: parts, temporary files. */
  leftovers(): Promise<string[]>
  publicUrl(key: string): string
  readonly s3?: S3Subject
  close(): Promise<void>
}

export interface S3Subject {
  /** A store like `store` that differs in these options. */
  like(options: Partial<S3ClientOptions>): Store
  readonly accessKey: string
  readonly secretKey: string
  /** Does the server know another region than its own as wrong? */
  readonly checksRegion: boolean
  /** Lets everyone read the container itself, or the one of the segments; only where Swift needs it. */
  readonly openContainer?: (which: 'bucket' | 'segments') => Promise<void>
}

const directory: Subject = {
  name: 'a folder',
  kind: 'directory',
  async open() {
    const dir = await mkdtemp(join(tmpdir(), 'store-'))
    const http = new HttpClient({ fileRoots: [dir] })
    const files = async () => {
      const found = await readdir(dir, { recursive: true, withFileTypes: true })
      return found
        .filter((entry) => entry.isFile())
        .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    }
    const hidden = (path: string) => /(^|\/)\.[^/]*$/.test(path)
    return {
      http,
      store: createDirectoryStore(dir),
      bytes: (key) => readFile(join(dir, key)),
      keys: async () => (await files()).filter((path) => !hidden(path)),
      leftovers: async () => (await files()).filter((path) => hidden(path) && !path.endsWith('.json')),
      publicUrl: (key) => pathToFileURL(join(dir, key)).href,
      close: async () => {
        await http.close()
        await rm(dir, { recursive: true, force: true })
      },
    }
  },
}

/** The store of docs/library.md, behind a server that shows what it keeps. */
const example: Subject = {
  name: 'of a program of its own',
  kind: 'store',
  async open() {
    const http = new HttpClient()
    const store = new MemoryStore()
    const server = createServer((request, response) => {
      const found = store.objects.get(decodeURIComponent(request.url?.slice(1) ?? ''))
      response.writeHead(found === undefined ? 404 : 200, { 'content-length': found?.size ?? 0 })
      response.end(found?.bytes)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    return {
      http,
      store,
      bytes: async (key) => store.objects.get(key)?.bytes ?? Buffer.alloc(0),
      keys: async () => [...store.objects.keys()],
      leftovers: async () => [],
      publicUrl: (key) => `http://127.0.0.1:${port}/${encodePath(key)}`,
      close: async () => {
        await http.close()
        server.close()
      },
    }
  },
}

const ownServer: Subject = {
  name: "the tests' own S3 server",
  kind: 's3',
  async open() {
    const server = await startS3Server({ buckets: [] })
    const { endpoint, accessKey, secretKey, swiftPrefix } = server
    const subject = await openS3(
      { endpoint, accessKey, secretKey, publicBase: `${endpoint}/${swiftPrefix}` },
      true,
    )
    return {
      ...subject,
      close: async () => {
        await subject.close()
        await server.close()
      },
    }
  },
}

interface Access {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly publicBase: string
}

/** `endpoint|access key|secret key|public base` of a real server, from the environment. */
function realServer(name: string, variable: string, isSwift: boolean): Subject {
  const text = process.env[variable]
  const [endpoint = '', accessKey = '', secretKey = '', publicBase = ''] = (text ?? '').split('|')
  const access = { endpoint, accessKey, secretKey, publicBase: `${publicBase.replace(/\/$/, '')}/` }
  return {
    name,
    kind: 's3',
    ...(text === undefined ? { skipped: `${variable} is not set` } : {}),
    async open() {
      const subject = await openS3(access, isSwift, isSwift)
      return subject
    },
  }
}

export const subjects: readonly Subject[] = [
  directory,
  example,
  ownServer,
  realServer('OpenStack Swift', 'TEST_S3_SWIFT', true),
  realServer('Ceph RGW', 'TEST_S3_RGW', false),
]

async function openS3(access: Access, checksRegion: boolean, isSwift = false): Promise<OpenSubject> {
  const { accessKey, secretKey, publicBase } = access
  const endpoint = new URL(access.endpoint)
  const bucket = `contract-${randomBytes(4).toString('hex')}`
  const http = new HttpClient()
  const raw = rawS3({ endpoint, accessKey, secretKey, bucket, http })
  const created = await raw.send('PUT')
  if (created.status !== 200) throw new Error(`bucket ${bucket} was not created: ${created.bytes}`)
  const credentials = async () => ({ accessKeyId: accessKey, secretAccessKey: secretKey })
  const state = await mkdtemp(join(tmpdir(), 'state-'))
  const options: S3ClientOptions = {
    endpoint,
    bucket,
    region: 'us-east-1',
    credentials,
    acl: 'public-read',
    http,
    memory: openMemory(state, () => {}),
    pause: 1,
  }
  const swift = isSwift ? await swiftApi(access, bucket, http) : undefined
  const store = createS3Store(options)
  return {
    http,
    store,
    bytes: async (key) => (await raw.send('GET', key)).bytes,
    keys: raw.keys,
    leftovers: async () => [...(await raw.uploads()), ...((await swift?.orphans(await raw.keys())) ?? [])],
    publicUrl: (key) => `${publicBase}${bucket}/${encodePath(key)}`,
    s3: {
      like: (other) => createS3Store({ ...options, ...other }),
      accessKey,
      secretKey,
      checksRegion,
      ...(swift === undefined ? {} : { openContainer: swift.open }),
    },
    close: async () => {
      await http.close()
      await rm(state, { recursive: true, force: true })
    },
  }
}

/** What only Swift's own interface can do: read ACLs, and a look at the segments of large objects. */
async function swiftApi(
  { endpoint, accessKey, secretKey, publicBase }: Access,
  bucket: string,
  http: HttpClient,
) {
  const login = await http.send('GET', `${endpoint}/auth/v1.0`, {
    headers: { 'x-auth-user': accessKey, 'x-auth-key': secretKey },
  })
  await login.discard()
  const token = login.headers['x-auth-token'] ?? ''
  const headers = { 'x-auth-token': token }
  return {
    async open(which: 'bucket' | 'segments') {
      const container = which === 'bucket' ? bucket : `${bucket}%2Bsegments`
      const answer = await http.send('POST', `${publicBase}${container}`, {
        headers: { ...headers, 'x-container-read': '.r:*' },
      })
      await answer.discard()
    },
    /** Segments that belong to none of the objects. */
    async orphans(keys: readonly string[]): Promise<string[]> {
      const answer = await http.send('GET', `${publicBase}${bucket}%2Bsegments`, { headers })
      const chunks: Uint8Array[] = []
      for await (const chunk of answer.body) chunks.push(chunk)
      if (answer.status === 404) return []
      const names = Buffer.concat(chunks).toString().split('\n').filter(Boolean)
      return names.filter((name) => !keys.some((key) => name.startsWith(`${key}/`)))
    },
  }
}
