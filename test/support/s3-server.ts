import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { type Account, authenticate, type Refusal } from './s3-auth.ts'
import { type Blob, type BlobMode, createBlobs, type Piece, readPieces, sizeOf, slice } from './s3-blobs.ts'

export type Operation =
  | 'HeadBucket'
  | 'CreateBucket'
  | 'ListObjects'
  | 'ListMultipartUploads'
  | 'HeadObject'
  | 'GetObject'
  | 'PutObject'
  | 'CopyObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'ListParts'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  /** A reader without credentials below `/swift/v1/AUTH_…/`. */
  | 'PublicRead'

/** Something that goes wrong. Of the operations that match, the first `after` (0) pass, the next `times` (1) do not. */
export interface Fault {
  readonly on: Operation | readonly Operation[] | 'any'
  /** Only where the key begins so. */
  readonly key?: string
  readonly after?: number
  readonly times?: number
  /** Called when an operation meets it. */
  readonly reached?: () => void
  readonly effect: /** Refused, nothing done. A `status` of 200 makes it an error inside of a success. */
    | { readonly type: 'error'; readonly status: number; readonly code: string; readonly message?: string }
    /** The connection breaks: before anything is done, or with `done` when only the answer is missing. */
    | { readonly type: 'drop'; readonly done?: boolean }
    /** Milliseconds before it is done, with `done` between that and the answer. */
    | { readonly type: 'delay'; readonly milliseconds: number; readonly done?: boolean }
    /** No answer ever comes (until `close`); with `done` all has been done. */
    | { readonly type: 'stall'; readonly done?: boolean }
    /** Done, but the answer breaks off in its middle. */
    | { readonly type: 'cut' }
    /** Any answer, e.g. a web page of a proxy. */
    | {
        readonly type: 'answer'
        readonly status: number
        readonly body: string | (() => string)
        readonly contentType?: string
      }
}

export interface S3ServerOptions {
  readonly accessKey?: string
  readonly secretKey?: string
  readonly region?: string
  /** Buckets that exist from the beginning. Default: `openstack-images`. */
  readonly buckets?: readonly string[]
  readonly blobs?: BlobMode
  /** Most entries of one page of a listing. Default: 1000. */
  readonly pageSize?: number
  /** Bytes that every part but the last has at least. Default: 5 MiB. */
  readonly smallestPart?: number
  /** Milliseconds by which the server's clock is ahead. */
  readonly skew?: number
  /** Default: 0, any free port. */
  readonly port?: number
}

export interface LoggedRequest {
  readonly operation: Operation | 'Unknown'
  readonly method: string
  /** As it was asked, with the query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  /** 0: no answer was sent. */
  readonly status: number
  readonly code: string | undefined
}

export interface VisibleObject {
  readonly bucket: string
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly contentType: string
  /** Without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly acl: string
  readonly lastModified: Date
}

export interface PendingUpload {
  readonly bucket: string
  readonly key: string
  readonly id: string
  readonly parts: readonly number[]
}

export interface S3Server {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  /** Between the endpoint and the bucket in URLs for readers without credentials. */
  readonly swiftPrefix: string
  readonly requests: LoggedRequest[]
  objects(): VisibleObject[]
  uploads(): PendingUpload[]
  read(bucket: string, key: string): Promise<Buffer>
  fault(fault: Fault): void
  clearFaults(): void
  /** Puts a private object of a few bytes there, or an unfinished upload, without anybody's request. @returns an upload's id */
  leave(thing: { readonly key: string; readonly upload?: boolean }): Promise<string>
  /** Changes the middle byte of an object at rest: nothing else of it tells so. */
  rot(key: string): Promise<void>
  /** A rule of the bucket removes all unfinished uploads. */
  expireUploads(): void
  /** Makes what is there now older. */
  age(milliseconds: number): void
  close(): Promise<void>
}

interface StoredObject extends Omit<VisibleObject, 'size'> {
  readonly pieces: readonly Piece[]
}

