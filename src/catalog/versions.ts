import { isAlias, isScalar } from 'yaml'
import {
  type CatalogDocument,
  type CatalogList,
  type CatalogMap,
  type CatalogNode,
  type CatalogPair,
  hasProperties,
  isMapping,
  ownPair,
} from './document.ts'
import { isMergeKey } from './fields.ts'
import type { VersionKey } from './parse.ts'
import { givenIn, keysOf, renderValue, surroundingsOf, type Values, type VersionRenderer } from './render.ts'
import {
  afterColon,
  assertIndentation,
  endOfPair,
  insertPair,
  lastLineEnd,
  lineBreak,
  lineEnd,
  nextLine,
  removeFromFlow,
  removePair,
  replaceScalar,
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
 * The splices that give an entry of `versions` its new values.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceEntry(renderer: VersionRenderer, version: CatalogMap, values: Values): Splice[] {
  if (values.size === 0) return []
  const { document } = renderer
  assertPlain(document, version)
  const removed = version.items.filter(
    (pair) => isScalar(pair.key) && values.get(String(pair.key.value) as VersionKey) === null,
  )
  if (removed.length === version.items.length) {
    throw uneditable(document, version, 'nothing would be left beside the new values')
  }
  const given = givenIn(values)
  const kept = keysOf(version).filter((key) => values.get(key) !== null)
  let previous: CatalogPair | undefined
  const written = renderer.arrange(kept, given.keys()).flatMap((key) => {
    const [pair, value] = [ownPair(version, key), given.get(key)]
    if (pair !== undefined) previous = pair
    if (value === undefined) return []
    if (pair !== undefined) return [replaceValue(document, version, pair, key, value)]
    const rendered = renderer.pair(key, value, version, surroundingsOf(document, version))
    return [insertPair(document, version, previous, rendered)]
  })
  return [...written, ...removed.map((pair) => removePair(document, version, pair))]
}

/** Anchors, aliases, tags and merge keys: other places may depend on what stands here, or decide it. */
function assertPlain(document: CatalogDocument, map: CatalogMap): void {
  const nodes = [map, ...map.items.flatMap(({ key, value }) => [key, value])]
  const bound = nodes.find((node) => isAlias(node) || hasProperties(node) || isMergeKey(node))
  if (bound !== undefined) {
    throw uneditable(document, bound, 'it has an anchor, an alias, a tag or a merge key (<<)')
  }
  assertIndentation(document, map)
}

/** Of a `>-` or `|-` the content is exchanged; any other block, and a date, becomes a value on the line of its key. */
function replaceValue(
  document: CatalogDocument,
  version: CatalogMap,
  pair: CatalogPair,
  key: VersionKey,
  value: string,
): Splice {
  const node = pair.value
  if (!isScalar(node)) throw uneditable(document, pair.key, `"${key}" is not text`)
  const rendered = renderValue(key, value, node.type, surroundingsOf(document, version))
  const isBlock = node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL'
  if (!isBlock) return replaceScalar(document, pair, rendered)
  const { text } = document
  const [start, end] = [node.range[0], lastLineEnd(text, node.range[1])]
  const header = /^[|>]-(?=\s)[^\n]*\n +(?=\S)/.exec(text.slice(start, end))?.[0]
  const isSafe = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(value)
  if (header !== undefined && key !== 'build_date' && isSafe) {
    return { start: start + header.length, end, text: value }
  }
  const comment = text.slice(start, lineEnd(text, start)).replace(/^\S+/, '')
  return { start, end, text: rendered + comment }
}

/**
 * The splices that give an image without versions its first one: `versions` is empty, `[]`, or missing.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceFirstEntry(renderer: VersionRenderer, image: CatalogMap, values: Values): Splice[] {
  const { document } = renderer
  if (givenIn(values).size === 0) return []
  assertIndentation(document, image)
  const dash = document.column(image.range[0]) + renderer.dash
  const eol = lineBreak(document, image.range[0])
  const where = image.flow ? 'braces' : { indent: dash + renderer.gap, eol }
  const entry = renderer.entry(values, undefined, where)
  const list = image.flow
    ? ` [${entry}]`
    : `${eol}${' '.repeat(dash)}-${' '.repeat(renderer.gap - 1)}${entry}`
  const versions = ownPair(image, 'versions')
  if (versions !== undefined) return fillIn(document, image, versions, list)
  const last = image.items.findLast(({ value }) => isScalar(value))
  if (last === undefined) throw uneditable(document, image, 'the image has no key with a text')
  return [insertPair(document, image, last, `versions:${list}`)]
}

/** In a block, a comment after the empty value stays on the line of the key. */
function fillIn(document: CatalogDocument, image: CatalogMap, versions: CatalogPair, list: string): Splice[] {
  const { text } = document
  const [colon, end] = [afterColon(document, versions), endOfPair(versions)]
  const empty = text.slice(colon, end)
  if (empty.includes('#')) {
    throw uneditable(document, versions.key, '"versions" has a comment within')
  }
  if (image.flow) return [{ start: colon, end, text: list }]
  const at = lineEnd(text, end)
  return [
    { start: empty.trim() === '' ? end : colon, end, text: '' },
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
  const entry = renderer.entry(values, first, surroundingsOf(document, first))
  if (list.flow) {
    const [start] = first.range
    return { start, end: start, text: entry + flowSeparator(document, list) }
  }
  assertIndentation(document, first)
  const [dash, indent] = [document.column(list.range[0]), document.column(first.range[0])]
  const eol = lineBreak(document, first.range[0])
  const gap = ' '.repeat(Math.max(1, indent - dash - 1))
  const blank = hasBlankLineAfterFirst(document, list) ? eol : ''
  const at = lineEnd(document.text, afterColon(document, pair))
  return { start: at, end: at, text: `${eol}${' '.repeat(dash)}-${gap}${entry}${blank}` }
}

/** As between the first two entries, else a comma and a space. */
function flowSeparator({ text }: CatalogDocument, { items: [first, second] }: CatalogList): string {
  const between = first && second ? text.slice(first.range[1], second.range[0]) : ''
  return /^,\s*$/.test(between) ? between : ', '
}

function hasBlankLineAfterFirst(document: CatalogDocument, list: CatalogList): boolean {
  const { text } = document
  const start = nextLine(text, endOfEntry(document, list, list.items[0]))
  return list.items.length > 1 && text.slice(start, lineEnd(text, start)).trim() === ''
}

/**
 * The splices that take entries (by position, never the first) out of the list. In a block, an entry goes with the
 * lines from the end of the one before it: comments above it are its own, and so are comments below it that stand as
 * deep as its keys. Whatever is below that belongs to what follows.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceRemovals(
  document: CatalogDocument,
  { list }: VersionList,
  removed: readonly number[],
): Splice[] {
  return removed.map((index) => {
    const item = list.items[index]
    if (document.isReferred(item)) {
      throw uneditable(
        document,
        item,
        'an alias stands for an older version that would go, or for a part of it',
      )
    }
    const before = list.items[index - 1]
    if (list.flow && isMapping(item)) return removeFromFlow(document, [item, item], before?.range[1])
    const start = endOfEntry(document, list, before)
    return { start, end: endOfEntry(document, list, item), text: '' }
  })
}

/** The end of the last line of an entry of a block list, before its line break. */
function endOfEntry(document: CatalogDocument, list: CatalogList, item: CatalogNode | undefined): number {
  const { text } = document
  if (!isMapping(item)) throw uneditable(document, item, 'a version is an alias or not a mapping')
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
