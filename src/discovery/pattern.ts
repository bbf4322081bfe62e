import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'

const opening = 'HEREBE'
const closing = 'DRAGONS'
const maxPatternLength = 256
const maxNameLength = 255

/**
 * A URL one of whose path segments holds `HEREBE<pattern>DRAGONS`: `parent` + `prefix` + what the pattern
 * stands for + `suffix` + `rest`.
 */
export interface Placeholder {
  /** Up to the slash before the segment, inclusive. */
  readonly parent: string
  readonly prefix: string
  readonly pattern: string
  readonly suffix: string
  /** Empty, or what follows the segment, from its slash on. */
  readonly rest: string
}

/** What the pattern stands for in a whole name; `undefined`: the name does not match. */
export type NameMatcher = (name: string) => string | undefined

export function hasPlaceholder(url: string): boolean {
  return url.includes(opening)
}

/**
 * Takes a URL with a placeholder apart. By hand, for the URL parser changes what a pattern may hold
 * (`\`, `?`, `#`, `/`).
 * @throws UpdaterError PATTERN_INVALID
 */
export function splitPlaceholder(url: string, imageName: string): Placeholder {
  const start = url.indexOf(opening)
  const end = url.indexOf(closing, start)
  if (start === -1 || end === -1)
    throw placeholderError(imageName, `${opening} is not followed by ${closing}`)
  const parent = url.slice(0, url.lastIndexOf('/', start) + 1)
  if (!/^https?:\/\/[^/]+\//i.test(parent) || /[?#\\]/.test(parent)) {
    throw placeholderError(imageName, `the placeholder is not in the path of a URL: ${redactUrl(parent)}`)
  }
  const after = url.slice(end + closing.length)
  if (hasPlaceholder(after)) throw placeholderError(imageName, 'there is a second placeholder')
  const pattern = url.slice(start + opening.length, end)
  if (pattern === '' || pattern.length > maxPatternLength) {
    throw placeholderError(imageName, `its length is ${pattern.length}, not 1 to ${maxPatternLength}`)
  }
  const slash = after.indexOf('/')
  const suffix = slash === -1 ? after : after.slice(0, slash)
  return {
    parent,
    prefix: url.slice(parent.length, start),
    pattern,
    suffix,
    rest: after.slice(suffix.length),
  }
}

/**
 * Compiles a placeholder's pattern (RE2 syntax, matched in linear time). A name matches as a whole: the
 * parts around the pattern literally, the pattern all that lies between them.
 * @throws UpdaterError PATTERN_INVALID
 */
export async function compilePlaceholder(placeholder: Placeholder, imageName: string): Promise<NameMatcher> {
  const { prefix, pattern, suffix } = placeholder
  const { RE2JS } = await import('re2js')
  const compiled = compile(() => RE2JS.compile(pattern), imageName)
  return (name) => {
    if (name.length > maxNameLength || name.length < prefix.length + suffix.length) return undefined
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined
    const middle = name.slice(prefix.length, name.length - suffix.length)
    return compiled.matches(middle) ? middle : undefined
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
  return new UpdaterError(
    'PATTERN_INVALID',
    `The pattern in latest_url of ${imageName} is not usable: ${why}`,
    {
      remedy: `Write ${opening}, a pattern in RE2 syntax and ${closing} into the file name of latest_url`,
      cause,
    },
  )
}
