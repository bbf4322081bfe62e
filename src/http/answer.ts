import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { HttpError } from './failure.ts'
import type { OpenBody } from './transport.ts'
import { redactUrl } from './url.ts'

/**
 * The whole body as UTF-8: invalid bytes become U+FFFD, a byte order mark is dropped.
 * @param limit bytes
 * @throws UpdaterError HTTP_TOO_LARGE as soon as the limit is passed, HTTP_NETWORK, HTTP_TIMEOUT, ABORTED
 */
export async function readText(open: OpenBody, limit: number): Promise<string> {
  return new TextDecoder().decode(await readBytes(open, limit))
}

/** The whole body as bytes, without a Content-Encoding that we did not ask for. Errors as for `readText`. */
export async function readBytes(open: OpenBody, limit: number): Promise<Uint8Array> {
  if (Number(open.headers['content-length'] ?? 0) > limit) {
    await open.discard()
    throw tooLarge(open, limit)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of open.body) {
    size += chunk.length
    if (size > limit) throw tooLarge(open, limit)
    chunks.push(chunk)
  }
  return unpacked(open, Buffer.concat(chunks, size), limit)
}

const decoders: Readonly<
  Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

async function unpacked(open: OpenBody, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const encoding = (open.headers['content-encoding'] ?? '').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity' || bytes.length === 0) return bytes
  const decode = decoders[encoding]
  const where = redactUrl(open.url)
  if (decode === undefined) {
    throw new HttpError(
      'HTTP_NETWORK',
      `${where} came in the encoding "${encoding}", which was not asked for`,
    )
  }
  try {
    return await decode(bytes, { maxOutputLength: limit })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(open, limit)
    throw new HttpError('HTTP_NETWORK', `${where} came as ${encoding} that cannot be decoded`, {
      cause,
      again: 'often',
    })
  }
}

function tooLarge(open: OpenBody, limit: number): HttpError {
  return new HttpError('HTTP_TOO_LARGE', `${redactUrl(open.url)} is larger than ${limit} bytes`, {
    remedy: 'Check that the URL names a listing, a checksum file or a key, not an image',
  })
}

/** `Content-Range: bytes first-last/total`. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  /** `undefined`: the server does not know (`*`). */
  readonly total: number | undefined
}

/** `undefined` for a header that is absent, malformed, or of another unit. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)\s*$/i.exec(header ?? '')
  if (match === null) return undefined
  const [first, last] = [Number(match[1]), Number(match[2])]
  const total = match[3] === '*' ? undefined : Number(match[3])
  return first > last || (total !== undefined && last >= total) ? undefined : { first, last, total }
}

/** What a server says of a file. */
export interface FileFacts {
  readonly url: string
  /** Bytes. */
  readonly size: number | undefined
  readonly lastModified: Date | undefined
  readonly etag: string | undefined
  readonly contentType: string | undefined
}

/** What an answer to HEAD or GET says of the file. */
export function factsOf({ url, status, headers }: Pick<OpenBody, 'url' | 'status' | 'headers'>): FileFacts {
  const modified = Date.parse(headers['last-modified'] ?? '')
  const length = headers['content-length']
  return {
    url,
    size:
      status === 206
        ? parseContentRange(headers['content-range'])?.total
        : /^\d{1,15}$/.test(length ?? '')
          ? Number(length)
          : undefined,
    lastModified: Number.isNaN(modified) ? undefined : new Date(modified),
    etag: headers.etag,
    contentType: headers['content-type'],
  }
}

/** What If-Range may be asked with: a strong ETag, else the date of the last change. */
export function validatorOf(headers: Readonly<Record<string, string>>): string | undefined {
  const { etag } = headers
  return etag?.startsWith('"') ? etag : headers['last-modified']
}
