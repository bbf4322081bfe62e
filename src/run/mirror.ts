import { asUpdaterError } from '../errors.ts'
import type { HttpClient } from '../http/types.ts'
import type { Image } from '../image.ts'
import { keyOfUrl, keyPrefixOf, type MirrorOptions, openStore, publicUrl } from '../stores/kinds.ts'
import { isFolderName, objectKey } from '../stores/naming.ts'
import type { Stale, Store } from '../stores/store.ts'
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
    open: () => openStore(options, http),
  }
}

const day = 24 * 60 * 60 * 1000

/** A run's store, which is asked while the run goes on. */
export interface OpenedStore {
  /** `undefined`: nothing is written to a mirror in this run. */
  readonly store: Store | undefined
  /**
   * The store has proven that it can be used: nothing is asked of it, or stored, before.
   * @throws UpdaterError STORE_*, ABORTED
   */
  readonly ready: Promise<void>
  /** It is free of uploads that earlier runs left behind, or it was told why not. Never throws. */
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
  mirror: Mirror,
  images: readonly Image[],
  signal: AbortSignal,
  note: Note,
): Promise<OpenedStore> {
  const store = await mirror.open()
  if (store === undefined) return noStore
  const ready = store.ready(signal)
  const folders = images.flatMap(({ shortname = [] }) => shortname).filter(isFolderName)
  const tidied = ready.then(
    () => tidy(store, { prefix: mirror.keyPrefix, folders }, signal, note),
    () => undefined,
  )
  return { store, ready, tidied }
}

async function tidy(
  store: Store,
  place: Omit<Stale, 'before'>,
  signal: AbortSignal,
  note: Note,
): Promise<void> {
  try {
    const removed = await store.abortStale({ ...place, before: new Date(Date.now() - day) }, signal)
    if (removed > 0) note('info', `Removed ${removed} unfinished uploads of earlier runs`)
  } catch (error) {
    if (signal.aborted) return
    note('warning', `Unfinished uploads could not be looked for: ${asUpdaterError(error).message}`)
  }
}