interface StoredUpload extends Omit<StoredObject, 'pieces' | 'etag'> {
  readonly id: string
  readonly parts: Map<number, { readonly etag: string; readonly pieces: readonly Piece[] }>
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | readonly Piece[]
}

interface Call {
  readonly request: IncomingMessage
  readonly operation: Operation
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly anonymous: boolean
}

class S3Refusal extends Error {
  readonly refusal: Refusal
  constructor(
    status: number,
    code: string,
    message: string = code,
    extra?: Readonly<Record<string, string>>,
  ) {
    super(message)
    this.refusal = { status, code, message, ...(extra === undefined ? {} : { extra }) }
  }
}

const swiftPrefix = 'swift/v1/AUTH_test/'

/**
 * An S3 server of the tests' own on 127.0.0.1: path style, Signature Version 4 checked, multipart uploads,
 * copies, listings, canned ACLs per object, public reading below `/swift/v1/AUTH_test/`, and faults.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { accessKey = 'test-access-key', secretKey = 'test-secret-key', region = 'us-east-1' } = options
  const { pageSize = 1000, smallestPart = 5 * 2 ** 20, skew = 0 } = options
  const blobs = await createBlobs(options.blobs ?? 'memory')
  const kept = await createBlobs('memory')
  const account: Account = { accessKey, secretKey, region, now: () => Date.now() + skew }
  const buckets = new Set(options.buckets ?? ['openstack-images'])
  const objects = new Map<string, StoredObject>()
  const uploads = new Map<string, StoredUpload>()
  const requests: LoggedRequest[] = []
  const faults = new Map<Fault, number>()
  const at = (bucket: string, key: string) => `${bucket}/${key}`

  const operations: Record<Operation, (call: Call) => Answer | Promise<Answer>> = {
    HeadBucket: ({ bucket }) => {
      needBucket(bucket)
      return { status: 200, headers: { 'x-amz-bucket-region': region } }
    },
    CreateBucket: ({ bucket }) => {
      buckets.add(bucket)
      return { status: 200 }
    },
    ListObjects: (call) => {
      needBucket(call.bucket)
      const found = inBucket(objects.values(), call)
      const after = call.query.get('continuation-token') ?? call.query.get('marker') ?? ''
      const { page, truncated } = paged(found, 'max-keys', call, ({ key }) => key > after)
      const entries = page.map(
        ({ key, pieces, etag, lastModified }) =>
          `<Contents>${tag('Key', key)}${tag('LastModified', lastModified.toISOString())}${tag('ETag', etag)}${tag('Size', sizeOf(pieces))}</Contents>`,
      )
      const next = truncated ? tag('NextContinuationToken', page.at(-1)?.key ?? '') : ''
      return xml(
        'ListBucketResult',
        `${tag('Name', call.bucket)}${tag('IsTruncated', truncated)}${next}${entries.join('')}`,
      )
    },
    ListMultipartUploads: (call) => {
      needBucket(call.bucket)
      const found = inBucket(uploads.values(), call)
      const after = [call.query.get('key-marker') ?? '', call.query.get('upload-id-marker') ?? '']
      const place = ({ key, id }: StoredUpload) =>
        key === after[0] ? id > (after[1] ?? '') : key > (after[0] ?? '')
      const { page, truncated } = paged(found, 'max-uploads', call, place)
      const entries = page.map(
        ({ key, id, lastModified }) =>
          `<Upload>${tag('Key', key)}${tag('UploadId', id)}${tag('Initiated', lastModified.toISOString())}</Upload>`,
      )
      const last = page.at(-1)
      const next = `${tag('NextKeyMarker', last?.key ?? '')}${tag('NextUploadIdMarker', last?.id ?? '')}`
      return xml('ListMultipartUploadsResult', `${tag('IsTruncated', truncated)}${next}${entries.join('')}`)
    },
    HeadObject: (call) => ({ ...readObject(call), body: '' }),
    GetObject: (call) => readObject(call),
    PublicRead: (call) => readObject(call),
    PutObject: async (call) => {
      needBucket(call.bucket)
      const blob = await receive(call)
      const etag = `"${blob.md5}"`
      put(call, { ...described(call), etag, pieces: [{ blob, start: 0, end: blob.size }] })
      return { status: 200, headers: { etag } }
    },
    CopyObject: (call) => {
      needBucket(call.bucket)
      const from = copySource(call)
      const replaced = header(call, 'x-amz-metadata-directive') === 'REPLACE'
      if (from.bucket === call.bucket && from.key === call.key && !replaced) {
        throw new S3Refusal(400, 'InvalidRequest', 'An object is copied onto itself without changing it.')
      }
      const { pieces, etag, metadata, contentType } = from
      put(call, { ...described(call), ...(replaced ? {} : { metadata, contentType }), etag, pieces })
      return xml('CopyObjectResult', tag('ETag', etag))
    },
    DeleteObject: (call) => {
      needBucket(call.bucket)
      objects.delete(at(call.bucket, call.key))
      return { status: 204 }
    },
    CreateMultipartUpload: (call) => {
      needBucket(call.bucket)
      const id = randomUUID()
      uploads.set(id, { ...described(call), id, parts: new Map() })
      return xml('InitiateMultipartUploadResult', `${tag('Key', call.key)}${tag('UploadId', id)}`)
    },
    UploadPart: async (call) => {
      const upload = uploadOf(call)
      const blob = await receive(call)
      const etag = `"${blob.md5}"`
      uploadOf(call)
      upload.parts.set(partNumber(call), { etag, pieces: [{ blob, start: 0, end: blob.size }] })
      return { status: 200, headers: { etag } }
    },
    UploadPartCopy: async (call) => {
      const upload = uploadOf(call)
      const source = copySource(call)
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header(call, 'x-amz-copy-source-range')) ?? []
      const size = sizeOf(source.pieces)
      const end = last === undefined ? size : Number(last) + 1
      if (end > size) throw new S3Refusal(400, 'InvalidArgument', 'The range is not within the source.')
      const pieces = slice(source.pieces, Number(first ?? 0), end)
      const etag = `"${await digest(pieces)}"`
      upload.parts.set(partNumber(call), { etag, pieces })
      return xml('CopyPartResult', tag('ETag', etag))
    },
    ListParts: (call) => {
      const parts = [...uploadOf(call).parts].sort(([a], [b]) => a - b)
      const entries = parts.map(
        ([number, { etag, pieces }]) =>
          `<Part>${tag('PartNumber', number)}${tag('ETag', etag)}${tag('Size', sizeOf(pieces))}</Part>`,
      )
      return xml('ListPartsResult', entries.join(''))
    },
    CompleteMultipartUpload: async (call) => {
      const upload = uploadOf(call)
      const blob = await receive(call, kept)
      const body = (await collect([{ blob, start: 0, end: blob.size }])).toString()
      const pieces = chosenParts(upload, body, smallestPart)
      const { id, parts, ...rest } = upload
      const etag = `"${createHash('md5')
        .update([...parts.values()].map((part) => part.etag).join())
        .digest('hex')}-${parts.size}"`
      put(call, { ...rest, etag, pieces, lastModified: new Date(account.now()) })
      uploads.delete(id)
      return xml('CompleteMultipartUploadResult', tag('Key', call.key))
    },
    AbortMultipartUpload: (call) => {
      uploads.delete(uploadOf(call).id)
      return { status: 204 }
    },
  }

  function needBucket(bucket: string): void {
    if (!buckets.has(bucket)) throw new S3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist.')
  }

  function inBucket<T extends { bucket: string; key: string }>(
    all: Iterable<T>,
    { bucket, query }: Call,
  ): T[] {
    const prefix = query.get('prefix') ?? ''
    return [...all]
      .filter((entry) => entry.bucket === bucket && entry.key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  function paged<T>(all: T[], limit: string, { query }: Call, isAfter: (entry: T) => boolean) {
    const left = all.filter(isAfter)
    const page = left.slice(0, Math.min(pageSize, Number(query.get(limit) ?? 1000)))
    return { page, truncated: page.length > 0 && page.length < left.length }
  }

  function readObject({ request, bucket, key, anonymous }: Call): Answer {
    const object = objects.get(at(bucket, key))
    if (anonymous && object?.acl !== 'public-read') throw new S3Refusal(403, 'AccessDenied', 'Access Denied')
    needBucket(bucket)
    if (object === undefined) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.')
    const size = sizeOf(object.pieces)
    const headers = {
      etag: object.etag,
      'content-type': object.contentType,
      'last-modified': object.lastModified.toUTCString(),
      'accept-ranges': 'bytes',
      ...Object.fromEntries(
        Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
      ),
    }
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    if (from === undefined)
      return { status: 200, headers: { ...headers, 'content-length': String(size) }, body: object.pieces }
    const first = Number(from)
    const last = Math.min(size - 1, to === '' ? size - 1 : Number(to))
    if (first > last) throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable')
    return {
      status: 206,
      headers: {
        ...headers,
        'content-length': String(last - first + 1),
        'content-range': `bytes ${first}-${last}/${size}`,
      },
      body: slice(object.pieces, first, last + 1),
    }
  }

  function described(call: Call): Omit<StoredObject, 'pieces' | 'etag'> {
    const { bucket, key, request } = call
    const metadata = Object.entries(request.headers)
      .filter(([name]) => name.startsWith('x-amz-meta-'))
      .map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)])
    return {
      bucket,
      key,
      contentType: header(call, 'content-type') || 'binary/octet-stream',
      acl: header(call, 'x-amz-acl') || 'private',
      metadata: Object.fromEntries(metadata),
      lastModified: new Date(account.now()),
    }
  }

  function put({ bucket, key }: Call, object: StoredObject): void {
    objects.set(at(bucket, key), object)
  }

  async function receive({ request }: Call, into = blobs): Promise<Blob> {
    const blob = await into.receive(request)
    const announced = request.headers['x-amz-content-sha256']
    if (announced !== 'UNSIGNED-PAYLOAD' && blob.sha256 !== undefined && announced !== blob.sha256) {
      throw new S3Refusal(400, 'XAmzContentSHA256Mismatch', 'The digest of the body is not the signed one.')
    }
    return blob
  }

  function copySource(call: Call): StoredObject {
    const [bucket = '', ...rest] = decodeURIComponent(header(call, 'x-amz-copy-source'))
      .replace(/^\//, '')
      .split('/')
    const object = objects.get(at(bucket, rest.join('/')))
    if (object === undefined) throw new S3Refusal(404, 'NoSuchKey', 'The source of the copy does not exist.')
    return object
  }

  function uploadOf({ bucket, key, query }: Call): StoredUpload {
    needBucket(bucket)
    const upload = uploads.get(query.get('uploadId') ?? '')
    if (upload === undefined || upload.bucket !== bucket || upload.key !== key) {
      throw new S3Refusal(404, 'NoSuchUpload', 'The specified upload does not exist.')
    }
    return upload
  }

  function takeFault({ operation, key }: Call): Fault['effect'] | undefined {
    for (const [fault, seen] of faults) {
      const { on, after = 0, times = 1 } = fault
      if (!key.startsWith(fault.key ?? '')) continue
      if (on !== 'any' && ![on].flat().includes(operation)) continue
      faults.set(fault, seen + 1)
      if (seen < after || seen >= after + times) continue
      fault.reached?.()
      return fault.effect
    }
    return undefined
  }

  async function perform(request: IncomingMessage, call: Call | undefined): Promise<Answer> {
    const identity = authenticate(request, account)
    if (typeof identity === 'object') return refuse(identity)
    if (call === undefined) throw new S3Refusal(400, 'InvalidRequest', 'No such operation.')
    const open: readonly Operation[] = ['GetObject', 'HeadObject', 'PublicRead']
    if (identity === 'anonymous' && !open.includes(call.operation))
      throw new S3Refusal(403, 'AccessDenied', 'Access Denied')
    return operations[call.operation]({ ...call, anonymous: identity === 'anonymous' })
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = understand(request)
    const fault = call === undefined ? undefined : takeFault(call)
    const log = (status: number, code?: string) =>
      requests.push({
        operation: call?.operation ?? 'Unknown',
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        status,
        code,
      })
    const delay = fault?.type === 'delay' ? fault : undefined
    if (delay !== undefined && delay.done !== true) await pause(delay.milliseconds)
    const answer = isCarriedOut(fault)
      ? await perform(request, call).catch((error) => {
          if (error instanceof S3Refusal) return refuse(error.refusal)
          throw error
        })
      : planned(fault)
    if (delay?.done === true) await pause(delay.milliseconds)
    if (fault?.type === 'drop' || fault?.type === 'stall') {
      log(0)
      if (fault.type === 'drop') request.socket.destroy()
      else request.resume()
      return
    }
    log(answer.status, typeof answer.body === 'string' ? /<Code>(\w+)/.exec(answer.body)?.[1] : undefined)
    request.resume()
    if (fault?.type === 'cut') return cut(response, answer)
    await send(response, answer, request.method === 'HEAD')
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessKey,
    secretKey,
    region,
    swiftPrefix,
    requests,
    objects: () => [...objects.values()].map(({ pieces, ...rest }) => ({ ...rest, size: sizeOf(pieces) })),
    uploads: () =>
      [...uploads.values()].map(({ bucket, key, id, parts }) => ({
        bucket,
        key,
        id,
        parts: [...parts.keys()],
      })),
    read: (bucket, key) => collect(objects.get(at(bucket, key))?.pieces ?? []),
    fault: (fault) => {
      faults.set(fault, 0)
    },
    clearFaults: () => faults.clear(),
    leave: async ({ key, upload }) => {
      const bucket = 'openstack-images'
      const known = { bucket, key, contentType: 'text/plain', acl: 'private', metadata: {} }
      const dated = { ...known, lastModified: new Date(account.now()) }
      const id = randomUUID()
      const blob = await kept.receive(Readable.from([Buffer.from('left')]))
      if (upload === true) uploads.set(id, { ...dated, id, parts: new Map() })
      else
        objects.set(at(bucket, key), {
          ...dated,
          etag: '"left"',
          pieces: [{ blob, start: 0, end: blob.size }],
        })
      return id
    },
    expireUploads: () => uploads.clear(),
    rot: async (key) => {
      const place = at('openstack-images', key)
      const object = objects.get(place)
      if (object === undefined) throw new Error(`no ${key}`)
      const bytes = await buffer(readPieces(object.pieces))
      const middle = bytes.length >> 1
      bytes[middle] = (bytes[middle] ?? 0) ^ 1
      const blob = await kept.receive(Readable.from([bytes]))
      objects.set(place, { ...object, pieces: [{ blob, start: 0, end: blob.size }] })
    },
    age: (milliseconds) => {
      for (const things of [objects, uploads] as const) {
        for (const [name, thing] of things) {
          const lastModified = new Date(thing.lastModified.getTime() - milliseconds)
          things.set(name, { ...thing, lastModified } as StoredObject & StoredUpload)
        }
      }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await blobs.close()
    },
  }
}

function isCarriedOut(effect: Fault['effect'] | undefined): boolean {
  if (effect === undefined || effect.type === 'delay' || effect.type === 'cut') return true
  return 'done' in effect && effect.done === true
}

/** Which operation a request asks for; `undefined`: none that this server knows. */
function understand(request: IncomingMessage): Call | undefined {
  const [path = '', search = ''] = (request.url ?? '').split('?')
  const isPublic = path.startsWith(`/${swiftPrefix}`)
  const [bucket = '', ...rest] = (isPublic ? path.slice(swiftPrefix.length + 1) : path.slice(1)).split('/')
  const query = new URLSearchParams(search)
  const key = decodeURIComponent(rest.join('/'))
  const operation = isPublic ? 'PublicRead' : operationOf(request, key, query)
  if (operation === undefined || bucket === '') return undefined
  return { request, operation, bucket, key, query, anonymous: true }
}

