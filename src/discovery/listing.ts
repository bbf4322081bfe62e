import { Parser } from 'htmlparser2'
import { decodeSegment } from '../http/url.ts'
import { isSafeFileName } from './names.ts'

export interface ListingEntry {
  /** Decoded, one plain path segment. */
  readonly name: string
  readonly isFolder: boolean
}

const maxLinks = 20_000
const maxHrefLength = 2048

/**
 * The files and folders right below `baseUrl` (taken as a folder) that a page links to: directory indexes
 * of Apache, nginx and the like, and the distributions' own pages around them. Links to anything else
 * (parent, sorting, other hosts, deeper paths, names that are no plain segment) are dropped, and so is what comes
 * after the 20,000th link. Never throws, whatever `html` is.
 */
export function parseListing(html: string, baseUrl: string): ListingEntry[] {
  const base = new URL(baseUrl)
  base.search = base.hash = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  let links = 0
  const entries = new Map<string, ListingEntry>()
  const parser = new Parser({
    onopentag(tag, { href }) {
      if (tag !== 'a' || href === undefined || links === maxLinks) return
      links += 1
      const entry = childEntry(href, base)
      if (entry !== undefined && !entries.get(entry.name)?.isFolder) entries.set(entry.name, entry)
    },
  })
  parser.end(html)
  return [...entries.values()]
}

function childEntry(href: string, base: URL): ListingEntry | undefined {
  if (href.length > maxHrefLength || /[\u0000-\u001f\u007f\\?#]/.test(href) || climbs(href)) return undefined
  if (!URL.canParse(href, base.href)) return undefined
  const { origin, pathname } = new URL(href, base)
  if (origin !== base.origin || !pathname.startsWith(base.pathname)) return undefined
  const segment = pathname.slice(base.pathname.length)
  const name = decodeSegment(segment.replace(/\/$/, ''))
  if (name === undefined || !isSafeFileName(name)) return undefined
  return { name, isFolder: segment.endsWith('/') }
}

function climbs(href: string): boolean {
  return /(?:^|\/)(?:\.|%2e){2}(?:\/|$)/i.test(href)
}
