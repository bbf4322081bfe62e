import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'

const maxNameBytes = 255

/** A file or folder that a server lists. */
export interface ListingEntry {
  /** Decoded, one plain path segment. */
  readonly name: string
  readonly isFolder: boolean
}

/** Returns the entry of a name, of a folder if it ends with a slash; none if the name is no plain path segment. */
export function entryOf(text: string): ListingEntry[] {
  const isFolder = text.endsWith('/')
  const name = isFolder ? text.slice(0, -1) : text
  return isSafeFileName(name) ? [{ name, isFolder }] : []
}

/** Returns what is right below the prefix among paths that may be deeper, each once. */
export function entriesBelow(paths: readonly string[], prefix: string): ListingEntry[] {
  const below = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
  return [...new Set(below.map((path) => /^[^/]*\/?/.exec(path)?.[0] ?? ''))].flatMap(entryOf)
}

/** Returns the scheme with which a text begins, if it is one that somebody follows. A file's name may have a colon. */
export function schemeOf(text: string): string | undefined {
  return /^(about|blob|data|file|ftps?|https?|javascript|mailto|vbscript|wss?):/i.exec(text)?.[1]
}

/**
 * Whether a name from a listing or a manifest is one plain path segment: no slash, backslash, `..`, control
 * character, URL scheme or percent-encoding of these, at most 255 bytes.
 */
export function isSafeFileName(name: string): boolean {
  return (
    name.length <= maxNameBytes &&
    Buffer.byteLength(name) <= maxNameBytes &&
    isPlainSegment(name) &&
    isPlainSegment(percentDecoded(name))
  )
}

/**
 * The URL of a file or folder right below `parent`, which ends with a slash.
 * @throws UpdaterError DISCOVERY_UNSAFE_NAME
 */
export function childUrl(parent: string, name: string): string {
  if (!isSafeFileName(name)) {
    throw new UpdaterError(
      'DISCOVERY_UNSAFE_NAME',
      `The server names "${shortened(name)}", which is no plain file name`,
      {
        remedy: 'Look at the listing and the checksum file of the distribution: this name may be an attack',
      },
    )
  }
  const child = new URL(`./${encodeName(name)}`, parent)
  const base = new URL(parent)
  const last = child.pathname.slice(child.pathname.lastIndexOf('/') + 1)
  if (child.origin === base.origin && child.pathname === base.pathname + last) return child.href
  throw new UpdaterError(
    'DISCOVERY_UNSAFE_NAME',
    `"${shortened(name)}" is not a file of ${redactUrl(parent)}`,
  )
}

/** A name as it may stand in a URL. */
export function encodeName(name: string): string {
  return name.replace(/[%?# ]/g, encodeURIComponent)
}

/** A name as it may stand in a message: not longer than a line. */
export function shortened(name: string): string {
  return name.length <= 120 ? name : `${name.slice(0, 100)}… (${name.length} characters)`
}

/** Empty, `.`, `..`, a scheme, separators, controls, lone surrogates, bytes that were no UTF-8: not plain. */
function isPlainSegment(name: string): boolean {
  return (
    !/^\.{0,2}$/.test(name) &&
    schemeOf(name) === undefined &&
    !/[/\\\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffd]/u.test(name)
  )
}

/** Decoded until nothing is left to decode: servers and proxies may each decode once. */
function percentDecoded(name: string): string {
  const decoded = name.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return decoded === name ? name : percentDecoded(decoded)
}