function operationOf(request: IncomingMessage, key: string, query: URLSearchParams): Operation | undefined {
  const copies = request.headers['x-amz-copy-source'] !== undefined
  const ofBucket: Record<string, Operation> = {
    GET: query.has('uploads') ? 'ListMultipartUploads' : 'ListObjects',
    HEAD: 'HeadBucket',
    PUT: 'CreateBucket',
  }
  const ofUpload: Record<string, Operation> = {
    GET: 'ListParts',
    PUT: copies ? 'UploadPartCopy' : 'UploadPart',
    POST: 'CompleteMultipartUpload',
    DELETE: 'AbortMultipartUpload',
  }
  const ofObject: Record<string, Operation> = {
    GET: 'GetObject',
    HEAD: 'HeadObject',
    PUT: copies ? 'CopyObject' : 'PutObject',
    DELETE: 'DeleteObject',
    ...(query.has('uploads') ? { POST: 'CreateMultipartUpload' as const } : {}),
  }
  const table = key === '' ? ofBucket : query.has('uploadId') ? ofUpload : ofObject
  return table[request.method ?? '']
}

/** The parts that the body of a Complete names, in its order, all of them known and none but the last small. */
function chosenParts(upload: StoredUpload, body: string, smallest: number): Piece[] {
  const named = [...body.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)]
  if (named.length === 0) throw new S3Refusal(400, 'MalformedXML')
  const parts = named.map(([, number, etag]) => {
    const part = upload.parts.get(Number(number))
    const wanted = (etag ?? '').replaceAll('&#34;', '"').replaceAll('&quot;', '"')
    if (part === undefined || part.etag !== wanted)
      throw new S3Refusal(400, 'InvalidPart', 'A part is not there.')
    return part.pieces
  })
  const numbers = named.map(([, number]) => Number(number))
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    throw new S3Refusal(400, 'InvalidPartOrder')
  }
  if (parts.slice(0, -1).some((pieces) => sizeOf(pieces) < smallest))
    throw new S3Refusal(400, 'EntityTooSmall')
  return parts.flat()
}

