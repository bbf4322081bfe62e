import { decodeSegment } from '../http/url.ts'
import { type Compression, compressions } from '../image.ts'
import { hasPlaceholder } from './pattern.ts'

/** A URL of a file, taken apart. */
export interface FileUrl {
  /** Folder of the file, ends with a slash. */
  readonly parent: string
  /** Decoded. */
  readonly name: string
}

/** `undefined`: not an http(s) URL, or it names no file. A placeholder makes a URL none of a file. */
export function splitFileUrl(url: string | undefined): FileUrl | undefined {
  if (url === undefined || hasPlaceholder(url) || !/^https?:/i.test(url) || !URL.canParse(url))
    return undefined
  const file = new URL(url)
  file.search = file.hash = ''
  const segment = file.pathname.slice(file.pathname.lastIndexOf('/') + 1)
  const name = decodeSegment(segment)
  return name ? { parent: file.href.slice(0, -segment.length), name } : undefined
}

/** How the file that a URL names is packed, by its last extensions; undefined also for a text that is no URL. */
export function compressionOfUrl(url: string): Compression | undefined {
  if (!URL.canParse(url)) return undefined
  const path = new URL(url).pathname.toLowerCase().replace(/\.t([gx])z$/, '.tar.$1z')
  return compressions.find((compression) => path.endsWith(`.${compression}`))
}
