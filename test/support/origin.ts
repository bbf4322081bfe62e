import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { generatedChunks } from './bytes.ts'
import { listingPage } from './listing-page.ts'
import { type OriginFile, sizeOf } from './origin-file.ts'

export type { OriginFile }

/** What goes wrong with one request. The parts combine. */
export interface Fault {
  /** Answer with this status instead of the file. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Answer with a redirect (302, or `status`) to here. */
  readonly redirect?: string
  /** Cut the connection after so many bytes of the body; `'headers'`: before any byte of the answer. */
  readonly dropAfter?: number | 'headers'
  /** Send provisional answers (103) every so many milliseconds, and no other. */
  readonly hints?: number
  /** Send nothing more after so many bytes of the body; `'headers'`: not even the headers. */
  readonly stallAfter?: number | 'headers'
  /** Send `bytes` of the body every `milliseconds`. */
  readonly trickle?: { readonly bytes: number; readonly milliseconds: number }
  /** Answer 200 with the whole file to a request with Range. */
  readonly ignoreRange?: boolean
  /** Answer as if the range asked for began so many bytes later. */
  readonly shiftRange?: number
  /** Announce this length; the body is sent as it is, and then the connection closed, where that is too short. */
  readonly contentLength?: number
  /** Announce no length (chunked). */
  readonly chunked?: boolean
  /** Send the body with Content-Encoding gzip, though nobody asked for it. */
  readonly gzip?: boolean
  /** The file becomes this one before the request is answered. */
  readonly replace?: OriginFile
  /** Meets so many requests in a row. Default: 1. */
  readonly times?: number
  /** Called when a request meets it. */
  readonly reached?: () => void
}

export interface LoggedRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

export interface OriginOptions {
  /** By path, e.g. `/images/SHA256SUMS`. A path that ends in `/` is a page of its own instead of a listing. */
  readonly files?: Readonly<Record<string, OriginFile | OriginFile['body']>>
  /** Serve https with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  /** Default: any that is free. */
  readonly port?: number | undefined
}

/** A scriptable HTTP server on 127.0.0.1. */
export interface Origin {
  /** `http://127.0.0.1:PORT`, without a final slash. */
  readonly url: string
  /** All requests so far, in order. */
  readonly requests: LoggedRequest[]
  /** Requests of one path (the query does not count). */
  requestsOf(path: string): LoggedRequest[]
  put(path: string, file: OriginFile | OriginFile['body']): void
  remove(path: string): void
  /** The next requests of the path (any method) meet these faults, one after the other; `{}` is none. */
  fault(path: string, ...faults: Fault[]): void
  /** No request meets a fault any more that none has met so far. */
  forgetFaults(): void
  /** Connections that are open now. */
  connections(): Promise<number>
  close(): Promise<void>
}

export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const files = new Map<string, OriginFile>()
  const faults = new Map<string, Fault[]>()
  const requests: LoggedRequest[] = []
  const put: Origin['put'] = (path, file) => {
    files.set(path, typeof file === 'object' && 'body' in file ? file : { body: file })
  }
  for (const [path, file] of Object.entries(options.files ?? {})) put(path, file)

  function nextFault(path: string): Fault {
    const [fault, ...later] = faults.get(path) ?? []
    if (fault === undefined) return {}
    const times = (fault.times ?? 1) - 1
    faults.set(path, times > 0 ? [{ ...fault, times }, ...later] : later)
    fault.reached?.()
    return fault
  }

  function listener(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request
    requests.push({ method, path: url, headers })
    const path = decodeURIComponent(new URL(url, 'http://origin').pathname)
    const fault = nextFault(path)
    if (fault.replace !== undefined) put(path, fault.replace)
    request.resume()
    response.on('error', () => undefined)
    answer(request, response, fileAt(path, files), fault).catch(() => response.destroy())
  }

  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener)
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http${options.tls === undefined ? '' : 's'}://127.0.0.1:${port}`,
    requests,
    requestsOf: (path) => requests.filter((request) => request.path.split('?')[0] === path),
    put,
    remove: (path) => void files.delete(path),
    fault: (path, ...more) => void faults.set(path, [...(faults.get(path) ?? []), ...more]),
    forgetFaults: () => faults.clear(),
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

type Found = OriginFile | { readonly redirect: string } | undefined

