import { decodeSegment } from '../http/url.ts'
import { type Compression, compressions, type ImageVersion } from '../image.ts'
import { hasPlaceholder } from './pattern.ts'

/** A URL of a file, taken apart. */
export interface FileUrl {
  /** Folder of the file, ends with a slash. */
  readonly parent: string
  /** Decoded. */
  readonly name: string
}

/** Returns undefined if the text is no http(s) URL, names no file or holds a placeholder. */
export function splitFileUrl(url: string | undefined): FileUrl | undefined {
  if (url === undefined || hasPlaceholder(url) || !/^https?:/i.test(url) || !URL.canParse(url))
    return undefined
  const file = new URL(url)
  file.search = file.hash = ''
  const segment = file.pathname.slice(file.pathname.lastIndexOf('/') + 1)
  const name = decodeSegment(segment)
  return name ? { parent: file.href.slice(0, -segment.length), name } : undefined
}

/** Tells by the last extensions how the file at a URL is packed; undefined also for a text that is no URL. */
export function compressionOfUrl(url: string): Compression | undefined {
  if (!URL.canParse(url)) return undefined
  const path = new URL(url).pathname.toLowerCase().replace(/\.t([gx])z$/, '.tar.$1z')
  return compressions.find((compression) => path.endsWith(`.${compression}`))
}

/** Is the version's `checksum` that of what comes out of the packed file at `url`, and lies at `mirrorUrl`? */
export function isUnpacked({ url = '', mirrorUrl }: ImageVersion): boolean {
  return mirrorUrl !== undefined && compressionOfUrl(url) !== undefined
}
