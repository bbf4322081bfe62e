import { UpdaterError } from '../errors.ts'
import { decodeSegment } from '../http/url.ts'
import type { Compression, DigestAlgorithm, Image } from '../image.ts'
import { compressions, parseDigest } from '../image.ts'
import { hasPlaceholder } from './pattern.ts'

/** A URL of a file, taken apart. */
export interface FileUrl {
  /** Folder of the file, ends with a slash. */
  readonly parent: string
  /** Decoded. */
  readonly name: string
}

/** A URL `BASE/<alias>/<file>`: the folder `alias` always holds the newest build. */
export interface AliasFolderUrl extends FileUrl {
  /** Ends with a slash. */
  readonly base: string
  readonly alias: string
}

const aliasFolders: readonly string[] = ['current', 'latest', 'release']

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

/** `undefined`: the file is not in a folder `current`, `latest` or `release`. */
export function splitAliasFolderUrl(url: string | undefined): AliasFolderUrl | undefined {
  const file = splitFileUrl(url)
  if (file === undefined) return undefined
  const folder = new URL(file.parent).pathname
  const alias = aliasFolders.find((candidate) => folder.endsWith(`/${candidate}/`))
  return alias === undefined ? undefined : { ...file, base: file.parent.slice(0, -alias.length - 1), alias }
}

/** An image's two URLs, in one folder `current`, `latest` or `release`. */
export interface AliasUrls {
  readonly latest: AliasFolderUrl
  readonly checksums: AliasFolderUrl
}

/** `undefined`: they are not in one such folder. */
export function aliasUrlsOf({ latestUrl, latestChecksumUrl }: Image): AliasUrls | undefined {
  const latest = splitAliasFolderUrl(latestUrl)
  const checksums = splitAliasFolderUrl(latestChecksumUrl)
  return latest && checksums && latest.alias === checksums.alias ? { latest, checksums } : undefined
}

/** The algorithm of the checksum that the catalogue has now. */
export function catalogueAlgorithm(image: Image): DigestAlgorithm | undefined {
  return parseDigest(image.versions[0]?.checksum ?? '')?.algorithm
}

/** How a file is packed, by its last extensions. */
export function compressionOf(fileName: string): Compression | undefined {
  const name = fileName.toLowerCase().replace(/\.t([gx])z$/, '.tar.$1z')
  return compressions.find((compression) => name.endsWith(`.${compression}`))
}

/** The same of the file that a URL names; undefined also for a text that is no URL. */
export function compressionOfUrl(url: string): Compression | undefined {
  return URL.canParse(url) ? compressionOf(new URL(url).pathname) : undefined
}

/** @returns DISCOVERY_UNSUPPORTED, with what is wrong with the image's URLs */
export function unsupported(image: Image): UpdaterError {
  const [why, remedy] = defectOf(image)
  return new UpdaterError(
    'DISCOVERY_UNSUPPORTED',
    `The newest build of ${image.name} cannot be found: ${why}`,
    { remedy },
  )
}

function defectOf({ latestUrl, latestChecksumUrl }: Image): readonly [why: string, remedy: string] {
  if (latestUrl === undefined) return ['it has no latest_url', 'Give it one']
  if (latestChecksumUrl === undefined) {
    return ['it has no latest_checksum_url', 'Give it the URL of the checksum file that lists latest_url']
  }
  return ['its latest_url is not the http(s) URL of a file', 'Give it one that ends with a file name']
}
