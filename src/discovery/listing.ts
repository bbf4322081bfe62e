import { UpdaterError } from '../errors.ts'
import type { TextAnswer } from '../http/client.ts'
import { HttpError, statusOf } from '../http/failure.ts'
import { decodeSegment, parseUrl, redactUrl } from '../http/url.ts'
import type { StorePage } from './listing-formats.ts'
import type { ListingEntry } from './names.ts'
import { followPages, maxPages, tellStrange, tooLong } from './pages.ts'
import type { ResolverContext } from './resolver.ts'

type ListingContext = Pick<ResolverContext, 'http' | 'signal' | 'resolver' | 'tell'>

/**
 * Lists a folder, whose URL ends with a slash, in the way of its server: an index of Apache, nginx and the like (HTML,
 * JSON, XML), the listing of a bucket or a container, names in plain text, or GitHub's releases. All of it, or an error.
 * @throws UpdaterError HTTP_*, DISCOVERY_LISTING
 */
export async function fetchListing(folder: string, context: ListingContext): Promise<ListingEntry[]> {
  const { origin, hostname, pathname } = parseUrl(folder).url
  const [, repository, tag] =
    /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/download\/(?:([^/]+)\/)?$/.exec(folder) ?? []
  if (repository !== undefined) return fetchReleases(repository, tag, context)
  // A bucket of S3 in the form in which the host is the bucket.
  if (/\.s3[.-][a-z0-9.-]*amazonaws\.com$/.test(hostname)) {
    return fetchBucket(`${origin}/`, pathname.slice(1), context)
  }
  const [, container, prefix = ''] = containerPath.exec(pathname) ?? []
  const listed = container && (await fetchContainer(`${origin}${container}`, prefix, context))
  return listed || fetchFolder(context.resolver.listingUrl?.(folder) ?? folder, folder, context)
}

/** `…/v1/AUTH_<account>/<container>/<prefix>` of Swift and Ceph; Ceph may be set up without the account. */
const containerPath =
  /^((?:\/.*)?\/v1\/(?:AUTH_[^/]+|[0-9a-f]{32})\/[^/]+\/|(?:\/.*)?\/swift\/v1\/(?!AUTH_)[^/]+\/)(.*)$/

/** @param url what is asked for the listing of `folder` */
async function fetchFolder(url: string, folder: string, context: ListingContext): Promise<ListingEntry[]> {
  const refused = async (error: unknown): Promise<ListingEntry[]> => {
    const listed = isStore(error) ? await fetchBucketAbove(folder, context) : undefined
    if (listed !== undefined) return listed
    for (const other of statusOf(error) === 404 ? otherPages(url) : []) {
      const page = await fetchPage(other, folder, context).catch((again: unknown) => {
        if (statusOf(again) !== 404) throw again
      })
      if (page !== undefined) return page
    }
    throw error
  }
  return fetchPage(url, folder, context).catch(refused)
}

/** An object store knows no folders, and says so in XML. */
function isStore(error: unknown): boolean {
  return error instanceof HttpError && error.status !== undefined && /\bxml\b/i.test(error.contentType ?? '')
}

/** A server may know the page only without the slash. Nexus lists the folders of a repository at another place. */
function otherPages(url: string): string[] {
  const withoutSlash = url.replace(/\/(?=\?|$)/, '')
  const nexus = url.replace(/\/repository\/(?=[^/?]+\/)/, '/service/rest/repository/browse/')
  return [withoutSlash, nexus].filter((other) => other !== url)
}

/** A server may name the next page of the folder. The parser is loaded meanwhile. */
async function fetchPage(url: string, folder: string, context: ListingContext): Promise<ListingEntry[]> {
  const formats = import('./listing-formats.ts')
  const entries: ListingEntry[] = []
  for await (const page of pagesOf(url, context)) {
    entries.push(...(await readPage(page, { url, folder, formats: await formats }, context)))
  }
  return entries
}

function pagesOf(url: string, { http, signal }: ListingContext): AsyncGenerator<TextAnswer> {
  return followPages(url, (asked) => http.text(asked, { signal }))
}

interface Listed {
  readonly url: string
  readonly folder: string
  readonly formats: typeof import('./listing-formats.ts')
}

