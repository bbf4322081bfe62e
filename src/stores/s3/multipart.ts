import { UpdaterError } from '../../errors.ts'
import { abortedError } from '../../http/abort.ts'
import { escapeMarkup } from '../../markup.ts'
import type { S3Client } from './client.ts'
import { S3Error, type S3Reply } from './errors.ts'
import { copySource } from './object.ts'
import { parseXml, textOf } from './xml.ts'

const MiB = 2 ** 20

/** S3's own limit. Swift's default is 1000, which the size of the parts respects where it can. */
const maxParts = 10_000
/** What the parts of an upload may hold of memory together; at least two, so that one is filled while another is stored. */
const memory = 15 * MiB
/** S3's own limit for every part but the last. */
const smallest = 5 * MiB
/** Where the size is not known: 1000 parts are nearly 10 GiB. */
const usual = 10 * MiB

export interface PartPlan {
  /** Bytes of every part but the last. */
  readonly partSize: number
  /** Parts that are filled or on their way at once. */
  readonly concurrency: number
}

/** Plans how an object of `size` bytes (undefined: not known) is cut into parts. */
export function planParts(size: number | undefined): PartPlan {
  const partSize =
    size === undefined ? usual : Math.max(smallest, Math.ceil(Math.ceil(size / 1000) / MiB) * MiB)
  const concurrency = Math.max(2, Math.floor(memory / partSize))
  return { partSize, concurrency }
}

/** Bytes of an object, both ends included. */
interface Range {
  readonly first: number
  readonly last: number
}

/**
 * Bytes of one server-side copy: small enough that a slow store answers within the time that HTTP
 * waits for headers, and 1000 of them make 125 GiB.
 */
const copySize = 128 * MiB

/** Returns the ranges that cover an object of `size` bytes. */
export function copyRanges(size: number): Range[] {
  const count = Math.ceil(size / copySize)
  return Array.from({ length: count }, (_, index) => ({
    first: index * copySize,
    last: Math.min(size, (index + 1) * copySize) - 1,
  }))
}

/** One multipart upload. Its parts are numbered in the order in which they are given. */
export class Multipart {
  readonly #client: S3Client
  readonly #key: string
  readonly #id: string
  readonly #signal: AbortSignal
  readonly #etags: Promise<string>[] = []

  private constructor(client: S3Client, key: string, id: string, signal: AbortSignal) {
    this.#client = client
    this.#key = key
    this.#id = id
    this.#signal = signal
  }

  /**
   * Begins an upload. An abort meanwhile does not cut the request off, since an upload whose id nobody knows stays;
   * its answer gets a little more time, and the upload is removed again.
   * @throws UpdaterError STORE_*, ABORTED
   */
  static async begin(
    client: S3Client,
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Multipart> {
    if (signal.aborted) throw abortedError(signal)
    const what = `Beginning the upload of ${key}`
    const query = { uploads: '' }
    const started = await client.call({
      what,
      method: 'POST',
      key,
      query,
      headers,
      signal: outlasting(signal),
    })
    const id = field(started, 'UploadId')
    if (id === undefined) throw noAnswer(what, 'upload id')
    if (signal.aborted) {
      await abortUpload(client, key, id).catch(() => undefined)
      throw abortedError(signal)
    }
    return new Multipart(client, key, id, signal)
  }

  /** Stores the next part. */
  put(bytes: Uint8Array): Promise<void> {
    return this.#add('Storing', { body: bytes })
  }

  /** Makes the next part of bytes of another object of the bucket, on the server. */
  copy(from: string, { first, last }: Range): Promise<void> {
    const headers = {
      'x-amz-copy-source': copySource(this.#client, from),
      'x-amz-copy-source-range': `bytes=${first}-${last}`,
    }
    return this.#add('Copying', { headers })
  }

  async #add(
    verb: string,
    part: { readonly body?: Uint8Array; readonly headers?: Record<string, string> },
  ): Promise<void> {
    const number = this.#etags.length + 1
    const what = `${verb} part ${number} of ${this.#key}`
    const etag = this.#send(what, number, part)
    this.#etags.push(etag)
    await etag
  }

  /** @returns the part's ETag */
  async #send(
    what: string,
    number: number,
    part: { readonly body?: Uint8Array; readonly headers?: Record<string, string> },
  ): Promise<string> {
    if (number > maxParts) {
      throw new UpdaterError('STORE_FAILED', `${what}: an object has at most ${maxParts} parts`, {
        remedy: 'The image is too large to be stored without knowing its size beforehand',
      })
    }
    const query = { partNumber: String(number), uploadId: this.#id }
    const signal = this.#signal
    const reply = await this.#client.call({ what, method: 'PUT', key: this.#key, query, ...part, signal })
    const etag = field(reply, 'ETag') ?? reply.headers.etag
    if (etag === undefined) throw noAnswer(what, 'ETag')
    return etag
  }

  /** Makes one object of all parts; of none, an empty one. */
  async complete(): Promise<void> {
    if (this.#etags.length === 0) await this.put(new Uint8Array(0))
    const etags = await Promise.all(this.#etags)
    const parts = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeMarkup(etag)}</ETag></Part>`,
    )
    await this.#client.call({
      what: `Completing ${this.#key}`,
      method: 'POST',
      key: this.#key,
      query: { uploadId: this.#id },
      headers: { 'content-type': 'application/xml' },
      body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
      signal: this.#signal,
    })
  }

  /** Removes the upload once no part is on its way any more: its signal ends those that are. */
  async abort(): Promise<void> {
    await Promise.allSettled(this.#etags)
    await abortUpload(this.#client, this.#key, this.#id)
  }
}

/** Milliseconds that a request may take whose answer is awaited though the run is aborted. */
const respite = 5_000

/** Returns a signal that is aborted some seconds after the given one. */
function outlasting(signal: AbortSignal): AbortSignal {
  const lasting = new AbortController()
  const abort = () => lasting.abort(signal.reason)
  signal.addEventListener('abort', () => setTimeout(abort, respite).unref(), { once: true })
  return lasting.signal
}

/** Milliseconds that the removal of one thing may take, with all its repetitions. */
const removalTime = 20_000

/** Returns a signal for removals, which go on when the run is aborted, but not for ever. */
export function removal(signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(removalTime)
  return signal === undefined ? limit : AbortSignal.any([signal, limit])
}

/** Removes an upload. One that is gone is as good as aborted. @throws UpdaterError STORE_* */
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
  return textOf(parseXml(text)?.node, name)
}

function noAnswer(what: string, missing: string): UpdaterError {
  return new UpdaterError('STORE_FAILED', `${what}: the answer holds no ${missing}`)
}
