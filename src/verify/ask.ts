import { createHash } from 'node:crypto'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import type { HttpClient } from '../http/types.ts'
import {
  type Compression,
  type Digest,
  type DigestAlgorithm,
  formatDigest,
  type ImageFormat,
  sameDigest,
} from '../image.ts'
import type { VerifiedUrl } from '../report/schemas.ts'
import { findPublic, type PublicObject, readPublic } from '../stores/public.ts'
import { bounded } from '../transfer/chunks.ts'
import { decompress } from '../transfer/decompress.ts'

export interface Asker {
  readonly http: HttpClient
  readonly signal: AbortSignal
}

export interface Answer extends VerifiedUrl {
  readonly found?: PublicObject | undefined
  /** Only with `private`: a URL that certainly does not exist gets the same answer. */
  readonly isHidden?: boolean | undefined
}

/** What a reader without credentials finds there. @throws the signal's reason once it is aborted */
export async function askUrl(url: string, asker: Asker): Promise<Answer> {
  const { http, signal } = asker
  try {
    const found = await findPublic(url, http, signal)
    if (!('turnedAway' in found)) return { url, status: 'ok', found }
    const { turnedAway } = found
    const message = `It answers ${turnedAway}`
    if (turnedAway === 404 || turnedAway === 410) return { url, status: 'missing', message }
    if (!(await isHidden(url, turnedAway, asker))) return { url, status: 'private', message }
    return { url, status: 'private', message: `${message}, as for whatever is not there`, isHidden: true }
  } catch (error) {
    signal.throwIfAborted()
    if (statusOf(error) === 409) {
      return {
        url,
        status: 'private',
        message: 'It answers 409, as Swift does where the segments are private',
      }
    }
    return failed(url, asUpdaterError(error))
  }
}

/** Many stores answer 403 for a missing object too, unless the reader may list the bucket. */
async function isHidden(url: string, status: number, { http, signal }: Asker): Promise<boolean> {
  const other = await findPublic(new URL('no-such-object', url).href, http, signal)
  return 'turnedAway' in other && other.turnedAway === status
}

/** The address of a mirror, or of a distribution's images, that a URL lies below. */
function baseOf(url: string): string {
  return new URL('..', new URL(url)).href
}

/**
 * An answer may mean private or missing. If everybody can read another object of the same folder, it is taken for
 * missing.
 */
export function inLightOf(
  answers: readonly (Answer | undefined)[],
): (answer: Answer | undefined) => Answer | undefined {
  const readable = new Set(answers.flatMap((one) => (one?.found === undefined ? [] : [baseOf(one.url)])))
  return (answer) => {
    if (answer?.isHidden !== true || !readable.has(baseOf(answer.url))) return answer
    return { url: answer.url, status: 'missing', message: answer.message }
  }
}

export function failed(url: string, error: UpdaterError): Answer {
  return { url, status: 'error', message: error.message }
}

/** The digest of a published file, and of its content if it is compressed. */
export interface Hashed {
  readonly digest: Digest
  /** sha256. */
  readonly unpacked?: Digest | undefined
}

/** How a file is to be read. */
interface Hashing {
  readonly algorithm: DigestAlgorithm
  readonly compression?: Compression | undefined
  readonly format?: ImageFormat | undefined
}

/** @throws UpdaterError HTTP_*, DECOMPRESSION_FAILED, IMAGE_TOO_LARGE, STORE_FAILED, ABORTED */
export async function hashUrl(
  url: string,
  { http, signal, maxImageSize }: Asker & { readonly maxImageSize: number },
  { algorithm, compression, format }: Hashing,
): Promise<Hashed> {
  const hash = createHash(algorithm)
  const body = await readPublic(url, http, signal)
  async function* tapped(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bounded(body, maxImageSize)) {
      hash.update(chunk)
      yield chunk
    }
  }
  const inner = createHash('sha256')
  const bytes = compression === undefined ? tapped() : decompress(compression, tapped(), { format })
  for await (const chunk of bounded(bytes, maxImageSize)) if (compression !== undefined) inner.update(chunk)
  return {
    digest: { algorithm, hex: hash.digest('hex') },
    unpacked: compression === undefined ? undefined : { algorithm: 'sha256', hex: inner.digest('hex') },
  }
}

/** Compares the digest of a file with the expected one. */
export function compared(answer: Answer, found: Digest, expected: Digest): Answer {
  if (sameDigest(found, expected)) return answer
  const message = `Its bytes have ${formatDigest(found)}, not ${formatDigest(expected)}`
  return { url: answer.url, status: 'mismatch', message }
}
