import { isAlias, isScalar } from 'yaml'
import { UpdaterError } from '../errors.ts'
import type { CatalogDocument } from './document.ts'
import { isMergeKey, textOf, type VersionKey } from './fields.ts'
import {
  arrange,
  type CatalogPair,
  column,
  type Fold,
  foldFor,
  type Layout,
  lineWidth,
  orderOf,
  ownPair,
} from './layout.ts'
import type { CatalogMap } from './nodes.ts'
import { renderText, type Style, styleOf } from './scalar.ts'
import { lineBreak, lineEnd, nextLine, type Splice } from './splice.ts'

/** What the keys of a version are to hold; `null`: the key goes. */
export type Values = ReadonlyMap<VersionKey, string | null>

export function uneditable(document: CatalogDocument, offset: number, reason: string): UpdaterError {
  return new UpdaterError('CATALOG_UNEDITABLE', `The image cannot be edited safely: ${reason}`, {
    place: document.place(offset),
    remedy: 'Write it out as plain keys and values, or change it by hand',
  })
}

/**
 * The splices that give an entry of `versions` its new values.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceEntry(
  document: CatalogDocument,
  layout: Layout,
  map: CatalogMap,
  values: Values,
): Splice[] {
  if (values.size === 0) return []
  assertPlain(document, map)
  const replaced: Splice[] = []
  const missing: VersionKey[] = []
  let removed: CatalogPair | undefined
  for (const [key, value] of values) {
    const pair = ownPair(map, key)
    if (value === null) removed = pair
    else if (pair === undefined) missing.push(key)
    else replaced.push(...replaceValue(document, map, pair, key, value))
  }
  const kept = map.items.filter((pair) => pair !== removed)
  if (kept.length === 0)
    throw uneditable(document, map.range[0], 'nothing would be left beside the new values')
  return [
    ...replaced,
    ...insertPairs(document, layout, map, kept, missing, values),
    ...(removed === undefined
      ? []
      : [map.flow ? removeFromFlow(document, map, removed) : removeLines(document, map, removed)]),
  ]
}

/** The keys whose value is another than `values` says, with the value that they are to get. */
export function differences(map: CatalogMap, values: Values): Values {
  return new Map(
    [...values].filter(([key, value]) => {
      const pair = ownPair(map, key)
      return value === null ? pair !== undefined : textOf(pair?.value) !== value
    }),
  )
}

function renderValue(key: VersionKey, value: string, style: Style, inFlow: boolean): string {
  return key === 'build_date' ? value : renderText(value, style, inFlow)
}

/** The quotes of a value that comes into a file: its versions' own, none around the others. */
export function quotesOf(key: VersionKey, layout: Layout): Style {
  return key === 'version' ? layout.quotes : 'plain'
}

/** `key: value` for a block mapping whose keys stand in column `indent`. */
export function renderPair(
  key: VersionKey,
  value: string,
  options: { indent: number; fold: Fold | undefined; quotes: Style; eol: string },
): string {
  const { indent, fold, quotes, eol } = options
  const rendered = renderValue(key, value, quotes, false)
  const line = `${key}: ${rendered}`
  if (fold === undefined || indent + line.length <= lineWidth) return line
  return `${key}:${fold.gap}${eol}${' '.repeat(indent + fold.indent)}${rendered}`
}

/** `key: value` for a flow mapping. */
export function renderFlowPair(key: VersionKey, value: string, quotes: Style): string {
  return `${key}: ${renderValue(key, value, quotes, true)}`
}

export function endOfPair({ key, value }: CatalogPair): number {
  return value === null ? key.range[1] : value.range[1]
}

/** Where the last line of a pair of a block mapping ends, before its line break. */
export function lineEndOfPair(text: string, pair: CatalogPair): number {
  const end = endOfPair(pair)
  return lineEnd(text, text[end - 1] === '\n' ? end - 1 : end)
}

/** The offset after the colon of a pair; what follows may be a space, a comment or nothing. */
export function afterColon(document: CatalogDocument, { key, value }: CatalogPair): number {
  const between = value === null ? '' : document.text.slice(key.range[1], value.range[0])
  const colon = /^[ \t]*:/.exec(between)?.[0]
  if (colon === undefined) throw uneditable(document, key.range[0], 'a key is not followed by a colon')
  return key.range[1] + colon.length
}

/** Anchors, aliases, tags and merge keys: other places may depend on what stands here, or decide it. */
function assertPlain(document: CatalogDocument, map: CatalogMap): void {
  if (map.anchor !== undefined || map.tag !== undefined) {
    throw uneditable(document, map.range[0], 'it has an anchor or a tag')
  }
  for (const { key, value } of map.items) {
    if (isMergeKey(key)) throw uneditable(document, key.range[0], 'it has a merge key (<<)')
    for (const node of [key, value]) {
      if (isAlias(node) || node?.anchor !== undefined || node?.tag !== undefined) {
        throw uneditable(document, node.range[0], 'it has an anchor, an alias or a tag')
      }
    }
  }
  if (!map.flow) assertIndentation(document, map)
}

