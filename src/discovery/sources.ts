import { UpdaterError } from '../errors.ts'
import type { Compression, DigestAlgorithm, Image } from '../image.ts'
import { compressions, parseDigest } from '../image.ts'
import { decodeSegment } from './names.ts'
import { hasPlaceholder } from './pattern.ts'

/** What an image says of where its newest build is. */
export interface Sources {
  readonly latestUrl: string
  readonly checksumUrl: string
}

/** A URL of a file, taken apart. */
export interface FileUrl {
  /** Folder of the file, ends with a slash. */
  readonly parent: string
  /** Decoded. */
  readonly name: string
}

/** A URL `BASE/<alias>/<file>`, whose folder is a name that moves on to each newest build. */
export interface AliasFolderUrl extends FileUrl {
  /** Ends with a slash. */
  readonly base: string
  readonly alias: string
}

const aliasFolders: readonly string[] = ['current', 'latest', 'release']

/** @throws UpdaterError DISCOVERY_UNSUPPORTED where one of the two URLs is missing */
export function sourcesOf(image: Image): Sources {
  const { latestUrl, latestChecksumUrl: checksumUrl } = image
  if (latestUrl === undefined) throw unsupported(image, 'it has no latest_url', 'Give it one')
  if (checksumUrl === undefined) {
    throw unsupported(
      image,
      'it has no latest_checksum_url',
      'Give it the URL of the checksum file that lists latest_url',
    )
  }
  return { latestUrl, checksumUrl }
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

/** `undefined`: the file is not in a folder `current`, `latest` or `release`. */
export function splitAliasFolderUrl(url: string | undefined): AliasFolderUrl | undefined {
  const file = splitFileUrl(url)
  if (file === undefined) return undefined
  const folder = new URL(file.parent).pathname
  const alias = aliasFolders.find((candidate) => folder.endsWith(`/${candidate}/`))
  return alias === undefined ? undefined : { ...file, base: file.parent.slice(0, -alias.length - 1), alias }
}

/** Both URLs, where they are in one folder `current`, `latest` or `release`. */
export function aliasLayoutOf(
  image: Image,
): { readonly latest: AliasFolderUrl; readonly checksums: AliasFolderUrl } | undefined {
  const latest = splitAliasFolderUrl(image.latestUrl)
  const checksums = splitAliasFolderUrl(image.latestChecksumUrl)
  return latest && checksums && latest.alias === checksums.alias ? { latest, checksums } : undefined
}

/** @returns DISCOVERY_UNSUPPORTED */
export function outsideAliasFolder(image: Image): UpdaterError {
  return unsupported(
    image,
    'latest_url and latest_checksum_url are not in one folder current, latest or release',
    'Give it URLs in such a folder',
  )
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

/** The same of the file that a URL names; of what is no URL, nothing. */
export function compressionOfUrl(url: string): Compression | undefined {
  return URL.canParse(url) ? compressionOf(new URL(url).pathname) : undefined
}

/** @returns DISCOVERY_UNSUPPORTED */
export function notAFile(image: Image): UpdaterError {
  return unsupported(
    image,
    'its latest_url is not the http(s) URL of a file',
    'Give it one that ends with a file name',
  )
}

/** @returns DISCOVERY_UNSUPPORTED */
export function unsupported(image: Image, why: string, remedy: string): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_UNSUPPORTED',
    `The newest build of ${image.name} cannot be found: ${why}`,
    {
      remedy,
    },
  )
}
