import { isScalar, visit } from 'yaml'
import {
  type CatalogDocument,
  type CatalogList,
  type CatalogMap,
  type CatalogNode,
  type CatalogPair,
  isList,
  isMapping,
  ownPair,
} from './document.ts'
import { isNull } from './fields.ts'
import type { Values, VersionRenderer } from './render.ts'
import {
  afterColon,
  assertIndentation,
  endOfPair,
  insertPair,
  lastLineEnd,
  lineBreak,
  lineEnd,
  nextLine,
  type Splice,
  uneditable,
} from './splice.ts'

/** A list `versions` that holds at least one entry. */
export interface VersionList {
  /** The pair `versions: …` of the image. */
  readonly pair: CatalogPair
  readonly list: CatalogList
  readonly first: CatalogMap
}

/**
 * The splices that give an image without versions its first one: `versions` is empty, `[]`, or missing.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceFirstEntry(renderer: VersionRenderer, image: CatalogMap, values: Values): Splice[] {
  const { document } = renderer
  const versions = ownPair(image, 'versions')
  if ([...values.values()].every((value) => value === null)) return []
  if (versions !== undefined) assertEmpty(document, versions)
  if (!image.flow) assertIndentation(document, image)
  const eol = lineBreak(document.text, image.range[0])
  const dash = document.column(image.range[0]) + renderer.dash
  const where = image.flow ? 'flow' : { indent: dash + renderer.gap, eol }
  const entry = renderer.entry(values, undefined, where)
  const list = image.flow
    ? ` [${entry}]`
    : `${eol}${' '.repeat(dash)}-${' '.repeat(renderer.gap - 1)}${entry}`
  if (versions !== undefined) return fillIn(document, image, versions, list)
  const last = image.items.findLast(({ value }) => isScalar(value))
  if (last === undefined) throw uneditable(document, image.range[0], 'the image has no key with a text')
  return [insertPair(document, image, last, `versions:${list}`)]
}

function assertEmpty(document: CatalogDocument, versions: CatalogPair): void {
  const { value } = versions
  const isEmpty = isNull(value) || (isList(value) && value.items.length === 0)
  const between = document.text.slice(afterColon(document, versions), endOfPair(versions))
  if (!isEmpty || value?.anchor !== undefined || value?.tag !== undefined || between.includes('#')) {
    throw uneditable(document, versions.key.range[0], '"versions" has an anchor, a tag or a comment within')
  }
}

/** In a block, a comment after the empty value stays on the line of the key. */
function fillIn(document: CatalogDocument, image: CatalogMap, versions: CatalogPair, list: string): Splice[] {
  const colon = afterColon(document, versions)
  const end = endOfPair(versions)
  if (image.flow) return [{ start: colon, end, text: list }]
  const at = lineEnd(document.text, end)
  const isBlank = versions.value === null || versions.value.range[0] === end
  return [
    { start: isBlank ? end : colon, end, text: '' },
    { start: at, end: at, text: list },
  ]
}

/**
 * The splice that puts a new entry in front of the others, written as the first of them. Comments between
 * `versions` and that one stay with it.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceNewEntry(
  renderer: VersionRenderer,
  { pair, list, first }: VersionList,
  values: Values,
): Splice {
  const { document } = renderer
  const { text } = document
  const start = first.range[0]
  if (list.flow) {
    const entry = renderer.entry(values, first, 'flow')
    return { start, end: start, text: `${entry}${flowSeparator(document, list)}` }
  }
  assertIndentation(document, first)
  const dash = document.column(list.range[0])
  const at = lineEnd(text, afterColon(document, pair))
  const eol = lineBreak(text, at)
  const where = first.flow ? 'flow' : { indent: document.column(start), eol }
  const entry = renderer.entry(values, first, where)
  const gap = ' '.repeat(Math.max(1, document.column(start) - dash - 1))
  const blank = hasBlankLineAfterFirst(document, list) ? eol : ''
  const indent = ' '.repeat(dash)
  return { start: at, end: at, text: `${eol}${indent}-${gap}${entry}${blank}` }
}

/** As between the first two entries, else a comma and a space. */
function flowSeparator(document: CatalogDocument, { items: [first, second] }: CatalogList): string {
  const between = first && second ? document.text.slice(first.range[1], second.range[0]) : ''
  return /^,\s*$/.test(between) ? between : ', '
}

function hasBlankLineAfterFirst(document: CatalogDocument, list: CatalogList): boolean {
  const [first, second] = list.items
  if (first === undefined || second === undefined) return false
  const { text } = document
  const start = nextLine(text, endOfEntry(document, list, first))
  return text.slice(start, lineEnd(text, start)).trim() === ''
}

/**
 * The splices that take entries (by position, never the first) out of the list. In a block, an entry goes
 * with the lines from the end of the one before it: comments above it are its own, and so are comments
 * below it that stand as deep as its keys. Whatever is below that belongs to what follows.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceRemovals(
  document: CatalogDocument,
  { list }: VersionList,
  removed: readonly number[],
): Splice[] {
  return removed.map((index) => {
    const [before, item] = [list.items[index - 1] ?? null, list.items[index] ?? null]
    assertRemovable(document, item)
    return list.flow
      ? removeFromFlow(document, before, item)
      : { start: endOfEntry(document, list, before), end: endOfEntry(document, list, item), text: '' }
  })
}

/** An alias elsewhere could stand for an anchor that goes, or for an older one of the same name then. */
function assertRemovable(document: CatalogDocument, item: CatalogNode): asserts item is CatalogMap {
  if (!isMapping(item))
    throw uneditable(document, item?.range[0] ?? 0, 'an older version is an alias or not a mapping')
  let isAnchored = false
  visit(item, {
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined) isAnchored = true
    },
  })
  if (isAnchored) throw uneditable(document, item.range[0], 'an older version that would go has an anchor')
}

/** The end of the last line of an entry of a block list, before its line break. */
function endOfEntry(document: CatalogDocument, list: CatalogList, item: CatalogNode): number {
  const { text } = document
  if (!isMapping(item))
    throw uneditable(document, item?.range[0] ?? 0, 'a version is an alias or not a mapping')
  const dash = document.column(list.range[0])
  let end = lastLineEnd(text, item.range[1])
  for (let at = end; at < text.length; ) {
    const start = nextLine(text, at)
    at = lineEnd(text, start)
    const [, spaces = '', sign] = /^( *)(\S?)/.exec(text.slice(start, at)) ?? []
    if (start >= text.length || (sign !== '' && (sign !== '#' || spaces.length <= dash))) break
    if (sign === '#') end = at
  }
  return end
}

/** With the comma before it. */
function removeFromFlow(document: CatalogDocument, before: CatalogNode, item: CatalogMap): Splice {
  const start = before?.range[1] ?? 0
  if (/[^\s,]/.test(document.text.slice(start, item.range[0]))) {
    throw uneditable(document, start, 'a comment stands beside an older version that goes')
  }
  return { start, end: item.range[1], text: '' }
}
