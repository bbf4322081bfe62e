import { pathToFileURL } from 'node:url'
import { UpdaterError } from '../errors.ts'
import { type DigestAlgorithm, digestAlgorithms, type ImageFormat } from '../image.ts'
import type { MirrorOptions } from './options.ts'

/** What names an image on a mirror. */
export interface NamedImage {
  readonly shortname: string
  readonly format: ImageFormat
}

/** Can this shortname be a folder of the mirror? It cannot lead out of it then. */
export function isFolderName(shortname: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._~+@ -]{0,199}$/.test(shortname)
}

/**
 * `{version}-{shortname}.{format}`.
 * @throws UpdaterError CONFIGURATION where a part is not a plain name and could leave its folder
 */
export function fileName({ shortname, format }: NamedImage, version: string): string {
  if (!isFolderName(shortname)) {
    throw new UpdaterError(
      'CONFIGURATION',
      `The shortname "${shortname}" cannot name a folder on the mirror`,
      {
        remedy: 'Use letters, digits, dots, hyphens and underscores, with a letter or a digit first',
      },
    )
  }
  if (!/^\d{8}$/.test(version)) {
    throw new UpdaterError('CONFIGURATION', `The version "${version}" is not a date of the form YYYYMMDD`)
  }
  return `${version}-${shortname}.${format}`
}

/** `{keyPrefix}{shortname}/{version}-{shortname}.{format}`. @throws UpdaterError CONFIGURATION */
export function objectKey(image: NamedImage, version: string, keyPrefix: string): string {
  const file = fileName(image, version)
  return `${folderPrefix(keyPrefix)}${image.shortname}/${file}`
}

/**
 * The temporary key beside `key` under which an object lies while its metadata is not known; nothing
 * outside ever names it.
 */
export function stagingKey(key: string, random: string): string {
  return `${key}.${random}.upload`
}

const ownFile = /^([^/]+)\/(\d{8})-([^/]+?)\.([a-z0-9]+)(\.[0-9a-f]{12}\.upload)?$/

/** `debian-12/` → `debian-12/SHA256SUMS`: the name under which such lists are known. */
export function checksumFileKey(folder: string, algorithm: DigestAlgorithm): string {
  return `${folder}${algorithm.toUpperCase()}SUMS`
}

/** What lies before the file's name, with its slash. */
export function folderOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

const checksumFile = new RegExp(`^([^/]+)/(?:${digestAlgorithms.join('|').toUpperCase()})SUMS$`)

/**
 * Is this a key that `objectKey` (`final`), `stagingKey` (`staging`) or `checksumFileKey` (`checksums`) makes
 * under the prefix? Whatever else lies in a bucket is never touched.
 */
export function kindOfKey(key: string, keyPrefix: string): 'final' | 'staging' | 'checksums' | undefined {
  const prefix = folderPrefix(keyPrefix)
  if (!key.startsWith(prefix)) return undefined
  const name = key.slice(prefix.length)
  if (isFolderName(checksumFile.exec(name)?.[1] ?? '')) return 'checksums'
  const match = ownFile.exec(name)
  if (match === null || match[1] !== match[3]) return undefined
  return match[5] === undefined ? 'final' : 'staging'
}

/**
 * A key prefix in its one form: empty, or segments that each end with one slash.
 * @throws UpdaterError CONFIGURATION
 */
export function folderPrefix(text: string): string {
  const segments = segmentsOf(text)
  if (segments.some((segment) => segment.startsWith('.') || /[\u0000-\u001f\u007f\\]/.test(segment))) {
    throw new UpdaterError('CONFIGURATION', `"${text}" cannot be a prefix of object keys`, {
      remedy: 'Use plain names with slashes between them, none of which begins with a dot',
    })
  }
  return segments.map((segment) => `${segment}/`).join('')
}

/**
 * `osism/openstack-images` → bucket `osism`, prefix `openstack-images/`.
 * @throws UpdaterError CONFIGURATION where no bucket is named
 */
export function splitBucket(text: string): { readonly bucket: string; readonly prefix: string } {
  const [bucket, ...rest] = segmentsOf(text)
  if (bucket === undefined || !/^[A-Za-z0-9][A-Za-z0-9._:-]{1,254}$/.test(bucket)) {
    throw new UpdaterError('CONFIGURATION', `"${text}" does not name a bucket`, {
      remedy: 'Give the name of an existing bucket with --minio-bucket',
    })
  }
  return { bucket, prefix: folderPrefix(rest.join('/')) }
}

