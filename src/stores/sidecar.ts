import type { HttpClient } from '../http/client.ts'
import { sidecarKey, sidecarUrl } from './naming.ts'
import { readPublicStart } from './public.ts'
import { formatRecord, parseRecord } from './record.ts'
import type { ObjectRecord, Store } from './store.ts'
import { storeText } from './text-object.ts'

/**
 * A sidecar says of a digest, in the algorithm of the catalogue, which packed file has this content: `checksum`,
 * `sourceChecksum` and `size` in JSON, at the object's key and URL with `.source.json` behind it. It holds whatever
 * becomes of the object beside it, since it names the content and not the object. It is written for packed sources
 * alone: web servers tell no metadata, and an object of another tool has none.
 */

/** Bytes of a sidecar that are read. */
const limit = 1024

export async function readSidecar(
  store: Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ObjectRecord | undefined> {
  const text = await store.read(sidecarKey(key), limit, signal)
  return text === undefined ? undefined : parseRecord(text)
}

/** Returns the sidecar beside a public URL, or undefined if it has none that can be read. @throws UpdaterError ABORTED */
export async function findSidecar(
  url: string,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<ObjectRecord | undefined> {
  const text = await readPublicStart(sidecarUrl(url), limit, http, signal)
  return text === undefined ? undefined : parseRecord(text)
}

/** @returns a warning if somebody else has a file there @throws UpdaterError STORE_*, ABORTED */
export async function writeSidecar(
  store: Store,
  key: string,
  record: ObjectRecord,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const place = sidecarKey(key)
  const state = await storeText(store, place, formatRecord(record), 'application/json', signal)
  return state === 'foreign' ? `${place} is not the updater's own, and is left alone` : undefined
}
