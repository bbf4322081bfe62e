import { UpdaterError } from '../errors.ts'
import { childUrl } from './names.ts'

const opening = 'HEREBE'
const closing = 'DRAGONS'
const maxPatternLength = 256
const maxPatterns = 8
const maxNameLength = 255

/** A part of a path segment: text that stands for itself, or the pattern between `HEREBE` and `DRAGONS`. */
type Part = { readonly text: string } | { readonly pattern: string }

export type Segment = readonly Part[]

/** A URL whose path segments may hold placeholders. */
export interface UrlPattern {
  /** Scheme and host, with the slash after them. */
  readonly root: string
  readonly segments: readonly Segment[]
}

/** What patterns stand for, by their text: one that is written twice stands for the same both times. */
export type Matches = ReadonlyMap<string, string>

/** The patterns of an image's URLs, compiled, by their text. */
export type CompiledPatterns = ReadonlyMap<string, { matches(text: string): boolean }>

export function hasPlaceholder(url: string): boolean {
  return url.includes(opening)
}

/**
 * Takes a URL with placeholders apart. By hand, for the URL parser changes what a pattern may hold
 * (`\`, `?`, `#`, `/`).
 * @throws UpdaterError PATTERN_INVALID
 */
export function parsePattern(url: string, imageName: string): UrlPattern {
  const root = /^https?:\/\/[^/?#\\]+\//i.exec(url)?.[0] ?? ''
  if (root === '' || hasPlaceholder(root)) {
    throw placeholderError(imageName, 'it is not in the path of an http(s) URL')
  }
  const segments: Part[][] = [[]]
  for (const part of partsOf(url.slice(root.length), imageName)) {
    const texts = 'text' in part ? part.text.split('/') : []
    if ('pattern' in part) segments.at(-1)?.push(part)
    for (const [index, text] of texts.entries()) {
      if (index > 0) segments.push([])
      if (text !== '') segments.at(-1)?.push({ text })
    }
  }
  return { root, segments }
}

/** The patterns in a segment, or in a whole URL, each once. */
export function patternsOf(parts: Segment | UrlPattern): string[] {
  const all = 'segments' in parts ? parts.segments.flat() : parts
  return [...new Set(all.flatMap((part) => ('pattern' in part ? [part.pattern] : [])))]
}

/** Fills in a segment's patterns; returns undefined if one of them is not known. */
export function fillSegment(segment: Segment, known: Matches): string | undefined {
  let filled = ''
  for (const part of segment) {
    const text = 'text' in part ? part.text : known.get(part.pattern)
    if (text === undefined) return undefined
    filled += text
  }
  return filled
}

/**
 * The URL of the first `count` segments (default: all), with a slash behind a folder; `undefined` if
 * one of their patterns is not known.
 * @throws UpdaterError DISCOVERY_UNSAFE_NAME
 */
export function fillUrl(
  { root, segments }: UrlPattern,
  known: Matches,
  count = segments.length,
): string | undefined {
  let url = root
  for (const [index, segment] of segments.slice(0, count).entries()) {
    const name = fillSegment(segment, known)
    if (name === undefined) return undefined
    url = patternsOf(segment).length === 0 ? `${url}${name}` : childUrl(url, name)
    if (index < segments.length - 1) url += '/'
  }
  return url
}

/**
 * Compiles all patterns of a URL (RE2 syntax, matched in linear time).
 * @throws UpdaterError PATTERN_INVALID
 */
export async function compilePatterns(url: UrlPattern, imageName: string): Promise<CompiledPatterns> {
  const { RE2JS } = await import('re2js')
  return new Map(
    patternsOf(url).map((pattern) => [pattern, compile(() => RE2JS.compile(pattern), imageName)] as const),
  )
}

/** The one pattern of a segment that is not known. @throws UpdaterError PATTERN_INVALID if there are several */
export function unknownPattern(segment: Segment, known: Matches, imageName: string): string | undefined {
  const [pattern, another] = patternsOf(segment).filter((candidate) => !known.has(candidate))
  if (another === undefined) return pattern
  throw placeholderError(imageName, 'two of one path segment are unknown at once: write them as one')
}

/**
 * Matches `name` against a segment, and adds what its unknown pattern (`undefined`: there is none) stands for to
 * `known`. A name matches as a whole: the parts around the pattern literally, the pattern all that lies
 * between them. `undefined`: it does not match.
 */
export function matchName(
  name: string,
  segment: Segment,
  pattern: string | undefined,
  known: Matches,
  compiled: CompiledPatterns,
): Matches | undefined {
  if (name.length > maxNameLength) return undefined
  if (pattern === undefined) return fillSegment(segment, known) === name ? known : undefined
  const isIt = (part: Part) => 'pattern' in part && part.pattern === pattern
  const frame = fillSegment(segment, new Map([...known, [pattern, '']]))?.length ?? 0
  const length = (name.length - frame) / segment.filter(isIt).length
  if (length < 0 || !Number.isInteger(length)) return undefined
  const start = fillSegment(segment.slice(0, segment.findIndex(isIt)), known)?.length ?? 0
  const matched = name.slice(start, start + length)
  const matches = new Map([...known, [pattern, matched]])
  const fits = fillSegment(segment, matches) === name && compiled.get(pattern)?.matches(matched)
  return fits ? matches : undefined
}

/** The same for the path segments of a whole URL, or of a folder in front of it. */
export function matchUrl(
  url: string,
  pattern: UrlPattern,
  compiled: CompiledPatterns,
  imageName: string,
): Matches | undefined {
  if (!url.startsWith(pattern.root) || /[?#]/.test(url)) return undefined
  const names = url.slice(pattern.root.length).replace(/\/$/, '').split('/')
  const isFolder = url.endsWith('/')
  if (isFolder ? names.length >= pattern.segments.length : names.length !== pattern.segments.length) {
    return undefined
  }
  let known: Matches | undefined = new Map()
  for (const [index, name] of names.entries()) {
    const segment: Segment = pattern.segments[index] ?? []
    known = matchName(name, segment, unknownPattern(segment, known, imageName), known, compiled)
    if (known === undefined) return undefined
  }
  return known
}

function* partsOf(path: string, imageName: string): Generator<Part> {
  let at = 0
  for (let count = 1; ; count += 1) {
    const start = path.indexOf(opening, at)
    const text = path.slice(at, start === -1 ? path.length : start)
    if (/[?#\\]/.test(text))
      throw placeholderError(imageName, 'the URL has a query, a fragment or a backslash')
    yield { text }
    if (start === -1) return
    const end = path.indexOf(closing, start)
    if (end === -1) throw placeholderError(imageName, `${opening} is not followed by ${closing}`)
    const pattern = path.slice(start + opening.length, end)
    if (pattern === '' || pattern.length > maxPatternLength) {
      throw placeholderError(imageName, `its length is ${pattern.length}, not 1 to ${maxPatternLength}`)
    }
    if (count > maxPatterns) throw placeholderError(imageName, `there are more than ${maxPatterns} of them`)
    yield { pattern }
    at = end + closing.length
  }
}

function compile<T>(attempt: () => T, imageName: string): T {
  try {
    return attempt()
  } catch (cause) {
    throw placeholderError(imageName, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** @returns PATTERN_INVALID */
export function placeholderError(imageName: string, why: string, cause?: unknown): UpdaterError {
  return new UpdaterError('PATTERN_INVALID', `A pattern in the URLs of ${imageName} is not usable: ${why}`, {
    remedy: `Write ${opening}, a pattern in RE2 syntax and ${closing} into path segments of latest_url and latest_checksum_url`,
    cause,
  })
}
