import { DomUtils, Parser, parseDocument } from 'htmlparser2'
import { decodeSegment } from '../http/url.ts'
import { entryOf, isSafeFileName, type ListingEntry } from './names.ts'

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
  const climbs = /(?:^|\/)(?:\.|%2e){2}(?:\/|$)/i.test(href)
  if (href.length > maxHrefLength || /[\u0000-\u001f\u007f\\?#]/.test(href) || climbs) return undefined
  if (!URL.canParse(href, base.href)) return undefined
  const { origin, pathname } = new URL(href, base)
  if (origin !== base.origin || !pathname.startsWith(base.pathname)) return undefined
  const segment = pathname.slice(base.pathname.length)
  const name = decodeSegment(segment.replace(/\/$/, ''))
  if (name === undefined || !isSafeFileName(name)) return undefined
  return { name, isFolder: segment.endsWith('/') }
}

/** One page of a bucket's listing with `/` as delimiter. */
export interface BucketPage {
  /** What is right below the prefix. */
  readonly entries: readonly ListingEntry[]
  /** What the next page is asked with; `undefined`: this is the last one. */
  readonly next: string | undefined
}

/** Keys outside `prefix` and names that are no plain path segment are dropped. Never throws. */
export function parseBucketPage(xml: string, prefix: string): BucketPage {
  const document = parseDocument(xml, { xmlMode: true })
  const [page] = DomUtils.getElementsByTagName('ListBucketResult', document)
  if (page === undefined) return { entries: [], next: undefined }
  const textsOf = (name: string, parents = [page]) =>
    DomUtils.getElementsByTagName(name, parents).map((element) => DomUtils.textContent(element))
  const folders = textsOf('Prefix', DomUtils.getElementsByTagName('CommonPrefixes', page))
  const keys = [...folders, ...textsOf('Key')].filter((key) => key.startsWith(prefix))
  const [isTruncated] = textsOf('IsTruncated')
  const [next] = textsOf('NextContinuationToken')
  return {
    entries: keys.flatMap((key) => entryOf(key.slice(prefix.length))),
    next: isTruncated === 'true' ? next : undefined,
  }
}
