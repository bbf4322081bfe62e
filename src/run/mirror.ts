import { asUpdaterError } from '../errors.ts'
import type { HttpClient } from '../http/types.ts'
import type { Image } from '../image.ts'
import { isFolderName, keyOfUrl, keyPrefixOf, objectKey, publicUrl } from '../stores/naming.ts'
import type { MirrorOptions } from '../stores/options.ts'
import type { Store } from '../stores/store.ts'
import type { Note, Place } from './context.ts'

/** The mirror of a run: names at once, the store only when it is asked for. */
export interface Mirror {
  /** `undefined` where the run knows no public base, or the version is no build's date. */
  place(image: Image, version: string): Place | undefined
  /** Where a `mirror_url` of the catalogue leads to; `undefined` where that is not on this mirror. */
  placeOf(url: string): Place | undefined
  /** Before every key. */
  readonly keyPrefix: string
  /** `undefined` where nothing is uploaded. */
  open(): Promise<Store | undefined>
}

/** @throws UpdaterError CONFIGURATION */
export function describeMirror(options: MirrorOptions, http: HttpClient): Mirror {
  const keyPrefix = keyPrefixOf(options)
  return {
    keyPrefix,
    place({ shortname, format }, version) {
      if (shortname === undefined || !/^\d{8}$/.test(version)) return undefined
      const named = { shortname, format }
      const url = publicUrl(options, named, version)
      return url === undefined ? undefined : { object: objectKey(named, version, keyPrefix), url }
    },
    placeOf(url) {
      const object = keyOfUrl(options, url)
      return object === undefined ? undefined : { object, url }
    },
    async open() {
      if (options.kind === 'none') return undefined
      const { openStore } = await import('../stores/open.ts')
      return openStore(options, http)
    },
  }
}

const day = 24 * 60 * 60 * 1000

/** The store, proven to be usable and free of uploads that earlier runs left behind. */
export async function readyStore(
  mirror: Mirror,
  images: readonly Image[],
  signal: AbortSignal,
  note: Note,
): Promise<Store | undefined> {
  const store = await mirror.open()
  if (store === undefined) return undefined
  await store.ready(signal)
  try {
    const folders = images.flatMap(({ shortname = [] }) => shortname).filter(isFolderName)
    const before = new Date(Date.now() - day)
    const removed = await store.abortStale({ prefix: mirror.keyPrefix, folders, before }, signal)
    if (removed > 0) note('info', `Removed ${removed} unfinished uploads of earlier runs`)
  } catch (error) {
    note('warning', `Unfinished uploads could not be looked for: ${asUpdaterError(error).message}`)
  }
  return store
}
