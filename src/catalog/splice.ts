import type { ParsedNode } from 'yaml'
import { UpdaterError } from '../errors.ts'
import type { CatalogDocument, CatalogMap, CatalogNode, CatalogPair } from './document.ts'

/** Replaces `text.slice(start, end)`; offsets are UTF-16 indices of the text before any change. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** `undefined` if two of them touch the same characters. Insertions at one place keep their order. */
export function applySplices(text: string, splices: readonly Splice[]): string | undefined {
  const parts: string[] = []
  let position = 0
  for (const splice of [...splices].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < position) return undefined
    parts.push(text.slice(position, splice.start), splice.text)
    position = splice.end
  }
  parts.push(text.slice(position))
  return parts.join('')
}

export function uneditable(
  document: CatalogDocument,
  node: CatalogNode | undefined,
  reason: string,
): UpdaterError {
  return new UpdaterError('CATALOG_UNEDITABLE', `The image cannot be edited safely: ${reason}`, {
    place: document.place(node?.range[0] ?? 0),
    remedy: 'Write it out as plain keys and values, or change it by hand',
  })
}

/** @throws UpdaterError CATALOG_UNEDITABLE: the mapping stands on lines of its own, and a tab is before it */
export function assertIndentation(document: CatalogDocument, map: CatalogMap): void {
  const [start] = map.range
  if (!map.flow && !/^[ -]*$/.test(document.text.slice(start - document.column(start), start))) {
    throw uneditable(document, map, 'its indentation is not made of spaces')
  }
}

/** The end of the line that holds `offset`: before its line break, or the end of the text. */
export function lineEnd(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset)
  if (feed === -1) return text.length
  return feed > 0 && text[feed - 1] === '\r' ? feed - 1 : feed
}

/** The start of the line after `offset`; the end of the text if there is none. */
export function nextLine(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset)
  return feed === -1 ? text.length : feed + 1
}

/** The line break in use around `offset`. */
export function lineBreak({ text }: CatalogDocument, offset: number): string {
  const after = text.indexOf('\n', offset)
  const feed = after === -1 ? text.lastIndexOf('\n', offset) : after
  return feed > 0 && text[feed - 1] === '\r' ? '\r\n' : '\n'
}

/** The end of the line on which a node of a block ends; `end` is that of its range. */
export function lastLineEnd(text: string, end: number): number {
  return lineEnd(text, text[end - 1] === '\n' ? end - 1 : end)
}

export function endOfPair({ key, value }: CatalogPair): number {
  return (value ?? key).range[1]
}

/** The offset after the colon of a pair; what follows may be a space, a comment or nothing. */
export function afterColon(document: CatalogDocument, { key, value }: CatalogPair): number {
  const between = value === null ? '' : document.text.slice(key.range[1], value.range[0])
  const colon = /^[ \t]*:/.exec(between)?.[0]
  if (colon === undefined) throw uneditable(document, key, 'a key is not followed by a colon')
  return key.range[1] + colon.length
}

/** Exchanges a value that is not a block of its own; an empty one is written after its colon. */
export function replaceScalar(document: CatalogDocument, pair: CatalogPair, text: string): Splice {
  const colon = afterColon(document, pair)
  const [start, end] = pair.value?.range ?? [colon, colon]
  return start === end ? { start: colon, end: colon, text: ` ${text}` } : { start, end, text }
}

/** Inserts a rendered pair after another one of the mapping; before the first one if there is none. */
export function insertPair(
  document: CatalogDocument,
  map: CatalogMap,
  previous: CatalogPair | undefined,
  rendered: string,
): Splice {
  assertIndentation(document, map)
  const separator = map.flow
    ? ', '
    : lineBreak(document, map.range[0]) + ' '.repeat(document.column(map.range[0]))
  if (previous === undefined) {
    const at = map.items[0]?.key.range[0] ?? map.range[0]
    return { start: at, end: at, text: rendered + separator }
  }
  const end = endOfPair(previous)
  const at = map.flow ? end : lastLineEnd(document.text, end)
  return { start: at, end: at, text: separator + rendered }
}

/** Removes a pair with its lines and the line break before them, or with its comma. */
export function removePair(document: CatalogDocument, map: CatalogMap, pair: CatalogPair): Splice {
  const { text } = document
  const start = pair.key.range[0]
  if (map.flow) {
    const index = map.items.indexOf(pair)
    const [previous, next] = [map.items[index - 1], map.items[index + 1]]
    const nodes = [pair.key, pair.value ?? pair.key] as const
    return removeFromFlow(document, nodes, previous && endOfPair(previous), next?.key.range[0])
  }
  const end = lastLineEnd(text, endOfPair(pair))
  if (pair !== map.items[0]) return { start: lineEnd(text, text.lastIndexOf('\n', start)), end, text: '' }
  // The dash stays; what follows, a comment or the next key, moves up to it.
  const gap = /^\s*/.exec(text.slice(end, map.range[1]))?.[0] ?? ''
  return { start, end: end + gap.length, text: '' }
}

/**
 * Removes what stands in braces or brackets from the first to the last node, with its comma.
 * @param before the end of the item before it
 * @param after the start of the item after it, which moves up to its place if there is none before
 */
export function removeFromFlow(
  document: CatalogDocument,
  [first, last]: readonly [ParsedNode, ParsedNode],
  before: number | undefined,
  after?: number,
): Splice {
  const { text } = document
  const [start, end] = [first.range[0], last.range[1]]
  const removed = before === undefined ? { start, end: after ?? end } : { start: before, end }
  if (/[^\s,]/.test(text.slice(removed.start, start) + text.slice(end, removed.end))) {
    throw uneditable(document, first, 'a comment stands beside what goes')
  }
  return { ...removed, text: '' }
}
