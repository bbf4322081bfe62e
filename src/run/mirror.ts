import { asUpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { keyOfUrl, keyPrefixOf, type MirrorOptions, openStore, publicUrl } from '../stores/kinds.ts'
import { isFolderName, objectKey } from '../stores/naming.ts'
import type { Store } from '../stores/store.ts'
import type { Beginning } from './run.ts'

/** Where a version of an image lies, or shall lie, on the mirror. */
export interface Address {
  /** Key in the bucket, or path below the mirror's folder. */
  readonly key: string
  /** Its public URL, which becomes `mirror_url`. */
  readonly url: string
}

/**
 * Returns the address of a version, or undefined if the mirror has no public base or the version is no build's date.
 * @throws UpdaterError CONFIGURATION
 */
export function addressOf(
  mirror: MirrorOptions,
  { shortname, format }: Image,
  version: string,
): Address | undefined {
  if (shortname === undefined || !/^\d{8}$/.test(version)) return undefined
  const named = { shortname, format }
  const url = publicUrl(mirror, named, version)
  return url === undefined ? undefined : { key: objectKey(named, version, keyPrefixOf(mirror)), url }
}

/** Returns the address that a `mirror_url` of the catalogue names, or undefined if it is of another mirror. */
export function addressOfUrl(mirror: MirrorOptions, url: string): Address | undefined {
  const key = keyOfUrl(mirror, url)
  return key === undefined ? undefined : { key, url }
}

/** A run's store, which is asked while the run goes on. */
export interface OpenedStore {
  /** `undefined`: nothing is written to a mirror in this run. */
  readonly store: Store | undefined
  /**
   * The store has proven that it can be used: nothing is asked of it, or stored, before.
   * @throws UpdaterError STORE_*, ABORTED
   */
  readonly ready: Promise<void>
  /** The uploads that earlier runs left behind are removed, or a note says why not. Never throws. */
  readonly tidied: Promise<void>
}

export const noStore: OpenedStore = {
  store: undefined,
  ready: Promise.resolve(),
  tidied: Promise.resolve(),
}

/**
 * Opens the mirror's store, and returns before that has answered.
 * @throws UpdaterError CONFIGURATION, STORE_CREDENTIALS
 */
export async function openMirror(
  mirror: MirrorOptions,
  images: readonly Image[],
  { http, signal, note }: Pick<Beginning, 'http' | 'signal' | 'note'>,
): Promise<OpenedStore> {
  const store = await openStore(mirror, http)
  if (store === undefined) return noStore
  const ready = store.ready(signal)
  const folders = images.flatMap(({ shortname = [] }) => shortname).filter(isFolderName)
  const tidied = ready.then(
    () => removeStale(store, keyPrefixOf(mirror), folders, { signal, note }),
    () => undefined,
  )
  return { store, ready, tidied }
}

const day = 24 * 60 * 60 * 1000

async function removeStale(
  store: Store,
  prefix: string,
  folders: readonly string[],
  { signal, note }: Pick<Beginning, 'signal' | 'note'>,
): Promise<void> {
  try {
    const before = new Date(Date.now() - day)
    const removed = await store.abortStale({ prefix, folders, before }, signal)
    if (removed > 0) note('info', `Removed ${removed} unfinished uploads of earlier runs`)
  } catch (error) {
    if (signal.aborted) return
    note('warning', `Unfinished uploads could not be looked for: ${asUpdaterError(error).message}`)
  }
}
