import { UpdaterError } from '../errors.ts'
import { type DigestAlgorithm, digestAlgorithms, type ImageFormat } from '../image.ts'

/** What names an image on a mirror. */
export interface NamedImage {
  readonly shortname: string
  readonly format: ImageFormat
}

/** Tells whether a shortname can be a folder of the mirror, and cannot lead out of it. */
export function isFolderName(shortname: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._~+@ -]{0,199}$/.test(shortname)
}

/** What tells a build from the others of its image in the name of its object. */
export interface NamedBuild {
  /** Its day, `YYYYMMDD`. */
  readonly date: string
  /** Tells it from another one of that day: at most twelve hexadecimal digits. */
  readonly serial?: string | undefined
}

/** May it be the serial of a build in the name of its object? */
export function isSerial(text: string): boolean {
  return /^[0-9a-f]{1,12}$/.test(text)
}

/**
 * `{keyPrefix}{shortname}/{date}-{shortname}.{format}`, as OpenStack Image Manager names objects; of a build with a
 * serial `{date}.{serial}-{shortname}.{format}`.
 * @throws UpdaterError CONFIGURATION if a part is not a plain name and could leave its folder
 */
export function objectKey(
  { shortname, format }: NamedImage,
  { date, serial }: NamedBuild,
  keyPrefix: string,
): string {
  if (!isFolderName(shortname)) {
    const message = `The shortname "${shortname}" cannot name a folder on the mirror`
    throw new UpdaterError('CONFIGURATION', message, {
      remedy: 'Use letters, digits, dots, hyphens and underscores, with a letter or a digit first',
    })
  }
  if (!/^\d{8}$/.test(date)) {
    throw new UpdaterError('CONFIGURATION', `"${date}" is not a date of the form YYYYMMDD`)
  }
  if (serial !== undefined && !isSerial(serial)) {
    throw new UpdaterError('CONFIGURATION', `"${serial}" is not the serial of a build`)
  }
  const build = serial === undefined ? date : `${date}.${serial}`
  return `${folderPrefix(keyPrefix)}${shortname}/${build}-${shortname}.${format}`
}

/** The temporary key beside `key` of an object whose metadata is not known yet; no catalogue ever names it. */
export function stagingKey(key: string, random: string): string {
  return `${key}.${random}.upload`
}

const probeName = 'image-updater-probe-'

/**
 * The key of an object that is stored to be asked for and removed again. It lies beside the folders of images, none of
 * which is ever named so.
 */
export function probeKey(random: string, keyPrefix: string): string {
  return `${probePrefix(keyPrefix)}${random}.qcow2`
}

/** What the keys of all probes begin with. */
export function probePrefix(keyPrefix: string): string {
  return `${folderPrefix(keyPrefix)}${probeName}`
}

const ownProbe = new RegExp(`^${probeName}[0-9a-f]{12}\\.qcow2$`)

const sidecar = '.source.json'

/** The key of what tells, beside an object, of which packed file it was made. */
export function sidecarKey(key: string): string {
  return `${key}${sidecar}`
}

/** Its public URL. */
export function sidecarUrl(objectUrl: string): string {
  const url = new URL(objectUrl)
  url.pathname += sidecar
  return url.href
}

/** The key of the object that a sidecar is beside. */
export function objectOfSidecar(key: string): string {
  return key.slice(0, -sidecar.length)
}

const mark = '.unnamed'

/** The key of what tells, beside an object, since when no catalogue names it. */
export function markKey(key: string): string {
  return `${key}${mark}`
}

/** The key of the object that a mark is beside. */
export function objectOfMark(key: string): string {
  return key.slice(0, -mark.length)
}

const ownFile = /^([^/]+)\/\d{8}(?:\.[0-9a-f]{1,12})?-([^/]+?)\.[a-z0-9]+(\.[0-9a-f]{12}\.upload)?$/

/** `debian-12/` → `debian-12/SHA256SUMS`: the usual name of such a list. */
export function checksumFileKey(folder: string, algorithm: DigestAlgorithm): string {
  return `${folder}${algorithm.toUpperCase()}SUMS`
}

/** The folder of a key, with the slash at its end. */
export function folderOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

const checksumFile = new RegExp(`^([^/]+)/(?:${digestAlgorithms.join('|').toUpperCase()})SUMS$`)

/**
 * Tells which of `objectKey` (`final`), `stagingKey` (`staging`), `checksumFileKey` (`checksums`), `probeKey` (`probe`)
 * and, for such an object, `sidecarKey` (`sidecar`) and `markKey` (`mark`) makes this key under the prefix. Returns undefined for any other key: nothing else on
 * a mirror is ever touched.
 */
export function kindOfKey(
  key: string,
  keyPrefix: string,
): 'final' | 'staging' | 'checksums' | 'probe' | 'sidecar' | 'mark' | undefined {
  const prefix = folderPrefix(keyPrefix)
  if (!key.startsWith(prefix)) return undefined
  const name = key.slice(prefix.length)
  if (isFolderName(checksumFile.exec(name)?.[1] ?? '')) return 'checksums'
  if (ownProbe.test(name)) return 'probe'
  if (name.endsWith(sidecar)) {
    return kindOfKey(objectOfSidecar(key), keyPrefix) === 'final' ? 'sidecar' : undefined
  }
  if (name.endsWith(mark)) return kindOfKey(objectOfMark(key), keyPrefix) === 'final' ? 'mark' : undefined
  const match = ownFile.exec(name)
  if (match === null || match[1] !== match[2]) return undefined
  return match[3] === undefined ? 'final' : 'staging'
}

/**
 * Returns a key prefix in its one form: empty, or segments that each end with one slash.
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

/** Percent-encodes each segment of a path but for the unreserved characters; a slash in front is kept. */
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

/** Joins paths to a URL, each segment percent-encoded; the result has no slash at its end. */
export function below(base: string, ...paths: readonly string[]): string {
  const tail = paths.flatMap(segmentsOf).map(encodeSegment)
  return [base.replace(/\/+$/, ''), ...tail].join('/')
}

/** The segments of a path that are not empty. */
export function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}
