import { decodeSegment } from '../http/url.ts'
import { dateOfVersion, type Image } from '../image.ts'
import { keyOfUrl, keyPrefixOf, type MirrorOptions } from '../stores/kinds.ts'
import { isFolderName, objectKey } from '../stores/naming.ts'

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
