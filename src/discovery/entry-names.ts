/** How manifests name files: by a path, as the machine that built them had it, or by another name than the server's. */
import { decodeSegment } from '../http/url.ts'
import { baseName } from './checksum-file.ts'
import { splitFileUrl } from './file-url.ts'
import { isSafeFileName, schemeOf } from './names.ts'
import { isForOther } from './near-miss.ts'

interface Named {
  /** `undefined`: the manifest is of one file alone. */
  readonly name: string | undefined
}

/**
 * Returns the entries of a manifest that are of the file at `url`, by the surest of these ways in which they may name
 * it: the path from the manifest; the name alone; a path with the same folder and name at its end, or with the same
 * name, as the machine had it that made the manifest; any name with the same extension, and of no other architecture,
 * where the manifest is the file's own (`<name>.sha256`) and has no other, as that of an alias.
 */
export function entriesOf<Entry extends Named>(
  url: string,
  entries: readonly Entry[],
  manifestUrl: string,
): readonly Entry[] {
  const { name = '', parent = '' } = splitFileUrl(url) ?? {}
  const folder = decodeSegment(parent.split('/').at(-2) ?? '')
  const endsWith = (path: string) => (entry: Entry) =>
    `/${entry.name}`.replaceAll('\\', '/').endsWith(`/${path}`)
  const candidates = entries.filter((entry) => entry.name === undefined || endsWith(name)(entry))
  const ways: ((entry: Entry) => boolean)[] = [
    (entry) => entry.name === undefined,
    (entry) => isSamePlace(entryUrl(entry.name ?? '', manifestUrl), url),
    (entry) => entry.name === name,
    endsWith(`${folder}/${name}`),
    (entry) => schemeOf(entry.name ?? '') === undefined,
  ]
  const found = ways.map((isIt) => candidates.filter(isIt)).find((some) => some.length > 0)
  return found ?? ownEntry(name, entries, manifestUrl)
}

/** Returns the one file that the manifest of a file of its own names instead of it. */
function ownEntry<Entry extends Named>(
  name: string,
  entries: readonly Entry[],
  manifestUrl: string,
): readonly Entry[] {
  const [only = '', another] = new Set(entries.map((entry) => entry.name))
  const isOwn = another === undefined && splitFileUrl(manifestUrl)?.name.startsWith(`${name}.`)
  const own = baseName(only)
  const isSameKind = isSafeFileName(own) && extensionOf(own) === extensionOf(name) && !isForOther(own, name)
  return isOwn && isSameKind ? entries : []
}

/** The URL of a path from the manifest, or undefined if it leads nowhere. */
export function entryUrl(name: string, manifestUrl: string): string | undefined {
  if (schemeOf(name) !== undefined) return URL.canParse(name) ? new URL(name).href : undefined
  const path = name.replaceAll('\\', '/').replace(/^\/+/, '/').replace(/[%?#]/g, encodeURIComponent)
  const link = path.startsWith('/') ? path : `./${path}`
  return URL.canParse(link, manifestUrl) ? new URL(link, manifestUrl).href : undefined
}

function isSamePlace(entry: string | undefined, url: string): boolean {
  if (entry === undefined || !URL.canParse(url)) return false
  const [a, b] = [new URL(entry), new URL(url)]
  return a.origin === b.origin && decodeSegment(a.pathname) === decodeSegment(b.pathname)
}

export function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
