import { isMap, isScalar, isSeq } from 'yaml'
import type { Values } from './entry.ts'
import { type VersionKey, versionKeys } from './fields.ts'
import { ownPair } from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { areSameItems, areSamePairs } from './same.ts'
import { isDate, isPlainText } from './scalar.ts'

/** What is planned for the versions of one image. */
export interface PlannedChange {
  /** Of the first version. */
  readonly values: Values
  /** Is that version a new one, in front of those that stand there? */
  readonly isNew: boolean
  /** Positions of the versions that go, from 0; never the first. */
  readonly removed: readonly number[]
}

/** Does an image hold the same data as before, but for the planned change of its versions? */
export function isImageAsPlanned(
  before: CatalogMap,
  after: CatalogNode,
  { values, isNew, removed }: PlannedChange,
): boolean {
  if (!isMap(after)) return false
  const [old, now] = [versionsOf(before), versionsOf(after as CatalogMap)]
  const [first, ...others] = now.items
  const changed = isNew ? undefined : (old.items[0] as CatalogMap | undefined)
  const kept = old.items.filter((_, index) => (isNew || index > 0) && !removed.includes(index))
  return (
    before.anchor === after.anchor &&
    before.tag === after.tag &&
    areSamePairs(old.pairs, now.pairs) &&
    areSameItems(kept, others) &&
    isMap(first) &&
    isEntryAsPlanned(changed, first as CatalogMap, values)
  )
}

/** The entries of `versions`, and the other pairs of the image. */
function versionsOf(image: CatalogMap): { items: readonly unknown[]; pairs: CatalogMap['items'] } {
  const versions = ownPair(image, 'versions')
  const list = versions?.value
  return {
    items: isSeq(list) ? list.items : [],
    pairs: image.items.filter((pair) => pair !== versions),
  }
}

function isEntryAsPlanned(before: CatalogMap | undefined, after: CatalogMap, values: Values): boolean {
  const isPlanned = (pair: CatalogMap['items'][number]) =>
    isScalar(pair.key) && values.has(String(pair.key.value) as VersionKey)
  const unplanned = (map: CatalogMap | undefined) => map?.items.filter((pair) => !isPlanned(pair)) ?? []
  return (
    after.anchor === undefined &&
    after.tag === undefined &&
    areSamePairs(unplanned(before), unplanned(after)) &&
    versionKeys.every(
      (key) => !values.has(key) || isValueAsPlanned(ownPair(after, key)?.value, key, values.get(key) ?? null),
    )
  )
}

function isValueAsPlanned(node: CatalogNode | undefined, key: VersionKey, value: string | null): boolean {
  if (value === null) return node === undefined
  if (!isScalar(node) || node.value !== value || node.anchor !== undefined || node.tag !== undefined)
    return false
  const isPlain = node.type === 'PLAIN'
  return key === 'build_date' ? isPlain && isDate(value) : !isPlain || isPlainText(value, false)
}
