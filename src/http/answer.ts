import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { HttpError } from './failure.ts'
import type { OpenBody } from './transport.ts'
import { redactUrl } from './url.ts'

/** Reads no more than the first bytes, whatever the server sends, and discards the rest. */
export async function readStart({ body, discard }: OpenBody, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let got = 0
  if (limit > 0) {
    for await (const chunk of body) {
      chunks.push(chunk)
      got += chunk.length
      if (got >= limit) break
    }
  }
  await discard()
  return Buffer.concat(chunks).subarray(0, limit)
}

/**
 * The whole body as text: invalid bytes become U+FFFD, a byte order mark is dropped.
 * @param limit bytes
 * @throws UpdaterError HTTP_TOO_LARGE as soon as the limit is passed, HTTP_NETWORK, HTTP_TIMEOUT, ABORTED
 */
export async function readText(open: OpenBody, limit: number): Promise<string> {
  return decodeText(await readBytes(open, limit))
}

/**
 * The text of UTF-8, or of UTF-16 as Windows writes it: with a byte order mark and, as every listing, manifest and key,
 * with a first character of ASCII.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes
  if (first === 0xff && second === 0xfe && fourth === 0) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff && third === 0) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder().decode(bytes)
}

/** The URL of the page that follows this one in a list. */
export function nextPageOf({ url, headers }: Pick<OpenBody, 'url' | 'headers'>): string | undefined {
  const links = (headers.link ?? '').slice(0, 8192).split(/,(?=\s*<)/)
  const next = links.find((link) => /;\s*rel="?next"?\s*(?:;|$)/i.test(link))
  const target = /^\s*<([^<>]*)>/.exec(next ?? '')?.[1]
  return target !== undefined && URL.canParse(target, url) ? new URL(target, url).href : undefined
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

/** Encodings that change the bytes, and that are not decoded here. */
const unreadEncoding =
  /^(zstd|dcb|dcz|exi|aes128gcm|pack200-gzip|(x-)?(compress|bzip2|xz|lzma|lz4|snappy(-framed)?))$/

/**
 * Undoes the encodings that the answer names, the last one first. Object stores and proxies name many that leave the
 * bytes as they are: `identity`, `aws-chunked`, `none`, `UTF-8`.
 */
async function unpacked(open: OpenBody, body: Uint8Array, limit: number): Promise<Uint8Array> {
  const encodings = (open.headers['content-encoding'] ?? '').toLowerCase().split(/[\s,]+/)
  let bytes = body
  for (const encoding of encodings.reverse()) {
    const decode = decoders[encoding]
    if (unreadEncoding.test(encoding)) throw unread(open, encoding)
    if (decode !== undefined && bytes.length > 0)
      bytes = await decoded(open, encoding, decode(bytes, { maxOutputLength: limit }), limit)
  }
  return bytes
}

function unread({ url }: OpenBody, encoding: string): HttpError {
  const message = `${redactUrl(url)} came in the encoding "${encoding}", which was not asked for`
  return new HttpError('HTTP_NETWORK', message)
}

async function decoded(
  open: OpenBody,
  encoding: string,
  decoding: Promise<Buffer>,
  limit: number,
): Promise<Buffer> {
  const where = redactUrl(open.url)
  try {
    return await decoding
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
        : /^\d+$/.test(length ?? '')
          ? Math.min(Number(length), Number.MAX_SAFE_INTEGER) // it is refused, not unknown
          : undefined,
    lastModified: Number.isNaN(modified) ? undefined : new Date(modified),
    etag: headers.etag,
    contentType: headers['content-type'],
  }
}

/** What If-Range may be asked with: a strong ETag, else the date of the last change. */
export function validatorOf(headers: Readonly<Record<string, string>>): string | undefined {
  const { etag } = headers
  return etag?.startsWith('"') ? etag : isSettled(headers) ? headers['last-modified'] : undefined
}

/**
 * Whether the Last-Modified of an answer, if it has one, is of an earlier second than the answer itself: else the file
 * may change once more, and its date stays (RFC 9110, 8.8.2.2). Many servers make their ETags of the date, too.
 */
export function isSettled(headers: Readonly<Record<string, string>>): boolean {
  const { 'last-modified': changed, date } = headers
  return changed === undefined || Date.parse(changed) < Date.parse(date ?? '')
}
