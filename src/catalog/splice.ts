/** Replaces `text.slice(start, end)`; offsets are UTF-16 indices of the text before any change. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** `undefined` where two of them touch the same characters. Insertions at one place keep their order. */
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

/** Where the line that holds `offset` ends: before its line break, or at the end of the text. */
export function lineEnd(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset)
  if (feed === -1) return text.length
  return feed > 0 && text[feed - 1] === '\r' ? feed - 1 : feed
}

/** Where the line after `offset` begins; the end of the text where there is none. */
export function nextLine(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset)
  return feed === -1 ? text.length : feed + 1
}

/** The line ending in use around `offset`. */
export function lineBreak(text: string, offset: number): string {
  const after = text.indexOf('\n', offset)
  const feed = after === -1 ? text.lastIndexOf('\n', offset) : after
  return feed > 0 && text[feed - 1] === '\r' ? '\r\n' : '\n'
}
