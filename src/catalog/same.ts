import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { CatalogMap, CatalogNode } from './nodes.ts'

/** Nodes of the first reading that are compared in ways of their own. */
export type Exceptions = ReadonlyMap<CatalogNode, (after: CatalogNode) => boolean>

const noExceptions: Exceptions = new Map()

/**
 * Do two readings of a catalogue hold the same data, but for some nodes that tell for themselves? Anchors,
 * tags and whether a scalar is quoted count as data.
 */
export function isSameBut(before: CatalogNode, after: CatalogNode, exceptions: Exceptions): boolean {
  const isDone = exceptions.get(before)
  if (isDone !== undefined) return isDone(after)
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
  if (isSeq(before)) return isSeq(after) && areSameItems(before.items, after.items, exceptions)
  return isMap(after) && areSamePairs((before as CatalogMap).items, (after as CatalogMap).items, exceptions)
}

export function areSameItems(
  before: readonly unknown[],
  after: readonly unknown[],
  exceptions: Exceptions = noExceptions,
): boolean {
  return (
    before.length === after.length &&
    before.every((item, index) => isSameBut(item as CatalogNode, after[index] as CatalogNode, exceptions))
  )
}

export function areSamePairs(
  before: CatalogMap['items'],
  after: CatalogMap['items'],
  exceptions: Exceptions = noExceptions,
): boolean {
  return (
    before.length === after.length &&
    before.every((pair, index) => {
      const other = after[index]
      return (
        other !== undefined &&
        isSameBut(pair.key, other.key, exceptions) &&
        isSameBut(pair.value, other.value, exceptions)
      )
    })
  )
}
