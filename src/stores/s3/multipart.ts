import { UpdaterError } from '../../errors.ts'
import { abortedError, outliving } from '../../http/abort.ts'
import { escapeMarkup } from '../../markup.ts'
import { type BegunUpload, forgetUpload, rememberId, rememberUpload } from './begun.ts'
import type { S3Client, S3Request } from './client.ts'
import { abortUpload } from './objects.ts'
import { textOf } from './xml.ts'

const MiB = 2 ** 20

/** S3's own limit. Swift's default is 1000, which the size of the parts respects if it can. */
const maxParts = 10_000
/** What the parts of an upload may hold of memory together; at least two, so that one is filled while another is stored. */
const memory = 15 * MiB
/** S3's own limit for every part but the last. */
const smallest = 5 * MiB
/** Whatever length is announced, memory holds two of these at most. 1000 of them make 125 GiB. */
const largest = 128 * MiB
/** For an unknown size: 1000 parts are nearly 10 GiB. */
const usual = 10 * MiB

/** How an object is cut into parts; see `Upload`. */
export interface PartPlan {
  readonly partSize: number
  readonly concurrency: number
}

/**
 * Plans the parts of an object of `size` bytes (undefined: not known).
 * @throws UpdaterError STORE_FAILED if it would need more or larger parts than there may be
 */
export function planParts(size: number | undefined): PartPlan {
  const fitting = Math.ceil(Math.ceil((size ?? 0) / 1000) / MiB) * MiB
  const partSize = size === undefined ? usual : Math.min(largest, Math.max(smallest, fitting))
  if (size !== undefined && size > maxParts * partSize) {
    throw new UpdaterError('STORE_FAILED', `An object of ${size} bytes is larger than an object store takes`)
  }
  return { partSize, concurrency: Math.max(2, Math.floor(memory / partSize)) }
}

/**
 * Bytes of one server-side copy: small enough that a slow store answers within the time that HTTP
 * waits for headers, and 1000 of them make 125 GiB.
 */
const copySize = 128 * MiB

/** Returns the ranges that cover an object of `size` bytes, as the header of a copy names them. */
export function copyRanges(size: number): string[] {
  const count = Math.ceil(size / copySize)
  return Array.from({ length: count }, (_, index) => {
    const last = Math.min(size, (index + 1) * copySize) - 1
    return `bytes=${index * copySize}-${last}`
  })
}

interface Begun {
  readonly client: S3Client
  readonly key: string
  readonly uploadId: string
  readonly signal: AbortSignal
  readonly remembered: BegunUpload
}

/** One multipart upload. Its parts are numbered in the order in which they are given. */
export class Multipart {
  readonly #begun: Begun
  readonly #etags: Promise<string>[] = []

  private constructor(begun: Begun) {
    this.#begun = begun
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
    const lasting = outliving(signal, client.options.http.policy.respite)
    const what = `Beginning the upload of ${key}`
    const query = { uploads: '' }
    const remembered = await rememberUpload(client, key)
    if (signal.aborted) {
      await forgetUpload(client, remembered)
      throw abortedError(signal)
    }
    const { node } = await client.call({ what, method: 'POST', key, query, headers, signal: lasting })
    const uploadId = textOf(node, 'UploadId')
    if (uploadId === undefined) throw noAnswer(what, 'upload id')
    await rememberId(client, remembered, uploadId)
    const upload = new Multipart({ client, key, uploadId, signal, remembered })
    if (!signal.aborted) return upload
    await upload.abort().catch(() => undefined)
    throw abortedError(signal)
  }

  /**
   * Stores the next part, or copies it from another object on the server if the headers say so.
   * @returns its ETag
   */
  add(verb: 'Storing' | 'Copying', part: Pick<S3Request, 'body' | 'headers'>): Promise<string> {
    const etag = this.#send(verb, this.#etags.length + 1, part)
    this.#etags.push(etag)
    return etag
  }

  async #send(verb: string, number: number, part: Pick<S3Request, 'body' | 'headers'>): Promise<string> {
    const { client, key, uploadId, signal } = this.#begun
    const what = `${verb} part ${number} of ${key}`
    if (number > maxParts) {
      throw new UpdaterError('STORE_FAILED', `${what}: an object has at most ${maxParts} parts`, {
        remedy: 'The image is too large to be stored without knowing its size beforehand',
      })
    }
    const query = { partNumber: String(number), uploadId }
    const { node, headers } = await client.call({ what, method: 'PUT', key, query, signal, ...part })
    const etag = textOf(node, 'ETag') ?? headers.etag
    if (etag === undefined) throw noAnswer(what, 'ETag')
    return etag
  }

  /** Makes one object of all parts; of none, an empty one. */
  async complete(): Promise<void> {
    if (this.#etags.length === 0) await this.add('Storing', { body: new Uint8Array(0) })
    const etags = await Promise.all(this.#etags)
    const parts = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeMarkup(etag)}</ETag></Part>`,
    )
    const { client, key, uploadId, signal, remembered } = this.#begun
    await client.call({
      what: `Completing ${key}`,
      method: 'POST',
      key,
      query: { uploadId },
      headers: { 'content-type': 'application/xml' },
      body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
      signal,
    })
    await forgetUpload(client, remembered)
  }

  /** Removes the upload once no part is on its way any more: its signal ends those that are. */
  async abort(signal = removalSignal(this.#begun.client)): Promise<void> {
    await Promise.allSettled(this.#etags)
    const { client, key, uploadId, remembered } = this.#begun
    await abortUpload(client, key, uploadId, signal)
    await forgetUpload(client, remembered)
  }
}

/** Bounds the removal of what an upload has left, with all repetitions. */
export function removalSignal({ options: { http } }: S3Client): AbortSignal {
  return AbortSignal.timeout(http.policy.removalTimeout)
}

function noAnswer(what: string, missing: string): UpdaterError {
  return new UpdaterError('STORE_FAILED', `${what}: the answer holds no ${missing}`)
}
