/**
 * Readers of what servers send for a folder. Each returns what is right below it; names that are no plain path segment
 * are dropped.
 */
import { Parser } from 'htmlparser2'
import { decodeSegment } from '../http/url.ts'
import { entriesBelow, entryOf, isSafeFileName, type ListingEntry, schemeOf, shortened } from './names.ts'
import { tooLong } from './pages.ts'

const maxHrefLength = 2048
const maxLinks = 100_000
/** Elements within elements. What has no end tag counts; the parser looks through all of them at each end tag. */
const maxDepth = 1000

/**
 * The files and folders right below `baseUrl` (taken as a folder), or right below `folder`, that a page links to:
 * directory indexes of Apache, nginx, Caddy, lighttpd, Artifactory, Python and the like, and the distributions' own
 * pages around them. Links to anything else (parent, sorting, other hosts, deeper paths, names that are no plain
 * segment) are dropped.
 * @param folder where the files are, if the page about them is elsewhere
 * @throws UpdaterError DISCOVERY_LISTING if there are more than 100,000 links, or elements within elements are too many
 */
export function parseListing(html: string, baseUrl: string, folder = baseUrl): ListingEntry[] {
  const bases = [folderOf(baseUrl), folderOf(folder)]
  const entries = new Map<string, ListingEntry>()
  let links = 0
  let depth = 0
  const parser = new Parser({
    onclosetag() {
      depth -= 1
    },
    onopentag(tag, { href }) {
      depth += 1
      if (depth > maxDepth) throw tooLong(baseUrl, `${maxDepth} elements within each other`)
      if (tag !== 'a' || href === undefined) return
      links += 1
      if (links > maxLinks) return
      const entry = childEntry(href, bases)
      if (entry !== undefined && !entries.get(entry.name)?.isFolder) entries.set(entry.name, entry)
    },
  })
  parser.end(html)
  if (links > maxLinks) throw tooLong(baseUrl, `${maxLinks} links`)
  return [...entries.values()]
}