export function assertIndentation(document: CatalogDocument, map: CatalogMap): void {
  if (!/^[ -]*$/.test(document.text.slice(document.lineStart(map.range[0]), map.range[0]))) {
    throw uneditable(document, map.range[0], 'its indentation is not made of spaces')
  }
}

function replaceValue(
  document: CatalogDocument,
  map: CatalogMap,
  pair: CatalogPair,
  key: VersionKey,
  value: string,
): Splice[] {
  const node = pair.value
  const colon = afterColon(document, pair)
  if (!isScalar(node)) throw uneditable(document, pair.key.range[0], `"${key}" is not text`)
  const [start, end] = node.range
  const rendered = renderValue(key, value, styleOf(node.type), map.flow === true)
  if (start === end) return [{ start: colon, end: colon, text: ` ${rendered}` }]
  if (node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL') {
    return replaceBlock(document.text, start, end, key, value)
  }
  return [{ start, end, text: rendered }]
}

/** The content of a `>-` or `|-` is exchanged; any other block scalar becomes a value on the key's line. */
function replaceBlock(text: string, start: number, end: number, key: VersionKey, value: string): Splice[] {
  const header = text.slice(start, lineEnd(text, start))
  const indicator = /^[^\s]+/.exec(header)?.[0] ?? ''
  const contentStart = nextLine(text, start)
  const contentEnd = text[end - 1] === '\n' ? lineEnd(text, end - 1) : end
  const indentation = /^ +(?=\S)/.exec(text.slice(contentStart, contentEnd))?.[0]
  const isSafe = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(value)
  if (/^[|>]-$/.test(indicator) && indentation !== undefined && isSafe && key !== 'build_date') {
    return [{ start: contentStart + indentation.length, end: contentEnd, text: value }]
  }
  const rendered = { start, end: start + indicator.length, text: renderValue(key, value, 'plain', false) }
  const headerEnd = start + header.length
  return contentEnd <= headerEnd ? [rendered] : [rendered, { start: headerEnd, end: contentEnd, text: '' }]
}

function insertPairs(
  document: CatalogDocument,
  layout: Layout,
  map: CatalogMap,
  kept: readonly CatalogPair[],
  missing: readonly VersionKey[],
  values: Values,
): Splice[] {
  if (missing.length === 0) return []
  const { text } = document
  const present = orderOf(map).filter((key) =>
    kept.some((pair) => isScalar(pair.key) && pair.key.value === key),
  )
  const first = kept[0]?.key.range[0] ?? map.range[0]
  const indent = column(document, map.range[0])
  const fold = foldFor(document, map, layout)
  const eol = lineBreak(text, map.range[0])
  const render = (key: VersionKey, value: string) => {
    const quotes = quotesOf(key, layout)
    return map.flow
      ? renderFlowPair(key, value, quotes)
      : renderPair(key, value, { indent, fold, quotes, eol })
  }
  const separator = map.flow ? ', ' : `${eol}${' '.repeat(indent)}`
  const splices: Splice[] = []
  let previous: CatalogPair | undefined
  for (const key of arrange(present, missing, layout)) {
    const value = missing.includes(key) ? values.get(key) : undefined
    if (typeof value !== 'string') previous = ownPair(map, key)
    else if (previous === undefined) {
      splices.push({ start: first, end: first, text: render(key, value) + separator })
    } else {
      const at = map.flow ? endOfPair(previous) : lineEndOfPair(text, previous)
      splices.push({ start: at, end: at, text: separator + render(key, value) })
    }
  }
  return splices
}

function removeLines(document: CatalogDocument, map: CatalogMap, pair: CatalogPair): Splice {
  const { text } = document
  const start = pair.key.range[0]
  const end = lineEndOfPair(text, pair)
  if (pair === map.items[0]) {
    // The dash stays; what follows, a comment or the next key, moves up behind it.
    const gap = /^\s*/.exec(text.slice(end, map.range[1]))?.[0] ?? ''
    return { start, end: end + gap.length, text: '' }
  }
  const line = document.lineStart(start)
  if (end < text.length) return { start: line, end: nextLine(text, end), text: '' }
  return { start: lineEnd(text, line - 1), end, text: '' }
}

/** With the comma that goes with it. */
function removeFromFlow(document: CatalogDocument, map: CatalogMap, pair: CatalogPair): Splice {
  const index = map.items.indexOf(pair)
  const [previous, next] = [map.items[index - 1], map.items[index + 1]]
  const start = previous === undefined ? pair.key.range[0] : endOfPair(previous)
  const end = previous === undefined && next !== undefined ? next.key.range[0] : endOfPair(pair)
  const around = document.text.slice(start, pair.key.range[0]) + document.text.slice(endOfPair(pair), end)
  if (/[^\s,]/.test(around))
    throw uneditable(document, pair.key.range[0], 'a comment stands beside a key that goes')
  return { start, end, text: '' }
}