function fileAt(path: string, files: ReadonlyMap<string, OriginFile>): Found {
  const file = files.get(path)
  if (file !== undefined) return file
  const isFolder = (folder: string) => [...files.keys()].some((name) => name.startsWith(folder))
  if (!path.endsWith('/')) return isFolder(`${path}/`) ? { redirect: `${path}/` } : undefined
  if (!isFolder(path)) return undefined
  const page = listingPage(path, files)
  return {
    body: page,
    etag: null,
    lastModified: null,
    headers: { 'content-type': 'text/html;charset=UTF-8' },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  found: Found,
  fault: Fault,
): Promise<void> {
  if (fault.dropAfter === 'headers') return void request.socket.destroy()
  if (fault.stallAfter === 'headers') return
  if (fault.hints !== undefined) return sendHints(response, fault.hints)
  const redirect = fault.redirect ?? (found !== undefined && 'redirect' in found ? found.redirect : undefined)
  if (redirect !== undefined)
    return brief(response, fault.status ?? 302, { location: redirect, ...fault.headers })
  if (fault.status !== undefined) return brief(response, fault.status, fault.headers)
  if (found === undefined || 'redirect' in found) return brief(response, 404, fault.headers)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return brief(response, 405, { allow: 'GET, HEAD' })
  await sendFile(request, response, found, fault)
}

async function sendHints(response: ServerResponse, milliseconds: number): Promise<void> {
  while (!response.destroyed) {
    response.writeEarlyHints({ link: '</a>; rel=preload' })
    await pause(milliseconds, undefined, { ref: false })
  }
}

function brief(response: ServerResponse, status: number, headers: Fault['headers'] = {}): void {
  const text = `status ${status}\n`
  const hasBody = status !== 204 && status !== 304
  response.writeHead(status, { ...(hasBody ? { 'content-length': text.length } : {}), ...headers })
  response.end(hasBody && response.req.method !== 'HEAD' ? text : undefined)
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: OriginFile,
  fault: Fault,
): Promise<void> {
  const facts = factsOf(file)
  const headers: Record<string, string | number> = { 'accept-ranges': 'bytes', ...facts.headers }
  if (isUnchanged(request.headers, facts)) return brief(response, 304, facts.headers)
  const range = fault.ignoreRange ? undefined : rangeOf(request.headers, facts)
  if (range !== undefined && range.first >= facts.size) {
    return brief(response, 416, { ...facts.headers, 'content-range': `bytes */${facts.size}` })
  }
  const first = (range?.first ?? 0) + (range === undefined ? 0 : (fault.shiftRange ?? 0))
  const end = range === undefined ? facts.size : Math.min(range.last + 1, facts.size)
  if (range !== undefined) headers['content-range'] = `bytes ${first}-${end - 1}/${facts.size}`

  let body = chunksOf(file, first, end)
  let length = end - first
  if (fault.gzip) {
    const packed = gzipSync(Buffer.concat([...body]))
    body = [packed]
    length = packed.length
    headers['content-encoding'] = 'gzip'
  }
  if (!fault.chunked) headers['content-length'] = fault.contentLength ?? length
  response.writeHead(range === undefined ? 200 : 206, { ...headers, ...fault.headers })
  if (request.method === 'HEAD') return void response.end()
  response.flushHeaders()
  await sendBody(response, body, fault)
}

/** What a fault makes of the bytes that are due. */
async function sendBody(response: ServerResponse, body: Iterable<Buffer>, fault: Fault): Promise<void> {
  const { dropAfter, stallAfter, contentLength = 0, trickle } = fault
  const limit = [dropAfter, stallAfter].find((bytes) => typeof bytes === 'number') ?? Number.POSITIVE_INFINITY
  let sent = 0
  for (const chunk of body) {
    for (const piece of pieces(chunk.subarray(0, limit - sent), trickle?.bytes)) {
      if (trickle !== undefined) await pause(trickle.milliseconds, undefined, { ref: false })
      if (response.destroyed) return
      sent += piece.length
      if (!response.write(piece)) await drained(response)
    }
  }
  if (stallAfter !== undefined) return
  if (dropAfter !== undefined || sent < contentLength) response.socket?.end()
  else response.end()
}

function* pieces(chunk: Buffer, size = chunk.length): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size)
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

interface Facts {
  readonly size: number
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly headers: Record<string, string>
}

const usualDate = new Date('2025-01-02T03:04:05Z')

function factsOf(file: OriginFile): Facts {
  const { body, headers } = file
  const size = sizeOf(body)
  const identity =
    typeof body === 'string' || body instanceof Uint8Array ? body : `${body.size} ${body.seed ?? 1}`
  const hash = createHash('sha1').update(identity).digest('hex').slice(0, 16)
  const etag = file.etag === undefined ? `"${hash}"` : (file.etag ?? undefined)
  const lastModified = file.lastModified === null ? undefined : (file.lastModified ?? usualDate).toUTCString()
  return {
    size,
    etag,
    lastModified,
    headers: {
      'content-type': 'application/octet-stream',
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
      ...headers,
    },
  }
}

function chunksOf({ body }: OriginFile, first: number, end: number): Iterable<Buffer> {
  if (typeof body === 'string') return [Buffer.from(body).subarray(first, end)]
  if (body instanceof Uint8Array)
    return [Buffer.from(body.buffer, body.byteOffset, body.length).subarray(first, end)]
  return generatedChunks(end, body.seed, first)
}

/** The range to serve; `undefined`: the whole file (no Range, one we do not read, If-Range of another file). */
function rangeOf(headers: IncomingHttpHeaders, facts: Facts): { first: number; last: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (match === null) return undefined
  const condition = headers['if-range']
  if (condition !== undefined && condition !== facts.etag && condition !== facts.lastModified)
    return undefined
  return { first: Number(match[1]), last: match[2] === '' ? facts.size - 1 : Number(match[2]) }
}

function isUnchanged(headers: IncomingHttpHeaders, facts: Facts): boolean {
  const tag = headers['if-none-match']
  if (tag !== undefined) return tag === facts.etag
  return headers['if-modified-since'] !== undefined && headers['if-modified-since'] === facts.lastModified
}
