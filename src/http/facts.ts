import type { FileFacts, OpenBody } from './types.ts'

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
