import { UpdaterError } from '../errors.ts'
import { decodeSegment } from '../http/url.ts'
import { compareFileNames } from '../natural-order.ts'
import { childUrl, encodeName, isSafeFileName } from './names.ts'

const opening = 'HEREBE'
const closing = 'DRAGONS'
const maxPatternLength = 256
const maxPatterns = 8
const maxNameLength = 255

/** What patterns stand for, by their text: one that is written twice stands for the same both times. */
export type Matches = ReadonlyMap<string, string>

/** The pattern between `HEREBE` and `DRAGONS`, in RE2 syntax, which is matched in linear time. */
interface Placeholder {
  readonly pattern: string
  readonly matches: (text: string) => boolean
}

/** Text that stands for itself, decoded, or a placeholder. */
type Part = string | Placeholder

export function hasPlaceholder(url: string): boolean {
  return url.includes(opening)
}

/**
 * Takes a URL with placeholders apart. By hand, for the URL parser changes what a pattern may hold
 * (`\`, `?`, `#`, `/`).
 * @throws UpdaterError PATTERN_INVALID
 */
export async function parsePattern(url: string, imageName: string): Promise<UrlPattern> {
  const root = /^https?:\/\/[^/?#\\]+\//i.exec(url)?.[0] ?? ''
  if (root === '' || hasPlaceholder(root)) {
    throw placeholderError(imageName, 'it is not in the path of an http(s) URL')
  }
  // The patterns are at odd positions.
  const pieces = url.slice(root.length).split(/HEREBE(.*?)DRAGONS/s)
  const defect = defectOf(pieces)
  if (defect !== undefined) throw placeholderError(imageName, defect)
  const { RE2JS } = await import('re2js')
  const segments: Part[][] = [[]]
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 1) {
      segments.at(-1)?.push({ pattern: piece, matches: compile(() => RE2JS.compile(piece), imageName) })
    } else {
      const [first = '', ...others] = piece.split('/')
      segments.at(-1)?.push(first)
      segments.push(...others.map((text) => [text]))
    }
  }
  return new UrlPattern(
    root,
    segments.map((parts) => new Segment(parts, imageName)),
    imageName,
  )
}

