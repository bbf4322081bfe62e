import { isMap, isScalar, visit } from 'yaml'
import type { ImageVersion } from '../image.ts'
import type { CatalogDocument } from './document.ts'
import {
  afterColon,
  assertIndentation,
  quotesOf,
  renderFlowPair,
  renderPair,
  uneditable,
  type Values,
} from './entry.ts'
import type { VersionKey } from './fields.ts'
import {
  arrange,
  type CatalogPair,
  column,
  foldFor,
  isLongLine,
  type Layout,
  orderOf,
  ownPair,
} from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { type Style, styleOf } from './scalar.ts'
import { lineBreak, lineEnd, nextLine, type Splice } from './splice.ts'
import type { VersionEdit } from './types.ts'

/** A `versions` list that holds at least one entry. */
export interface History {
  /** The pair `versions: …` of the image. */
  readonly pair: CatalogPair
  readonly isFlow: boolean
  readonly items: readonly CatalogNode[]
  /** The first of the items. */
  readonly first: CatalogMap
}

/** What becomes of an image's versions as a whole. */
export interface HistoryPlan {
  /** Do the values make an entry of their own, in front? */
  readonly isNew: boolean
  /** Positions of the entries that go, from 0. */
  readonly removed: readonly number[]
}

/** The first entry always stays: it is followed, or its values are replaced. */
export function planHistory(
  { after, keep }: VersionEdit,
  versions: readonly (ImageVersion | undefined)[],
): HistoryPlan {
  if (keep === undefined || versions.length === 0) return { isNew: false, removed: [] }
  const isNew = keep > 1 && versions[0]?.version !== after.version
  const older = versions.flatMap((version, index) =>
    index > 0 && version?.version !== after.version ? [index] : [],
  )
  const kept = new Set(older.slice(0, Math.max(0, keep - (isNew ? 2 : 1))))
  return { isNew, removed: versions.flatMap((_, index) => (index > 0 && !kept.has(index) ? [index] : [])) }
}

/**
 * The splice that puts a new entry in front of the others, laid out as the first of them. Comments between
 * `versions` and that one are its own, and stay with it.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceNewEntry(
  document: CatalogDocument,
  layout: Layout,
  history: History,
  values: Values,
): Splice {
  const neighbour = history.first
  const pairs = arrangedPairs(neighbour, layout, values)
  if (history.isFlow) {
    const at = neighbour.range[0]
    const entry = flowEntry(neighbour, layout, pairs)
    return { start: at, end: at, text: `${entry}${flowSeparator(document, history)}` }
  }
  assertIndentation(document, neighbour)
  const { text } = document
  const dash = dashOf(document, neighbour)
  const at = lineEnd(text, afterColon(document, history.pair))
  const eol = lineBreak(text, at)
  const entry = neighbour.flow
    ? flowEntry(neighbour, layout, pairs)
    : blockEntry(document, layout, neighbour, pairs, eol)
  const gap = ' '.repeat(neighbour.range[0] - dash - 1)
  const blank = hasBlankLineAfter(document, history.items, 0) ? eol : ''
  return {
    start: at,
    end: at,
    text: `${eol}${' '.repeat(column(document, dash))}-${gap}${entry}${blank}`,
  }
}

function arrangedPairs(neighbour: CatalogMap, layout: Layout, values: Values): [VersionKey, string][] {
  const order = orderOf(neighbour)
  const wanted = [...values].flatMap(([key, value]) => (value === null ? [] : [key]))
  const missing = wanted.filter((key) => !order.includes(key))
  return arrange(order, missing, layout).flatMap((key): [VersionKey, string][] => {
    const value = values.get(key)
    return typeof value === 'string' ? [[key, value]] : []
  })
}

function blockEntry(
  document: CatalogDocument,
  layout: Layout,
  neighbour: CatalogMap,
  pairs: readonly [VersionKey, string][],
  eol: string,
): string {
  const indent = column(document, neighbour.range[0])
  const usual = foldFor(document, neighbour, layout)
  return pairs
    .map(([key, value]) => {
      const beside = ownPair(neighbour, key)
      const fold = beside !== undefined && isLongLine(document, beside) ? undefined : usual
      return renderPair(key, value, { indent, fold, quotes: quotesFor(neighbour, key, layout), eol })
    })
    .join(eol + ' '.repeat(indent))
}

function flowEntry(neighbour: CatalogMap, layout: Layout, pairs: readonly [VersionKey, string][]): string {
  return `{${pairs.map(([key, value]) => renderFlowPair(key, value, quotesFor(neighbour, key, layout))).join(', ')}}`
}

/** The quotes of the neighbour's value; a version without any takes the file's usual ones. */
function quotesFor(neighbour: CatalogMap, key: VersionKey, layout: Layout): Style {
  const value = ownPair(neighbour, key)?.value
  const style = isScalar(value) ? styleOf(value.type) : 'plain'
  return style === 'plain' ? quotesOf(key, layout) : style
}

