import { UpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import { decodeSegment, parseUrl, redactUrl } from '../http/url.ts'
import { parseJson } from './json.ts'
import type { ListingEntry } from './listing.ts'
import type { ResolverContext } from './resolver.ts'

/** Lists a folder, whose URL ends with a slash. @throws UpdaterError HTTP_*, DISCOVERY_NOTHING_FOUND */
export type Lister = (folder: string, context: ListerContext) => Promise<ListingEntry[]>

type ListerContext = Pick<ResolverContext, 'http' | 'signal'>

const maxBucketPages = 20

/**
 * Asks for the listing of a folder in the way of its server: pages of Apache, nginx and the like (HTML),
 * a bucket's listing, JSON, or GitHub's releases.
 */
export const fetchListing: Lister = async (folder, context) => {
  const { origin, pathname } = parseUrl(folder).url
  if (/^https:\/\/github\.com\/[^/]+\/[^/]+\/releases\/download\//.test(folder)) {
    return fetchReleases(folder, context)
  }
  return isBucket(folder)
    ? fetchBucket(`${origin}/`, decodeSegment(pathname.slice(1)) ?? pathname.slice(1), context)
    : fetchPage(folder, context)
}

/** MirrorCache, which serves openSUSE, draws its pages in the browser; `?jsontable` has what it draws. */
export const fetchJsonTable: Lister = (folder, context) => fetchPage(folder, context, '?jsontable')

/** A server that knows the page only without the slash is asked once more. The parser is loaded meanwhile. */
async function fetchPage(folder: string, context: ListerContext, query = ''): Promise<ListingEntry[]> {
  const parser = import('./listing.ts')
  const ask = (url: string) => context.http.text(`${url}${query}`, { signal: context.signal })
  const page = await ask(folder).catch((error: unknown) => {
    if (statusOf(error) === 404) return ask(folder.slice(0, -1))
    throw error
  })
  if (/^\s*[[{]/.test(page.text)) {
    const { parseJsonTable } = await import('./listing-formats.ts')
    return parseJsonTable(parseJson(page.text))
  }
  if (page.text.slice(0, 1000).includes('<ListBucketResult')) return fetchBucket(folder, '', context)
  return (await parser).parseListing(page.text, page.url)
}

/** GitHub has no page there; its API lists the folders of releases. */
async function fetchReleases(folder: string, context: ListerContext): Promise<ListingEntry[]> {
  const { parseReleaseListing, releasesUrl } = await import('./github.ts')
  const { text } = await context.http.text(releasesUrl(folder), { signal: context.signal })
  return parseReleaseListing(text, folder)
}

/** A bucket of S3 in the form in which the host is the bucket. */
function isBucket(folder: string): boolean {
  return /\.s3[.-][a-z0-9.-]*amazonaws\.com$/.test(new URL(folder).hostname)
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
async function fetchBucket(bucket: string, prefix: string, context: ListerContext): Promise<ListingEntry[]> {
  const { parseBucketPage } = await import('./listing-formats.ts')
  const entries: ListingEntry[] = []
  let token: string | undefined
  for (let page = 0; page < maxBucketPages; page += 1) {
    const query = new URLSearchParams({ 'list-type': '2', delimiter: '/', prefix })
    if (token !== undefined) query.set('continuation-token', token)
    const answer = await context.http.text(`${bucket}?${query}`, { signal: context.signal })
    const listed = await parseBucketPage(answer.text, prefix)
    entries.push(...listed.entries)
    token = listed.next
    if (token === undefined) return entries
  }
  throw new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `The listing of ${redactUrl(`${bucket}${prefix}`)} has more than ${maxBucketPages} pages`,
    { remedy: 'Name a folder with fewer files in latest_url' },
  )
}
