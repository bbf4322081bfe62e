import { UpdaterError } from '../../errors.ts'
import { abortedError } from '../../http/abort.ts'
import { encodePath } from '../naming.ts'
import type { S3Client, S3Reply } from './call.ts'
import { S3Error } from './failure.ts'
import { maxParts } from './parts.ts'
import { escapeXml, parseXml, textOf } from './xml.ts'

/** One multipart upload. */
export interface Multipart {
  readonly id: string
  /** `number` counts from 1. */
  put(number: number, part: Uint8Array): Promise<void>
  /** A server-side copy of the bytes `first` to `last` of another object of the bucket. */
  copy(number: number, from: string, range: { readonly first: number; readonly last: number }): Promise<void>
  complete(): Promise<void>
  /** Tolerates an upload that is gone. */
  abort(): Promise<void>
}

/**
 * Begins an upload. An abort meanwhile does not cut the request off, since an upload that nobody knows the
 * id of stays; its answer gets a little more time, and the upload is removed again.
 * @throws UpdaterError STORE_*, ABORTED
 */
export async function startMultipart(
  client: S3Client,
  key: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Multipart> {
  const what = `Beginning the upload of ${key}`
  if (signal?.aborted) throw abortedError(signal)
  const query = { uploads: '' }
  const started = await outlasting(signal, (lasting) =>
    client.call({ what, method: 'POST', key, query, headers, signal: lasting }),
  )
  const id = field(started, 'UploadId')
  if (id === undefined) throw noAnswer(what, 'upload id')
  if (signal?.aborted) {
    await abortUpload(client, key, id).catch(() => undefined)
    throw abortedError(signal)
  }
  const etags = new Map<number, string>()

  async function part(
    number: number,
    what: string,
    send: (query: Record<string, string>) => Promise<S3Reply>,
  ) {
    if (number > maxParts) {
      throw new UpdaterError('STORE_FAILED', `${what}: an object has at most ${maxParts} parts`, {
        remedy: 'The image is too large to be stored without knowing its size beforehand',
      })
    }
    const reply = await send({ partNumber: String(number), uploadId: id as string })
    const etag = field(reply, 'ETag') ?? reply.headers.etag
    if (etag === undefined) throw noAnswer(what, 'ETag')
    etags.set(number, etag)
  }

  return {
    id,
    put: (number, bytes) => {
      const what = `Storing part ${number} of ${key}`
      return part(number, what, (query) =>
        client.call({ what, method: 'PUT', key, query, body: bytes, signal }),
      )
    },
    copy: (number, from, { first, last }) => {
      const what = `Copying part ${number} of ${key}`
      const headers = {
        'x-amz-copy-source': copySource(client, from),
        'x-amz-copy-source-range': `bytes=${first}-${last}`,
      }
      return part(number, what, (query) => client.call({ what, method: 'PUT', key, query, headers, signal }))
    },
    complete: async () => {
      const parts = [...etags].sort(([a], [b]) => a - b)
      const listed = parts.map(
        ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
      )
      const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`
      const headers = { 'content-type': 'application/xml' }
      const query = { uploadId: id }
      await client.call({ what: `Completing ${key}`, method: 'POST', key, query, headers, body, signal })
    },
    abort: () => abortUpload(client, key, id),
  }
}

/** How a copy names the object that it is made of. */
export function copySource({ bucket }: S3Client, key: string): string {
  return `/${bucket}/${encodePath(key)}`
}

/** Milliseconds that a request may take whose answer is awaited though the run is aborted. */
const respite = 5_000

/** Runs a task with a signal that is aborted some seconds after the given one. */
async function outlasting<T>(
  signal: AbortSignal | undefined,
  task: (lasting: AbortSignal) => Promise<T>,
): Promise<T> {
  const lasting = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    timer = setTimeout(() => lasting.abort(signal?.reason), respite)
  }
  signal?.addEventListener('abort', wait, { once: true })
  try {
    return await task(lasting.signal)
  } finally {
    signal?.removeEventListener('abort', wait)
    clearTimeout(timer)
  }
}

/** Milliseconds that the removal of one thing may take, with all its repetitions. */
const removalTime = 20_000

/** A signal for removals, which go on when the run is aborted, but not for ever. */
export function removal(signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(removalTime)
  return signal === undefined ? limit : AbortSignal.any([signal, limit])
}

/** Gone is as good as aborted. @throws UpdaterError STORE_* */
export async function abortUpload(
  client: S3Client,
  key: string,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  const what = `Aborting the upload of ${key}`
  try {
    await client.call({ what, method: 'DELETE', key, query: { uploadId: id }, signal: removal(signal) })
  } catch (error) {
    if (!(error instanceof S3Error && error.status === 404)) throw error
  }
}

function field({ text }: S3Reply, name: string): string | undefined {
  const document = parseXml(text)
  return document === undefined ? undefined : textOf(document.node, name)
}

function noAnswer(what: string, missing: string): UpdaterError {
  return new UpdaterError('STORE_FAILED', `${what}: the answer holds no ${missing}`)
}
