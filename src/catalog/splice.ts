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

/** @throws UpdaterError CATALOG_UNEDITABLE: the mapping is not made of lines of its own, indented by spaces */
export function assertBlock(document: CatalogDocument, map: CatalogMap): void {
  const [start] = map.range
  if (map.flow) throw uneditable(document, map, 'it is written in braces')
  if (!/^[ -]*$/.test(document.text.slice(start - document.column(start), start))) {
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

/** The line break of the file. */
export function lineBreak({ text }: CatalogDocument): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
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

/** Inserts a rendered pair after another one of a block mapping; before the first one if there is none. */
export function insertPair(
  document: CatalogDocument,
  map: CatalogMap,
  previous: CatalogPair | undefined,
  rendered: string,
): Splice {
  const separator = lineBreak(document) + ' '.repeat(document.column(map.range[0]))
  if (previous === undefined) return { start: map.range[0], end: map.range[0], text: rendered + separator }
  const at = lastLineEnd(document.text, endOfPair(previous))
  return { start: at, end: at, text: separator + rendered }
}

/** Removes a pair of a block mapping with its lines and the line break before them. */
export function removePair({ text }: CatalogDocument, map: CatalogMap, pair: CatalogPair): Splice {
  const start = pair.key.range[0]
  const end = lastLineEnd(text, endOfPair(pair))
  if (pair !== map.items[0]) return { start: lineEnd(text, text.lastIndexOf('\n', start)), end, text: '' }
  // The dash stays; what follows, a comment or the next key, moves up to it.
  const gap = /^\s*/.exec(text.slice(end, map.range[1]))?.[0] ?? ''
  return { start, end: end + gap.length, text: '' }
}
