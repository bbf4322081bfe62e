import { UpdaterError } from '../errors.ts'
import { decodeSegment } from '../http/url.ts'
import {
  type Digest,
  dateOfVersion,
  type Image,
  type ImageVersion,
  parseDigest,
  type SourceFile,
  sameDigest,
} from '../image.ts'
import { keyOfUrl, keyPrefixOf, type MirrorOptions } from '../stores/kinds.ts'
import { isFolderName, kindOfKey, objectKey } from '../stores/naming.ts'

/** The objects that a catalogue names. */
export interface Named {
  readonly keys: ReadonlySet<string>
  /** How many of its `mirror_url`s lie below the mirror's public address. */
  readonly here: number
}

/**
 * Disabled images count, and so do versions without a `mirror_url`. A `mirror_url` with another address in front
 * names the object of the same folder and file all the same: the mirror may have several addresses.
 * @param waiting further URLs of objects: those that are yet to be brought into a cloud
 * @throws UpdaterError CONFIGURATION
 */
export function namedKeys(
  images: readonly Image[],
  mirror: MirrorOptions,
  waiting: readonly string[] = [],
): Named {
  const keyPrefix = keyPrefixOf(mirror)
  const keys = new Set<string>()
  let here = 0
  for (const image of images) {
    for (const version of image.versions) {
      const named = objectNamed(version, mirror)
      if (named?.isHere) here += 1
      if (named !== undefined) keys.add(named.key)
      if (named !== undefined && kindOfKey(named.key, keyPrefix) === 'final') continue
      for (const key of usualKeys(image, version, keyPrefix)) keys.add(key)
    }
  }
  for (const url of waiting) keys.add(keyOf(url, mirror).key)
  return { keys, here }
}

/** The keys that a version may have whose `mirror_url` does not say so. */
function usualKeys({ shortname = '', format }: Image, version: ImageVersion, keyPrefix: string): string[] {
  if (!isFolderName(shortname)) return []
  const dates = [version, { ...version, version: undefined }].flatMap((one) => dateOfVersion(one) ?? [])
  return dates.map((date) => objectKey({ shortname, format }, { date }, keyPrefix))
}

/** The object that a version's `mirror_url` names; `isHere`: below the mirror's public address. */
function objectNamed({ mirrorUrl }: ImageVersion, mirror: MirrorOptions) {
  return mirrorUrl === undefined ? undefined : keyOf(mirrorUrl, mirror)
}

function keyOf(url: string, mirror: MirrorOptions) {
  const key = keyOfUrl(mirror, url)
  return { key: key ?? keyPrefixOf(mirror) + tailOf(url), isHere: key !== undefined }
}

/** `https://host/a/b/image/file.qcow2` → `image/file.qcow2`, decoded; also of an address without a scheme. */
function tailOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url
  const tail = path.split('/').slice(-2).join('/')
  return decodeSegment(tail) ?? tail
}

/** Who names an object, and by which bytes. */
export interface Claim {
  /** For messages: `version 20260124 of Debian 12`. */
  readonly by: string
  /** Of the object, or of the packed file that it is made of. `undefined`: the catalogue has none that can be read. */
  readonly digest: Digest | undefined
  /** A file without a published digest, which this run brings. */
  readonly url?: string | undefined
  /** Does it name an object of this mirror, by its bytes? Else the object itself has to be looked at. */
  readonly isCertain: boolean
}

/** A file, as far as it matters whose bytes it has. */
type Bytes = Pick<SourceFile, 'url' | 'digest' | 'content'>

/**
 * The objects that the catalogue files of a run name, of every image and every version, and those that the run itself is
 * about to have named: none of them is overwritten by other bytes.
 */
export class NamedObjects {
  readonly #claims = new Map<string, Claim[]>()

  /** @throws UpdaterError CONFIGURATION */
  constructor(images: readonly Image[], mirror: MirrorOptions) {
    for (const { name, versions } of images) {
      for (const version of versions) {
        const named = objectNamed(version, mirror)
        const digest = parseDigest(version.checksum ?? '')
        const isCertain = named?.isHere === true && digest !== undefined
        const by = `version ${version.version ?? ''} of ${name}`
        if (named !== undefined) this.#add(named.key, { by, digest, isCertain })
      }
    }
  }

  has(key: string): boolean {
    return this.#claims.has(key)
  }

  /** Who names the object by other bytes than the file's, or may do so. */
  others(key: string, file: Bytes): readonly Claim[] {
    return (this.#claims.get(key) ?? []).filter((claim) => !isOf(claim, file))
  }

  /** The catalogue is about to name the object by these bytes. */
  add(key: string, { name }: Pick<Image, 'name'>, { url, digest = undefined, content }: Bytes): void {
    const known = digest ?? content
    this.#add(key, { by: `the newest build of ${name}`, digest: known, url, isCertain: true })
  }

  #add(key: string, claim: Claim): void {
    this.#claims.set(key, [...(this.#claims.get(key) ?? []), claim])
  }
}

function isOf(claim: Claim, { url, digest, content }: Bytes): boolean {
  const { digest: named } = claim
  if (named === undefined) return claim.url === url
  return [digest, content].some((one) => one !== undefined && sameDigest(one, named))
}

/** Each run would replace the bytes of one by those of the other. */
export function sharedObject(key: string, { by }: Pick<Claim, 'by'>): UpdaterError {
  return new UpdaterError('CATALOG_TYPE', `${key} is named by ${by}, too, with another checksum`, {
    remedy: 'Correct the mirror_url of one of them',
  })
}
