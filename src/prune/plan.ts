import { decodeSegment } from '../http/url.ts'
import { dateOfVersion, type Image } from '../image.ts'
import { keyOfUrl, keyPrefixOf, type MirrorOptions } from '../stores/kinds.ts'
import { isFolderName, kindOfKey, objectKey, objectOfSidecar } from '../stores/naming.ts'
import type { ListedObject } from '../stores/store.ts'

/** The objects that a catalogue names. */
export interface Named {
  readonly keys: ReadonlySet<string>
  /** How many of its `mirror_url`s lie below the mirror's public address. */
  readonly here: number
}

/**
 * Disabled images count, and so do versions without a `mirror_url`. A `mirror_url` with another address in front
 * names the object of the same folder and file all the same: the mirror may have several addresses.
 * @throws UpdaterError CONFIGURATION
 */
export function namedKeys(images: readonly Image[], mirror: MirrorOptions): Named {
  const keyPrefix = keyPrefixOf(mirror)
  const keys = new Set<string>()
  let here = 0
  for (const { shortname = '', format, versions } of images) {
    for (const version of versions) {
      const { mirrorUrl } = version
      for (const one of [version, { ...version, version: undefined }]) {
        const date = dateOfVersion(one)
        if (!isFolderName(shortname) || date === undefined) continue
        keys.add(objectKey({ shortname, format }, date, keyPrefix))
      }
      if (mirrorUrl === undefined) continue
      const key = keyOfUrl(mirror, mirrorUrl)
      if (key !== undefined) here += 1
      keys.add(key ?? keyPrefix + tailOf(mirrorUrl))
    }
  }
  return { keys, here }
}

/** `https://host/a/b/image/file.qcow2` → `image/file.qcow2`, decoded; also of an address without a scheme. */
function tailOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url
  const tail = path.split('/').slice(-2).join('/')
  return decodeSegment(tail) ?? tail
}

/** What is to become of the objects of a mirror. */
export interface Inventory {
  readonly doomed: readonly ListedObject[]
  /** Objects that the catalogue names. */
  readonly named: number
  /** Objects that it does not name, within the grace period or of unknown age. */
  readonly young: number
  /** Objects whose keys are not of our form. */
  readonly others: number
}

/** Milliseconds that an unfinished upload may take. */
const longestUpload = 24 * 60 * 60 * 1000

/** @param now the moment from which ages are counted, and `grace` milliseconds */
export function takeStock(
  objects: readonly ListedObject[],
  named: ReadonlySet<string>,
  { keyPrefix, now, grace }: { readonly keyPrefix: string; readonly now: Date; readonly grace: number },
): Inventory {
  const doomed: ListedObject[] = []
  let [kept, young, others] = [0, 0, 0]
  for (const object of objects) {
    const kind = kindOfKey(object.key, keyPrefix)
    const least = kind === 'staging' || kind === 'probe' ? Math.max(grace, longestUpload) : grace
    if (kind === undefined) others += 1
    else if (kind === 'checksums') continue
    else if (kind === 'sidecar' && named.has(objectOfSidecar(object.key))) continue
    else if (kind === 'final' && named.has(object.key)) kept += 1
    else if (object.lastModified === undefined || now.getTime() - object.lastModified.getTime() < least)
      young += 1
    else doomed.push(object)
  }
  doomed.sort((a, b) => (a.key < b.key ? -1 : 1))
  return { doomed, named: kept, young, others }
}