async function readPage(
  { text, url: came }: TextAnswer,
  { url, folder, formats }: Listed,
  context: ListingContext,
): Promise<readonly ListingEntry[]> {
  const { formOf, isIndexPage, parseListing, parseNames, parseNginxList, rootElement } = formats
  if (/^\s*[[{]/.test(text)) {
    const { parseJsonListing } = await import('./documents.ts')
    const listed = parseJsonListing(text)
    if (listed === undefined) throw unreadable(came, 'JSON of a form that is not known')
    tellStrange(listed.strange, came, context)
    return listed.items
  }
  const root = rootElement(text)
  if (root === undefined) {
    const names = parseNames(text)
    if (names === undefined) throw unreadable(came, formOf(text))
    return allOf(url, names, async (next) => parseNames(await askWith(url, next, context), next.marker))
  }
  if (root === 'ListBucketResult') return fetchBucket(url, '', context)
  if (root === 'list') {
    const listed = parseNginxList(text)
    if (listed === undefined) throw unreadable(came, 'XML that is nested too deeply')
    return listed
  }
  const entries = parseListing(text, came, folder)
  if (entries.length > 0 || isIndexPage(text)) return entries
  throw unreadable(came, formOf(text))
}

function unreadable(url: string, form: string): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_LISTING',
    `${redactUrl(url)} is no listing that can be read: it is ${form}`,
    {
      remedy:
        'Let the server list the folder as HTML with links, or name a checksum file that lists the names, with the pattern in the file name of latest_url alone',
    },
  )
}

/** GitHub has no page there; its API lists the folders of releases. */
async function fetchReleases(
  repository: string,
  tag: string | undefined,
  context: ListingContext,
): Promise<ListingEntry[]> {
  const { parseReleaseListing } = await import('./documents.ts')
  const url = `https://api.github.com/repos/${repository}/releases?per_page=30`
  const entries: ListingEntry[] = []
  for await (const { text } of pagesOf(url, context)) {
    const listed = parseReleaseListing(text, tag)
    if (listed === undefined) throw unreadable(url, "not GitHub's list of releases")
    tellStrange(listed.strange, url, context)
    entries.push(...listed.items)
    if (tag !== undefined && listed.items.length > 0) break
  }
  return entries
}

/**
 * An object store's bucket is named by the first segment of the path, or by the host. Returns undefined if neither can
 * be listed.
 */
async function fetchBucketAbove(
  folder: string,
  context: ListingContext,
): Promise<ListingEntry[] | undefined> {
  const { origin, pathname } = new URL(folder)
  const [, first = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(pathname) ?? []
  for (const [bucket, prefix] of [
    [`${origin}/${first}/`, rest],
    [`${origin}/`, pathname.slice(1)],
  ] as const) {
    const listed = await fetchBucket(bucket, prefix, context).catch((error: unknown) => {
      const isNone = error instanceof UpdaterError && error.code === 'DISCOVERY_LISTING'
      if (!isNone && statusOf(error) === undefined) throw error
    })
    if (listed !== undefined) return listed
  }
  return undefined
}

/** @param path of the folder below the bucket, as it stands in the URL */
async function fetchBucket(bucket: string, path: string, context: ListingContext): Promise<ListingEntry[]> {
  const { formOf, parseBucketPage, rootElement } = await import('./listing-formats.ts')
  const prefix = decodeSegment(path) ?? path
  const ask = async (next: Query = {}): Promise<StorePage> => {
    const text = await askWith(bucket, { 'list-type': '2', delimiter: '/', prefix, ...next }, context)
    const page = parseBucketPage(text, prefix)
    if (page !== undefined) return page
    const isCut = rootElement(text) === 'ListBucketResult'
    const form = isCut
      ? 'a page that is nested too deeply, or not the last and names no next one'
      : formOf(text)
    throw unreadable(bucket, form)
  }
  return allOf(bucket, await ask(), ask)
}

/** Returns undefined if what answers is no container. */
async function fetchContainer(
  container: string,
  path: string,
  context: ListingContext,
): Promise<ListingEntry[] | undefined> {
  const { parseContainerPage } = await import('./documents.ts')
  const prefix = decodeSegment(path) ?? path
  const ask = async (next: Query = {}) => {
    const text = await askWith(container, { format: 'json', delimiter: '/', prefix, ...next }, context)
    return parseContainerPage(text, prefix, next.marker)
  }
  const first = await ask()
  return first && allOf(container, first, ask)
}

/** What a page is asked with beyond the first one. */
type Query = Readonly<Record<string, string>>

async function askWith(url: string, query: Query, { http, signal }: ListingContext): Promise<string> {
  return (await http.text(`${url}?${new URLSearchParams(query)}`, { signal })).text
}

/** @param ask returns undefined if the page has another form than the first one */
async function allOf(
  url: string,
  first: StorePage,
  ask: (next: Query) => Promise<StorePage | undefined>,
): Promise<ListingEntry[]> {
  const entries = new Map<string, ListingEntry>()
  const add = (page: StorePage) => {
    for (const entry of page.entries) entries.set(`${entry.name}${entry.isFolder ? '/' : ''}`, entry)
  }
  add(first)
  let { next } = first
  const asked = new Set<string>()
  for (let count = 1; next !== undefined; count += 1) {
    if (count === maxPages) throw tooLong(url, `${maxPages} pages`)
    const question = JSON.stringify(next)
    if (asked.has(question)) throw unreadable(url, 'a list whose pages lead to each other')
    asked.add(question)
    const page = await ask(next)
    if (page === undefined) throw unreadable(url, 'a list whose next page has another form')
    add(page)
    next = page.next
  }
  return [...entries.values()]
}
