import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Values } from './entry.ts'
import { type VersionKey, versionKeys } from './fields.ts'
import { ownPair } from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
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

/**
 * Do two readings of a catalogue hold the same data, but for the `planned` changes to the versions of some
 * images (by their node in `before`)? Anchors, tags and whether a scalar is quoted count as data.
 */
export function isAsPlanned(
  before: CatalogNode,
  after: CatalogNode,
  planned: ReadonlyMap<CatalogNode, PlannedChange>,
): boolean {
  const change = planned.get(before)
  if (change !== undefined)
    return (
      isMap(before) &&
      isMap(after) &&
      isImageAsPlanned(before as CatalogMap, after as CatalogMap, change, planned)
    )
  if (before === null || after === null) return before === after
  if (isAlias(before)) return isAlias(after) && before.source === after.source
  if (isAlias(after) || before.anchor !== after.anchor || before.tag !== after.tag) return false
  if (isScalar(before)) {
    return (
      isScalar(after) &&
      before.value === after.value &&
      (before.type === 'PLAIN') === (after.type === 'PLAIN')
    )
  }
  if (isSeq(before)) return isSeq(after) && areItemsAsPlanned(before.items, after.items, planned)
  return isMap(after) && arePairsAsPlanned((before as CatalogMap).items, (after as CatalogMap).items, planned)
}

function areItemsAsPlanned(
  before: readonly unknown[],
  after: readonly unknown[],
  planned: ReadonlyMap<CatalogNode, PlannedChange>,
): boolean {
  return (
    before.length === after.length &&
    before.every((item, index) => isAsPlanned(item as CatalogNode, after[index] as CatalogNode, planned))
  )
}

function isImageAsPlanned(
  before: CatalogMap,
  after: CatalogMap,
  { values, isNew, removed }: PlannedChange,
  planned: ReadonlyMap<CatalogNode, PlannedChange>,
): boolean {
  const [old, now] = [versionsOf(before), versionsOf(after)]
  if (old === undefined || now === undefined) return false
  const [first, ...others] = now.items
  const changed = isNew ? undefined : (old.items[0] as CatalogMap | undefined)
  const kept = old.items.filter((_, index) => (isNew || index > 0) && !removed.includes(index))
  return (
    before.anchor === after.anchor &&
    before.tag === after.tag &&
    arePairsAsPlanned(old.pairs, now.pairs, planned) &&
    areItemsAsPlanned(kept, others, planned) &&
    isMap(first) &&
    isEntryAsPlanned(changed, first as CatalogMap, values)
  )
}

function arePairsAsPlanned(
  before: CatalogMap['items'],
  after: CatalogMap['items'],
  planned: ReadonlyMap<CatalogNode, PlannedChange>,
): boolean {
  return (
    before.length === after.length &&
    before.every((pair, index) => {
      const other = after[index]
      return (
        other !== undefined &&
        isAsPlanned(pair.key, other.key, planned) &&
        isAsPlanned(pair.value, other.value, planned)
      )
    })
  )
}

/** The entries of `versions`, and the other pairs of the image. */
function versionsOf(
  image: CatalogMap,
): { items: readonly unknown[]; pairs: CatalogMap['items'] } | undefined {
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
    arePairsAsPlanned(unplanned(before), unplanned(after), new Map()) &&
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