/**
 * `HOST[:PORT]` (https), `https://HOST[:PORT]` or `http://HOST[:PORT]`.
 * @throws UpdaterError CONFIGURATION
 */
export function parseServer(text: string): URL {
  const fail = (what: string) =>
    new UpdaterError('CONFIGURATION', `The address of the object store ${what}`, {
      remedy: 'Give it as HOST, HOST:PORT, https://HOST or http://HOST with --minio-server',
    })
  const written = text.trim()
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`
  if (/[\s\u0000-\u001f\u007f\\]/.test(full) || !URL.canParse(full)) throw fail('is not a host')
  const url = new URL(full)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw fail('is neither http nor https')
  if (url.username !== '' || url.password !== '') throw fail('holds a user name or a password')
  if (url.search !== '' || url.hash !== '') throw fail('holds a query or a fragment')
  if (url.pathname !== '/') throw fail(`holds a path, "${url.pathname}"`)
  return url
}

/**
 * What `mirror_url` says of this version; `undefined` where the mirror has no public address.
 * @throws UpdaterError CONFIGURATION
 */
export function publicUrl(mirror: MirrorOptions, image: NamedImage, version: string): string | undefined {
  const file = fileName(image, version)
  const base = baseOf(mirror)
  return base === undefined ? undefined : below(base, image.shortname, file)
}

/**
 * The key of the object that a `mirror_url` stands for; `undefined` where it does not lie below the mirror's
 * public address, or could leave it.
 * @throws UpdaterError CONFIGURATION
 */
export function keyOfUrl(mirror: MirrorOptions, url: string): string | undefined {
  const base = baseOf(mirror)
  if (base === undefined || !url.startsWith(`${base}/`)) return undefined
  const segments = decodedSegments(url.slice(base.length + 1))
  return segments === undefined ? undefined : `${keyPrefixOf(mirror)}${segments.join('/')}`
}

/** `undefined` for what is no plain path: a query, empty segments, hidden names, control characters. */
function decodedSegments(path: string): string[] | undefined {
  try {
    const segments = path.split('/').map(decodeURIComponent)
    const isPlain = segments.every((segment) =>
      /^[^.\u0000-\u001f\u007f\\/][^\u0000-\u001f\u007f\\/]*$/.test(segment),
    )
    return isPlain && !/[?#]/.test(path) ? segments : undefined
  } catch {
    return undefined
  }
}

/** What the mirror's store puts before every key, the bucket's own prefix included. @throws UpdaterError CONFIGURATION */
export function keyPrefixOf(mirror: MirrorOptions): string {
  if (mirror.kind === 'none') return ''
  const own = folderPrefix(mirror.keyPrefix)
  return mirror.kind === 's3' ? `${splitBucket(mirror.bucket).prefix}${own}` : own
}

/** What all public URLs begin with, without a slash at the end. @throws UpdaterError CONFIGURATION */
export function baseOf(mirror: MirrorOptions): string | undefined {
  if (mirror.baseUrl !== undefined) return below(publicBase(mirror.baseUrl))
  if (mirror.kind === 'none') return undefined
  const prefix = folderPrefix(mirror.keyPrefix)
  if (mirror.kind === 'directory') return below(pathToFileURL(mirror.dir).href, prefix)
  const { bucket, prefix: bucketPrefix } = splitBucket(mirror.bucket)
  const { origin } = parseServer(mirror.server)
  return below(origin, mirror.swiftPrefix, bucket, bucketPrefix, prefix)
}

/** A path, each segment percent-encoded but for the unreserved characters; a slash in front is kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/')
}

/** Percent-encoding of everything but RFC 3986's unreserved characters, as SigV4 wants it. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function publicBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:', 'file:'].includes(url.protocol)) {
    throw new UpdaterError('CONFIGURATION', 'The public base of the mirror is not a URL', {
      remedy: 'Give one that begins with https:// with --mirror-base-url',
    })
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UpdaterError(
      'CONFIGURATION',
      'The public base of the mirror holds more than a host and a path',
      {
        remedy: 'Leave user name, password, query and fragment out of --mirror-base-url',
      },
    )
  }
  return url.href
}

function below(base: string, ...paths: readonly string[]): string {
  const tail = paths.flatMap(segmentsOf).map(encodeSegment)
  return [base.replace(/\/+$/, ''), ...tail].join('/')
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}