/** As between the first two entries, else a comma and a space. */
function flowSeparator(document: CatalogDocument, { items }: History): string {
  const [first, second] = items
  if (first == null || second == null) return ', '
  const between = document.text.slice(first.range[1], second.range[0])
  return /^,\s*$/.test(between) ? between : ', '
}

/**
 * The splices that take entries (by position, never the first) out of the list. In a block, an entry goes
 * with the lines from the end of the one before it: comments above it are its own, and so are comments
 * below it that stand as deep as its keys; whatever is below that belongs to what follows.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceRemovals(
  document: CatalogDocument,
  { isFlow, items }: History,
  removed: readonly number[],
): Splice[] {
  for (const index of removed) assertRemovable(document, items[index] ?? null)
  return runsOf(removed).map(([from, to]) =>
    isFlow ? removeFromFlow(document, items, from, to) : removeLines(document, items, from, to),
  )
}

/** `[1, 2, 4]` → `[[1, 2], [4, 4]]`. */
function runsOf(positions: readonly number[]): [number, number][] {
  const runs: [number, number][] = []
  for (const position of [...positions].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === position - 1) last[1] = position
    else runs.push([position, position])
  }
  return runs
}

/** An alias elsewhere could stand for an anchor that goes, or for an older one of the same name then. */
function assertRemovable(document: CatalogDocument, item: CatalogNode): void {
  if (!isMap(item))
    throw uneditable(document, item?.range[0] ?? 0, 'an older version is an alias or not a mapping')
  let anchored: CatalogNode = null
  visit(item, {
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined) anchored ??= node as CatalogNode
    },
  })
  if (anchored !== null)
    throw uneditable(document, item.range[0], 'an older version that would go has an anchor')
}

function removeLines(
  document: CatalogDocument,
  items: readonly CatalogNode[],
  from: number,
  to: number,
): Splice {
  const { text } = document
  const [before, after] = [lastLineEnd(document, items, from - 1), lastLineEnd(document, items, to)]
  if (after < text.length) return { start: nextLine(text, before), end: nextLine(text, after), text: '' }
  return { start: before, end: after, text: '' }
}

/** Where the last line of an entry of a block list ends, before its line break. */
function lastLineEnd(document: CatalogDocument, items: readonly CatalogNode[], index: number): number {
  const { text } = document
  const item = items[index]
  if (!isMap(item)) throw uneditable(document, item?.range[0] ?? 0, 'a version is an alias or not a mapping')
  const dash = column(document, dashOf(document, item as CatalogMap))
  const [, valueEnd] = item.range
  let end = lineEnd(text, text[valueEnd - 1] === '\n' ? valueEnd - 1 : valueEnd)
  for (let at = end; at < text.length; ) {
    const start = nextLine(text, at)
    at = lineEnd(text, start)
    const [, spaces = '', sign] = /^( *)(\S?)/.exec(text.slice(start, at)) ?? []
    if (start >= text.length || (sign !== '' && (sign !== '#' || spaces.length <= dash))) break
    if (sign === '#') end = at
  }
  return end
}

/** The offset of the dash of a block entry. */
function dashOf(document: CatalogDocument, item: CatalogMap): number {
  const start = document.lineStart(item.range[0])
  const before = document.text.slice(start, item.range[0])
  const dash = before.lastIndexOf('-')
  if (dash === -1) throw uneditable(document, item.range[0], 'it does not stand behind its dash')
  return start + dash
}

function hasBlankLineAfter(document: CatalogDocument, items: readonly CatalogNode[], index: number): boolean {
  if (items.length <= index + 1) return false
  const { text } = document
  const start = nextLine(text, lastLineEnd(document, items, index))
  return text.slice(start, lineEnd(text, start)).trim() === ''
}

function removeFromFlow(
  document: CatalogDocument,
  items: readonly CatalogNode[],
  from: number,
  to: number,
): Splice {
  const start = items[from - 1]?.range[1] ?? 0
  const end = items[to]?.range[1] ?? 0
  let position = start
  for (const item of items.slice(from, to + 1)) {
    if (/[^\s,]/.test(document.text.slice(position, item?.range[0]))) {
      throw uneditable(document, start, 'a comment stands beside an older version that goes')
    }
    position = item?.range[1] ?? position
  }
  return { start, end, text: '' }
}