function folderOf(url: string): URL {
  const base = new URL(url)
  base.search = base.hash = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

/** @param bases the first is what links count from */
function childEntry(href: string, bases: readonly URL[]): ListingEntry | undefined {
  const climbs = /(?:^|\/)(?:\.|%2e){2}(?:\/|$)/i.test(href)
  if (href.length > maxHrefLength || /[\u0000-\u001f\u007f\\?#]/.test(href) || climbs) return undefined
  // What looks like a scheme and is none is a name with a colon in it.
  const link = /^[a-z][a-z0-9+.-]*:(?!\/\/)/i.test(href) && schemeOf(href) === undefined ? `./${href}` : href
  const [page] = bases
  if (page === undefined || !URL.canParse(link, page.href)) return undefined
  const { origin, pathname } = new URL(link, page)
  const base = bases.find((one) => origin === one.origin && pathname.startsWith(one.pathname))
  if (base === undefined) return undefined
  const segment = pathname.slice(base.pathname.length)
  const name = decodeSegment(segment.replace(/\/$/, ''))
  if (name === undefined || !isSafeFileName(name)) return undefined
  return { name, isFolder: segment.endsWith('/') }
}

/** Whether a page says of itself that it lists a folder, which may be empty. */
export function isIndexPage(html: string): boolean {
  return /<a\s|index of|directory listing|listing of/i.test(html)
}

/** The name of the first element of HTML or XML. */
export function rootElement(text: string): string | undefined {
  return /^\s*</.test(text) ? /<([a-z][\w:.-]*)/i.exec(text)?.[1] : undefined
}

/** Says what a text is that is no listing. */
export function formOf(text: string): string {
  if (/[\u0000\ufffd]/.test(text)) return 'bytes that are no text'
  const root = rootElement(text)
  if (root === undefined) return 'plain text, and not one name on each line'
  const isHtml = /^(?:html|head|body|h\d|pre|table|ul|div|p)$/i.test(root)
  return isHtml ? 'a page of HTML without links' : `XML, which begins with <${shortened(root)}>`
}

/** An element of XML that holds nothing but text, and has an end tag. */
interface Leaf {
  /** The names of the elements around it, and its own: `list/file`. */
  readonly path: string
  readonly text: string
}

/** Elements within elements that a listing in XML has, at most. */
const deepestLeaf = 8

/**
 * Returns the elements of XML that hold text alone, in their order; deeper ones than a listing has are passed over.
 * Returns undefined if elements within elements are too many.
 */
function leavesOf(xml: string): Leaf[] | undefined {
  const leaves: Leaf[] = []
  const path: string[] = []
  let text: string | undefined
  let isTooDeep = false
  const parser = new Parser(
    {
      onopentag(name) {
        path.push(name)
        text = ''
        isTooDeep = path.length > maxDepth
        if (isTooDeep) parser.pause()
      },
      ontext(part) {
        if (text !== undefined) text += part
      },
      onclosetag(_, isImplied) {
        if (text !== undefined && !isImplied && path.length <= deepestLeaf)
          leaves.push({ path: path.join('/'), text })
        path.pop()
        text = undefined
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
  return isTooDeep ? undefined : leaves
}

/**
 * nginx' `autoindex_format xml`. Returns undefined for a document that is nested too deeply.
 * @see https://nginx.org/en/docs/http/ngx_http_autoindex_module.html
 */
export function parseNginxList(xml: string): ListingEntry[] | undefined {
  return leavesOf(xml)?.flatMap(({ path, text }) => {
    if (path === 'list/directory') return entryOf(`${text}/`)
    return path === 'list/file' ? entryOf(text) : []
  })
}

/** A page of names may be cut off where it has as many as that. */
const shortestPage = 1000

/**
 * Names, one on each line, as Swift and Ceph list a container. Returns undefined for another text.
 * @param asked the marker that the page was asked with; a server that knows no pages sends the same again
 * @see https://docs.openstack.org/api-ref/object-store/#show-container-details-and-list-objects
 */
export function parseNames(text: string, asked?: string): StorePage | undefined {
  const lines = text.split('\n').flatMap((line) => line.trimEnd() || [])
  const isList = lines.every((line) => line.length <= 1024 && !/[\u0000-\u001f\u007f<>\ufffd]/.test(line))
  // `ls -l`, rsync
  const isLong = lines.some((line) => /^[-bcdlps](?:[-r][-w][-xsStT]){3}[ .+@]/.test(line))
  if (!isList || isLong) return undefined
  const paths = lines.map((line) => line.replace(/^\.\//, ''))
  const marker = lines.length < shortestPage ? asked : lines.at(-1)
  return {
    entries: entriesBelow(paths, ''),
    next: marker === undefined || marker === asked ? undefined : { marker },
  }
}

/** One page of what an object store has below a prefix. */
export interface StorePage {
  /** What is right below the prefix, also where the store did not take `/` as a delimiter. */
  readonly entries: readonly ListingEntry[]
  /** What the next page is asked with. Absent: this is the last one. */
  readonly next?: Readonly<Record<string, string>> | undefined
}

/**
 * Reads a page of an S3 bucket's listing, of version 2 or 1. Returns undefined for another document, and for a page
 * that is not the last and names no next.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
 */
export function parseBucketPage(xml: string, prefix: string): StorePage | undefined {
  const leaves = rootElement(xml) === 'ListBucketResult' ? leavesOf(xml) : undefined
  if (leaves === undefined) return undefined
  const textsOf = (path: string) =>
    leaves.flatMap((leaf) => (leaf.path === `ListBucketResult/${path}` ? leaf.text : []))
  const isEncoded = textsOf('EncodingType')[0] === 'url'
  const decode = (key: string) => (isEncoded ? (decodeSegment(key.replaceAll('+', ' ')) ?? key) : key)
  const folders = textsOf('CommonPrefixes/Prefix').map(decode)
  const keys = textsOf('Contents/Key').map(decode)
  const entries = entriesBelow([...folders, ...keys], prefix)
  if (textsOf('IsTruncated')[0]?.trim() !== 'true') return { entries }
  const [token] = textsOf('NextContinuationToken')
  if (token) return { entries, next: { 'continuation-token': token } }
  const marker = textsOf('NextMarker').map(decode)[0] || [...folders, ...keys].sort().at(-1)
  return marker ? { entries, next: { marker } } : undefined
}
