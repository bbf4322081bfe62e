/**
 * An object store in a process of its own that takes everything as fast as it comes and keeps nothing but
 * sizes, metadata and first bytes; and these only until an object is read, as the last thing of a run, so
 * that the next run has to store it again. No signature is checked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished } from 'node:stream/promises'
import { createDistance, serve, untilDue } from './process.ts'

export interface SinkConfig {
  /** Bytes per second that it takes of one connection. Default: no limit. */
  readonly rate?: number | undefined
  /** Milliseconds of a round trip: one more to open a connection. Default: 0. */
  readonly roundTrip?: number
  /** The metadata of objects that are there from the beginning, by `/bucket/key`. */
  readonly objects?: Readonly<Record<string, Record<string, string>>>
}

export interface SinkFacts {
  readonly url: string
}

export interface SinkCounts {
  /** Bytes of bodies. */
  readonly received: number
}

interface Body {
  size: number
  /** Its first bytes, at most 512. */
  head: Buffer
}

interface Entry extends Body {
  readonly headers: Record<string, string>
}

const noUploads = '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>'
const noObjects = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'

serve<SinkConfig, SinkFacts, SinkCounts>(async ({ rate, roundTrip = 0, objects: present = {} }) => {
  const distance = createDistance(roundTrip)
  const objects = new Map<string, Entry>(
    Object.entries(present).map(([key, headers]) => {
      return [key, { headers, size: Number(headers['x-amz-meta-size']), head: Buffer.alloc(0) }]
    }),
  )
  const uploads = new Map<string, Entry>()
  let received = 0

  /** By events, which cost a quarter less than iterating does. */
  async function take(request: IncomingMessage): Promise<Body> {
    let size = 0
    let head: Buffer = Buffer.alloc(0)
    const started = performance.now()
    request.on('data', (chunk: Buffer) => {
      if (size === 0) head = Buffer.from(chunk.subarray(0, 512))
      size += chunk.length
      received += chunk.length
      if (rate === undefined) return
      request.pause()
      untilDue(started, size, rate).then(() => request.resume())
    })
    await finished(request)
    return { size, head }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await distance(request.socket)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sink')
    const key = pathname.replace(/^\/swift\/v1\/AUTH_bench/, '')
    const xml = (text: string) => void response.writeHead(200, { 'content-length': text.length }).end(text)
    if (searchParams.has('uploads')) return xml(request.method === 'POST' ? begin(request) : noUploads)
    const upload = uploads.get(searchParams.get('uploadId') ?? '')
    const body = await take(request)
    switch (request.method) {
      case 'PUT':
        put(request, key, upload, copied(request) ?? body)
        return void response.writeHead(200, { 'content-length': 0, etag: `"${body.size}"` }).end()
      case 'POST':
        if (upload !== undefined) objects.set(key, upload)
        return xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
      case 'DELETE':
        return void response.writeHead(204).end()
      default:
        if (key.indexOf('/', 1) === -1) return xml(noObjects)
        readBack(request, response, objects.get(key))
        if (request.method === 'GET') objects.delete(key)
    }
  }

  function begin(request: IncomingMessage): string {
    const id = String(uploads.size + 1)
    uploads.set(id, { headers: metadataOf(request), size: 0, head: Buffer.alloc(0) })
    return `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
  }

  /** A part of an upload, else an object. */
  function put(request: IncomingMessage, key: string, upload: Entry | undefined, body: Body): void {
    if (upload === undefined) return void objects.set(key, { headers: metadataOf(request), ...body })
    upload.size += body.size
    if (/[?&]partNumber=1(?:&|$)/.test(request.url ?? '')) upload.head = body.head
  }

  /** What a copy on the server brings instead of a body. */
  function copied({ headers }: IncomingMessage): Body | undefined {
    const source = objects.get(decodeURIComponent(String(headers['x-amz-copy-source'] ?? '')))
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-amz-copy-source-range'])) ?? []
    return source && { size: Number(last) + 1 - Number(first), head: source.head }
  }

  const server = createServer({ highWaterMark: 2 ** 20 }, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { facts: { url }, counts: () => ({ received }) }
})

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') && typeof value === 'string' ? [[name, value]] : [],
    ),
  )
}

/** HEAD, and the first bytes of an object. */
function readBack({ method }: IncomingMessage, response: ServerResponse, entry: Entry | undefined): void {
  if (entry === undefined) return void response.writeHead(404, { 'content-length': 0 }).end()
  const { headers, size, head } = entry
  if (method === 'HEAD') return void response.writeHead(200, { ...headers, 'content-length': size }).end()
  const range = `bytes 0-${head.length - 1}/${size}`
  response.writeHead(206, { ...headers, 'content-range': range, 'content-length': head.length }).end(head)
}