function partNumber({ query }: Call): number {
  const number = Number(query.get('partNumber'))
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number
  throw new S3Refusal(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive')
}

function planned(fault: Fault['effect'] | undefined): Answer {
  if (fault?.type === 'error') return refuse({ message: fault.message ?? fault.code, ...fault })
  if (fault?.type !== 'answer') return { status: 500 }
  return {
    status: fault.status,
    body: typeof fault.body === 'function' ? fault.body() : fault.body,
    headers: { 'content-type': fault.contentType ?? 'text/html' },
  }
}

function refuse({ status, code, message, extra = {} }: Refusal): Answer {
  const more = Object.entries(extra).map(([name, value]) => tag(name, value))
  return { ...xml('Error', `${tag('Code', code)}${tag('Message', message)}${more.join('')}`), status }
}

function xml(root: string, content: string): Answer & { body: string } {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

function tag(name: string, value: string | number | boolean): string {
  const text = String(value).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
  return `<${name}>${text}</${name}>`
}

function header({ request }: Call, name: string): string {
  return String(request.headers[name] ?? '')
}

async function collect(pieces: readonly Piece[]): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readPieces(pieces)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function digest(pieces: readonly Piece[]): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of readPieces(pieces)) hash.update(chunk)
  return hash.digest('hex')
}

/** Promises more than it sends. */
function cut(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const text = typeof body === 'string' ? body : ''
  response.writeHead(status, { ...headers, 'content-length': String(text.length + 10) })
  response.write(text.slice(0, 20) || ' ', () => response.destroy())
}

async function send(
  response: ServerResponse,
  { status, headers = {}, body = '' }: Answer,
  bare: boolean,
): Promise<void> {
  const length = typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  response.writeHead(status, { ...length, ...headers, 'x-amz-request-id': randomUUID() })
  if (typeof body !== 'string' && !bare) {
    for await (const chunk of readPieces(body)) {
      if (response.destroyed) return
      if (!response.write(chunk))
        await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
  }
  response.end(typeof body === 'string' && !bare ? body : undefined)
}
