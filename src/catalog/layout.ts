import { isMap, isScalar, isSeq, type Pair, type ParsedNode } from 'yaml'
import type { CatalogDocument } from './document.ts'
import { isVersionKey, type VersionKey, versionKeys } from './fields.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { type Style, styleOf } from './scalar.ts'

export type CatalogPair = Pair<ParsedNode, CatalogNode>

/** How long values stand on the line after their key. */
export interface Fold {
  /** What stands between the colon and the line break. */
  readonly gap: string
  /** Columns by which the value is further in than its key. */
  readonly indent: number
}

/** How the versions of a file are laid out: what stands there, or else what ruamel.yaml would write. */
export interface Layout {
  /** Columns from the key `versions` to the dash of an entry. */
  readonly dash: number
  /** Columns from the dash to the first key of the entry. */
  readonly entry: number
  readonly fold: Fold | undefined
  /** Quotes around the values of `version`. */
  readonly quotes: Style
  /** Orders in which the keys of versions stand in the file, without repetitions. */
  readonly orders: readonly (readonly VersionKey[])[]
}

/** Columns; a longer line is folded where the file folds. */
export const lineWidth = 80
/** A file has one or two orders; more are not looked at, so that the work stays linear. */
const maximumOrders = 16

/** The pair of a mapping itself, merge keys left aside. */
export function ownPair(map: CatalogMap, key: string): CatalogPair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

export function column(document: CatalogDocument, offset: number): number {
  return offset - document.lineStart(offset)
}

export function measureLayout(document: CatalogDocument, list: CatalogPair): Layout {
  const orders = new Map<string, VersionKey[]>()
  let measured: Pick<Layout, 'dash' | 'entry'> | undefined
  let fold: Fold | undefined
  let quotes: Style | undefined
  for (const { versions, entries, map } of entriesOf(list)) {
    const order = orderOf(map)
    if (orders.size < maximumOrders) orders.set(order.join(), order)
    quotes ??= quotesOf(map)
    if (map.flow || entries.flow) continue
    fold ??= foldOf(document, map)
    const dash = column(document, entries.range[0])
    measured ??= {
      dash: dash - column(document, versions.key.range[0]),
      entry: column(document, map.range[0]) - dash,
    }
  }
  const outer = isSeq(list.value) && !list.value.flow ? column(document, list.value.range[0]) : 2
  return {
    ...(measured ?? { dash: outer, entry: 2 }),
    fold,
    quotes: quotes ?? 'single',
    orders: [...orders.values()],
  }
}

/** All versions of all images, aliases left aside. */
function* entriesOf(list: CatalogPair) {
  for (const image of isSeq(list.value) ? list.value.items : []) {
    const versions = isMap(image) ? ownPair(image as CatalogMap, 'versions') : undefined
    const entries = versions?.value
    if (versions === undefined || !isSeq(entries)) continue
    for (const entry of entries.items) if (isMap(entry)) yield { versions, entries, map: entry as CatalogMap }
  }
}

function quotesOf(map: CatalogMap): Style | undefined {
  const version = ownPair(map, 'version')?.value
  const style = isScalar(version) ? styleOf(version.type) : 'plain'
  return style === 'plain' ? undefined : style
}

export function orderOf(map: CatalogMap): VersionKey[] {
  return map.items.flatMap(({ key }) => (isScalar(key) && isVersionKey(key.value) ? [key.value] : []))
}

/** How the first folded value of a block mapping is folded. */
function foldOf(document: CatalogDocument, map: CatalogMap): Fold | undefined {
  for (const { key, value } of map.items) {
    if (!isScalar(value)) continue
    const between = document.text.slice(key.range[1], value.range[0])
    const [, gap, spaces] = /^:([ \t]*)\r?\n( +)$/.exec(between) ?? []
    const indent = (spaces?.length ?? 0) - column(document, key.range[0])
    if (gap !== undefined && indent > 0) return { gap, indent }
  }
  return undefined
}

/** Does the value stand on the line of its key although that line is longer than 80 columns? */
export function isLongLine(document: CatalogDocument, { key, value }: CatalogPair): boolean {
  return (
    isScalar(value) &&
    document.lineStart(value.range[0]) === document.lineStart(key.range[0]) &&
    column(document, value.range[1]) > lineWidth
  )
}

/** How long values that come into a mapping are folded: as its own, else as in the rest of the file. */
export function foldFor(document: CatalogDocument, map: CatalogMap, layout: Layout): Fold | undefined {
  return (
    foldOf(document, map) ?? (map.items.some((pair) => isLongLine(document, pair)) ? undefined : layout.fold)
  )
}

/**
 * Puts `missing` keys among the `present` ones: each after the nearest of its predecessors, in the order of
 * the file's other versions that agrees best with what is present.
 */
export function arrange(
  present: readonly VersionKey[],
  missing: readonly VersionKey[],
  layout: Layout,
): VersionKey[] {
  const arranged = [...present]
  for (const key of missing) {
    const order = referenceOrder(present, key, layout.orders)
    const before = order.slice(0, order.indexOf(key))
    const predecessor = before.reverse().find((candidate) => arranged.includes(candidate))
    arranged.splice(predecessor === undefined ? 0 : arranged.indexOf(predecessor) + 1, 0, key)
  }
  return arranged
}

function referenceOrder(
  present: readonly VersionKey[],
  key: VersionKey,
  orders: Layout['orders'],
): readonly VersionKey[] {
  const agrees = (order: readonly VersionKey[]) => {
    const positions = present.filter((other) => order.includes(other)).map((other) => order.indexOf(other))
    return positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0))
  }
  const candidates = [...orders.filter((order) => order.includes(key)), versionKeys]
  return candidates.find(agrees) ?? candidates[0] ?? versionKeys
}
