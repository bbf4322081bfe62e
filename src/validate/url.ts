import { decodeSegment } from '../http/url.ts'

/** What the text of a URL tells about the file behind it. Nothing here asks a server. */

/** Path of a URL, decoded, in segments; of what is no URL, the text itself. */
export function pathOf(url: string): string[] {
  const path = url.replace(/[?#].*$/s, '').replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => decodeSegment(segment) ?? segment)
}

export function fileNameOf(url: string): string {
  return pathOf(url).at(-1) ?? ''
}

const stamp = /(?<!\d)20\d{6}(?!\d)/

/**
 * Does the URL lead to another file when the next build is out? `current`, `latest` and (as the file's own
 * folder) `release` move on, unless the file's name has a date in it. Case counts: FreeBSD's `Latest` is a
 * folder within each release.
 */
export function isMoving(url: string): boolean {
  const folders = pathOf(url)
  const file = folders.pop() ?? ''
  if (stamp.test(file)) return false
  if (/(?<![A-Za-z0-9])(?:latest|current)(?![A-Za-z0-9])/.test(file) || folders.at(-1) === 'release')
    return true
  const at = folders.findLastIndex((folder) => /^(?:latest|current)(?![A-Za-z0-9])/.test(folder))
  return at !== -1 && !folders.slice(at + 1).some((folder) => stamp.test(folder))
}

export function hasPlaceholder(url: string): boolean {
  return /HEREBE|DRAGONS/.test(url)
}

const packing = /\.(?:tar\.\w+|tgz|txz|tar|gz|xz|bz2|zst|zip)$/i

/** The extension of a packed file, e.g. `.qcow2.xz` is `.xz`. */
export function packedAs(url: string): string | undefined {
  return packing.exec(fileNameOf(url))?.[0]
}

/** The image format that an extension names; `undefined` for `.img` and all that tells none. */
export function formatNamed(url: string): string | undefined {
  return /\.(qcow2|raw|vmdk|vdi|vhd|iso)$/i.exec(fileNameOf(url).replace(packing, ''))?.[1]?.toLowerCase()
}

/** The architecture that a URL names, if it names just one. */
export function architectureNamed(url: string): 'x86_64' | 'aarch64' | undefined {
  const path = pathOf(url).join('/').toLowerCase()
  const arm = /(?<![a-z0-9])(?:aarch64|arm64)(?![a-z0-9])/.test(path)
  const intel = /(?<![a-z0-9])(?:x86_64|x86-64|amd64)(?![a-z0-9])/.test(path)
  if (arm === intel) return undefined
  return arm ? 'aarch64' : 'x86_64'
}