function defectOf(pieces: readonly string[]): string | undefined {
  const texts = pieces.filter((_, index) => index % 2 === 0)
  const patterns = pieces.filter((_, index) => index % 2 === 1)
  if (texts.some(hasPlaceholder)) return `${opening} is not followed by ${closing}`
  if (texts.some((text) => /[?#\\]/.test(text))) return 'the URL has a query, a fragment or a backslash'
  if (patterns.length > maxPatterns) return `there are more than ${maxPatterns} of them`
  const wrong = patterns.find(({ length }) => length === 0 || length > maxPatternLength)
  return wrong === undefined ? undefined : `its length is ${wrong.length}, not 1 to ${maxPatternLength}`
}

function compile(attempt: () => { matches(text: string): boolean }, imageName: string) {
  try {
    const compiled = attempt()
    return (text: string) => compiled.matches(text)
  } catch (cause) {
    throw placeholderError(imageName, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** A URL whose path segments may hold placeholders. */
export class UrlPattern {
  /** Scheme and host, with the slash after them. */
  readonly root: string
  readonly segments: readonly Segment[]
  readonly imageName: string

  constructor(root: string, segments: readonly Segment[], imageName: string) {
    this.root = root
    this.segments = segments
    this.imageName = imageName
  }

  /**
   * Returns the URL of the first `count` segments (default: all), with a slash behind a folder.
   * @throws UpdaterError DISCOVERY_UNSAFE_NAME, PATTERN_INVALID if one of their patterns is not known
   */
  fill(known: Matches, count = this.segments.length): string {
    let url = this.root
    for (const [index, segment] of this.segments.slice(0, count).entries()) {
      const name = segment.fill(known)
      if (name === undefined) {
        throw placeholderError(this.imageName, 'nothing tells what the one in a folder stands for')
      }
      const encoded = segment.encode(known)
      if (segment.patterns.length === 0) url += encoded
      else {
        childUrl(url, name) // refuses what is no plain name
        url = new URL(`./${encoded}`, url).href
      }
      if (index < this.segments.length - 1) url += '/'
    }
    return url
  }

  /**
   * Returns what the patterns stand for in a URL of this form, or of a folder in front of it.
   * @param before what some of them stand for already
   */
  match(url: string, before: Matches = new Map()): Matches | undefined {
    if (!url.startsWith(this.root) || /[?#]/.test(url)) return undefined
    const names = url.slice(this.root.length).replace(/\/$/, '').split('/')
    const { length } = this.segments
    if (url.endsWith('/') ? names.length >= length : names.length !== length) return undefined
    let known: Matches | undefined = before
    for (const [index, encoded] of names.entries()) {
      const segment = this.segments[index]
      const name = decodeSegment(encoded)
      const isName = name !== undefined && (segment?.patterns.length === 0 || isSafeFileName(name))
      known = isName ? known && segment?.match(name, known) : undefined
    }
    return known
  }
}

/** A path segment that may hold placeholders. */
class Segment {
  readonly parts: readonly Part[]
  /** Each once. */
  readonly patterns: readonly string[]
  readonly #written: readonly Part[]
  readonly #imageName: string

  /** @param written with literals as they stand in the URL */
  constructor(written: readonly Part[], imageName: string) {
    const parts = written.filter((part) => part !== '')
    this.#written = parts
    this.parts = parts.map((part) => (typeof part === 'string' ? (decodeSegment(part) ?? part) : part))
    this.patterns = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.pattern)))]
    this.#imageName = imageName
  }

  /** The text of the segment, with what its patterns are. */
  get form(): string {
    return this.parts.map((part) => (typeof part === 'string' ? part : part.pattern)).join('')
  }

  /** Returns undefined if one of the patterns is not known. */
  fill(known: Matches): string | undefined {
    return fillParts(this.parts, known)
  }

  /** Returns the segment as it stands in a URL, with the literals as they were written. */
  encode(known: Matches): string {
    const encoded = this.#written.map((part) => {
      if (typeof part !== 'string') return encodeName(known.get(part.pattern) ?? '')
      return this.patterns.length === 0 || decodeSegment(part) !== undefined ? part : encodeName(part)
    })
    return encoded.join('')
  }

  /** Returns the one pattern that is not known. @throws UpdaterError PATTERN_INVALID if there are several */
  unknown(known: Matches): string | undefined {
    const [pattern, another] = this.patterns.filter((candidate) => !known.has(candidate))
    if (another === undefined) return pattern
    const why = 'two of one path segment are unknown at once: write them as one'
    throw placeholderError(this.#imageName, why)
  }

  /**
   * Returns `known` with what the unknown pattern stands for in `name`, or undefined if the name does not match. It
   * matches as a whole: the parts around the pattern literally, the pattern all that lies between them.
   */
  match(name: string, known: Matches): Matches | undefined {
    const pattern = this.unknown(known)
    if (name.length > maxNameLength) return undefined
    if (pattern === undefined) return this.fill(known) === name ? known : undefined
    const isIt = (part: Part) => typeof part !== 'string' && part.pattern === pattern
    const first = this.parts.findIndex(isIt)
    const start = fillParts(this.parts.slice(0, first), known)?.length ?? 0
    const frame = this.fill(new Map([...known, [pattern, '']]))?.length ?? 0
    const length = (name.length - frame) / this.parts.filter(isIt).length
    if (length < 0 || !Number.isInteger(length)) return undefined
    const matched = name.slice(start, start + length)
    const matches = new Map([...known, [pattern, matched]])
    const placeholder = this.parts[first]
    const fits = typeof placeholder === 'object' && placeholder.matches(matched)
    return fits && this.fill(matches) === name ? matches : undefined
  }
}

function fillParts(parts: readonly Part[], known: Matches): string | undefined {
  const texts = parts.map((part) => (typeof part === 'string' ? part : known.get(part.pattern)))
  return texts.includes(undefined) ? undefined : texts.join('')
}

/** Something with what a pattern stands for in it. */
export interface Matched<T> {
  readonly one: T
  readonly matches: Matches
}

/** Those that match, the newest first, and those that do not. */
export interface Sorted<T> {
  readonly matched: readonly Matched<T>[]
  readonly others: readonly T[]
}

/** Sorts out those that match: in natural order of what the patterns stand for, from left to right. */
export function sortOut<T>(all: readonly T[], match: (one: T) => Matches | undefined): Sorted<T> {
  const matched: Matched<T>[] = []
  const others: T[] = []
  for (const one of all) {
    const matches = match(one)
    if (matches === undefined) others.push(one)
    else matched.push({ one, matches })
  }
  return { matched: matched.sort((a, b) => compareMatches(b.matches, a.matches)), others }
}

/** Returns the newest of those that match. */
export function newestOf<T>(
  all: readonly T[],
  match: (one: T) => Matches | undefined,
): Matched<T> | undefined {
  return sortOut(all, match).matched[0]
}

/** What is known of something that matches: its own text, and what the patterns stand for in it. */
export function textsOf({ one, matches }: Matched<string>): readonly string[] {
  return [one, ...matches.values()]
}

function compareMatches(a: Matches, b: Matches): number {
  const orders = [...a].map(([pattern, text]) => compareFileNames(text, b.get(pattern) ?? ''))
  return orders.find((order) => order !== 0) ?? 0
}

/** @returns PATTERN_INVALID */
export function placeholderError(imageName: string, why: string, cause?: unknown): UpdaterError {
  return new UpdaterError('PATTERN_INVALID', `A pattern in the URLs of ${imageName} is not usable: ${why}`, {
    remedy: `Write ${opening}, a pattern in RE2 syntax and ${closing} into path segments of latest_url and latest_checksum_url`,
    cause,
  })
}
