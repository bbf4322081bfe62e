const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Style = keyof typeof codes

/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

export function createPaint(colour: boolean): Paint {
  return colour ? (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m` : (_style, text) => text
}

/** How a text for people is laid out. */
export interface TextLayout {
  readonly paint: Paint
  /** Where long lines are broken; absent: nowhere. */
  readonly columns?: number | undefined
}

let segmenter: Intl.Segmenter | undefined

function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter()
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

const wide =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
const invisible = /^[\p{Mark}\u200b-\u200f\u2060\ufeff]/u

function graphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0
  return wide.test(grapheme) ? 2 : 1
}

/** Terminal columns that a text without control characters takes. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0)
}

/** At most `columns` wide; what was cut off is marked with `~`. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const grapheme of graphemes(text)) {
    width += graphemeWidth(grapheme)
    if (width > columns - 1) break
    kept += grapheme
  }
  return columns < 1 ? '' : `${kept}~`
}

/** Filled with spaces to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

/**
 * Breaks at spaces; a word that is too long for a line stays whole, on the line that it would have been on.
 * Colours take no columns.
 */
export function wrap(text: string, columns = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && paintedWidth(longer) > columns && paintedWidth(word) <= columns) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

/** `displayWidth` of a text that may be coloured. */
export function paintedWidth(text: string): number {
  return displayWidth(text.replaceAll(/\u001b\[\d+m/g, ''))
}

/** A text as whole lines; see `wrap`. */
export function formatParagraph(text: string, columns?: number): string {
  return `${wrap(text, columns).join('\n')}\n`
}

/** Texts that end their lines, with an empty line between them; empty ones are left out. */
export function paragraphs(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n')
}
