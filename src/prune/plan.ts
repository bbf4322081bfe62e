import { kindOfKey, markKey, objectOfMark, objectOfSidecar } from '../stores/naming.ts'
import type { ListedObject } from '../stores/store.ts'

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

interface Settings {
  readonly keyPrefix: string
  /** The moment from which ages are counted. */
  readonly now: Date
  /** Milliseconds. */
  readonly grace: number
}

export function takeStock(
  objects: readonly ListedObject[],
  named: ReadonlySet<string>,
  settings: Settings,
): Inventory {
  const byKey = new Map(objects.map((object) => [object.key, object]))
  const fates = objects.map((object) => ({ object, fate: fateOf(object.key, byKey, named, settings) }))
  const count = (one: Fate) => fates.filter(({ fate }) => fate === one).length
  const doomed = fates.flatMap(({ object, fate }) => (fate === 'doomed' ? object : []))
  doomed.sort((a, b) => (a.key < b.key ? -1 : 1))
  return { doomed, named: count('named'), young: count('young'), others: count('other') }
}

/** `beside`: it stays with the object that it is about, and is not counted. */
type Fate = 'doomed' | 'named' | 'young' | 'other' | 'beside'

function fateOf(
  key: string,
  byKey: ReadonlyMap<string, ListedObject>,
  named: ReadonlySet<string>,
  { keyPrefix, now, grace }: Settings,
): Fate {
  const kind = kindOfKey(key, keyPrefix)
  if (kind === undefined) return 'other'
  if (kind === 'checksums') return 'beside'
  const object = kind === 'sidecar' ? objectOfSidecar(key) : kind === 'mark' ? objectOfMark(key) : key
  if (named.has(object)) return kind === 'final' ? 'named' : 'beside'
  const least = kind === 'staging' || kind === 'probe' ? Math.max(grace, longestUpload) : grace
  const since = unnamedSince(byKey.has(object) ? object : key, byKey)
  if (since !== undefined && now.getTime() - since >= least) return 'doomed'
  return kind === 'mark' ? 'beside' : 'young'
}

/**
 * Since when nothing names an object, as far as that is known, in milliseconds UTC: an update has left a mark beside it,
 * else it is as long as it lies there. One that was stored again after the mark has lost nothing since.
 */
function unnamedSince(key: string, byKey: ReadonlyMap<string, ListedObject>): number | undefined {
  const stored = byKey.get(key)?.lastModified
  const marked = byKey.get(markKey(key))?.lastModified
  return stored && Math.max(stored.getTime(), marked?.getTime() ?? 0)
}
