import { createHash } from 'node:crypto'
import { asUpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import type { Compression, Digest, DigestAlgorithm, ImageFormat } from '../image.ts'
import type { VerifiedUrl } from '../report/schemas.ts'
import type { Beginning } from '../run/run.ts'
import { findPublic, type PublicObject, readPublic } from '../stores/public.ts'
import { decompress } from '../transfer/decompress.ts'
import { bounded } from '../transfer/decompression/unpacking.ts'

export type Asker = Pick<Beginning, 'http' | 'signal'>

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
      const message = 'It answers 409, as Swift does where the segments are private'
      return { url, status: 'private', message }
    }
    return { url, status: 'error', message: asUpdaterError(error).message }
  }
}

/** Many stores answer 403 for a missing object too, unless the reader may list the bucket. */
async function isHidden(url: string, status: number, { http, signal }: Asker): Promise<boolean> {
  const other = await findPublic(new URL('no-such-object', url).href, http, signal)
  return 'turnedAway' in other && other.turnedAway === status
}

/** The folder above that of a URL's file: a mirror, or a distribution's images. */
function baseOf(url: string): string {
  return new URL('..', new URL(url)).href
}

/**
 * Returns what the report says of an answer. It may mean private or missing: if everybody can read another object of
 * the same mirror, it is taken for missing.
 */
export function inLightOf(answers: readonly (Answer | undefined)[]): (answer: Answer) => VerifiedUrl {
  const readable = new Set(answers.flatMap((one) => (one?.found === undefined ? [] : [baseOf(one.url)])))
  return ({ url, status, message, isHidden }) => {
    const isMissing = isHidden === true && readable.has(baseOf(url))
    return { url, status: isMissing ? 'missing' : status, message }
  }
}

/** How a file is to be read. */
export interface Hashing {
  readonly algorithm: DigestAlgorithm
  readonly compression?: Compression | undefined
  readonly format?: ImageFormat | undefined
}

/**
 * Returns the digest of a published file, and the sha256 of its content if it is compressed.
 * @throws UpdaterError HTTP_*, DECOMPRESSION_*, IMAGE_TOO_LARGE, STORE_FAILED, ABORTED
 */
export async function hashUrl(
  url: string,
  { http, signal, maxImageSize }: Asker & { readonly maxImageSize: number },
  { algorithm, compression, format = 'qcow2' }: Hashing,
): Promise<{ readonly digest: Digest; readonly unpacked?: Digest | undefined }> {
  const hash = createHash(algorithm)
  const body = await readPublic(url, http, signal)
  async function* tapped(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bounded(body, maxImageSize)) {
      hash.update(chunk)
      yield chunk
    }
  }
  const inner = createHash('sha256')
  const unpacking = { format, limit: maxImageSize, hasDigest: true }
  const bytes = compression === undefined ? tapped() : decompress(compression, tapped(), unpacking)
  for await (const chunk of bytes) if (compression !== undefined) inner.update(chunk)
  return {
    digest: { algorithm, hex: hash.digest('hex') },
    unpacked: compression === undefined ? undefined : { algorithm: 'sha256', hex: inner.digest('hex') },
  }
}
