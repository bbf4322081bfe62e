import { UpdaterError } from '../errors.ts'
import type { CatalogDocument, CatalogMap, CatalogPair } from './document.ts'

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
export function lineBreak(text: string, offset: number): string {
  const after = text.indexOf('\n', offset)
  const feed = after === -1 ? text.lastIndexOf('\n', offset) : after
  return feed > 0 && text[feed - 1] === '\r' ? '\r\n' : '\n'
}

export function uneditable(document: CatalogDocument, offset: number, reason: string): UpdaterError {
  return new UpdaterError('CATALOG_UNEDITABLE', `The image cannot be edited safely: ${reason}`, {
    place: document.place(offset),
    remedy: 'Write it out as plain keys and values, or change it by hand',
  })
}

export function endOfPair({ key, value }: CatalogPair): number {
  return value === null ? key.range[1] : value.range[1]
}

/** The end of the line on which a node of a block ends; `end` is that of its range. */
export function lastLineEnd(text: string, end: number): number {
  return lineEnd(text, text[end - 1] === '\n' ? end - 1 : end)
}

/** The offset after the colon of a pair; what follows may be a space, a comment or nothing. */
export function afterColon(document: CatalogDocument, { key, value }: CatalogPair): number {
  const between = value === null ? '' : document.text.slice(key.range[1], value.range[0])
  const colon = /^[ \t]*:/.exec(between)?.[0]
  if (colon === undefined) throw uneditable(document, key.range[0], 'a key is not followed by a colon')
  return key.range[1] + colon.length
}

export function assertIndentation(document: CatalogDocument, map: CatalogMap): void {
  if (!/^[ -]*$/.test(document.text.slice(document.lineStart(map.range[0]), map.range[0]))) {
    throw uneditable(document, map.range[0], 'its indentation is not made of spaces')
  }
}

/** Inserts a rendered pair after another one of the mapping; before the first one if there is none. */
export function insertPair(
  document: CatalogDocument,
  map: CatalogMap,
  previous: CatalogPair | undefined,
  rendered: string,
): Splice {
  if (!map.flow) assertIndentation(document, map)
  const eol = lineBreak(document.text, map.range[0])
  const separator = map.flow ? ', ' : eol + ' '.repeat(document.column(map.range[0]))
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
  return map.flow ? removeFromFlow(document, map, pair) : removeLines(document, map, pair)
}

function removeLines(document: CatalogDocument, map: CatalogMap, pair: CatalogPair): Splice {
  const { text } = document
  const start = pair.key.range[0]
  const end = lastLineEnd(text, endOfPair(pair))
  if (pair === map.items[0]) {
    // The dash stays; what follows, a comment or the next key, moves up to it.
    const gap = /^\s*/.exec(text.slice(end, map.range[1]))?.[0] ?? ''
    return { start, end: end + gap.length, text: '' }
  }
  return { start: lineEnd(text, document.lineStart(start) - 1), end, text: '' }
}

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
