import { isAlias, isScalar } from 'yaml'
import { type CatalogNode, type CatalogPair, isList, isMapping } from './document.ts'

/** Nodes of the first reading that are compared in their own way. */
export type Exceptions = ReadonlyMap<CatalogNode, (after: CatalogNode) => boolean>

const noExceptions: Exceptions = new Map()

/**
 * Do two readings of a catalogue hold the same data, but for the exceptions? Anchors, tags and whether a
 * scalar is quoted count as data.
 */
export function isSame(before: CatalogNode, after: CatalogNode, exceptions = noExceptions): boolean {
  const isDone = exceptions.get(before)
  if (isDone !== undefined) return isDone(after)
  if (before === null || after === null) return before === after
  if (isAlias(before)) return isAlias(after) && before.source === after.source
  if (isAlias(after) || before.anchor !== after.anchor || before.tag !== after.tag) return false
  if (isScalar(before)) {
    const isPlain = before.type === 'PLAIN'
    return isScalar(after) && before.value === after.value && isPlain === (after.type === 'PLAIN')
  }
  if (isList(before)) return isList(after) && areSameItems(before.items, after.items, exceptions)
  return isMapping(after) && areSamePairs(before.items, after.items, exceptions)
}

export function areSameItems(
  before: readonly CatalogNode[],
  after: readonly CatalogNode[],
  exceptions = noExceptions,
): boolean {
  return (
    before.length === after.length &&
    before.every((item, index) => isSame(item, after[index] ?? null, exceptions))
  )
}

export function areSamePairs(
  before: readonly CatalogPair[],
  after: readonly CatalogPair[],
  exceptions = noExceptions,
): boolean {
  const nodes = (pairs: readonly CatalogPair[]) => pairs.flatMap(({ key, value }) => [key, value])
  return areSameItems(nodes(before), nodes(after), exceptions)
}
