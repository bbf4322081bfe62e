import { UpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import { decodeSegment, parseUrl, redactUrl } from '../http/url.ts'
import type { ListingEntry } from './names.ts'
import type { ResolverContext } from './resolver.ts'

type ListingContext = Pick<ResolverContext, 'http' | 'signal' | 'resolver'>

const maxBucketPages = 20

/**
 * Lists a folder, whose URL ends with a slash, in the way of its server: pages of Apache, nginx and the like (HTML), a
 * bucket's listing, JSON, or GitHub's releases.
 * @throws UpdaterError HTTP_*, DISCOVERY_NOTHING_FOUND
 */
export async function fetchListing(folder: string, context: ListingContext): Promise<ListingEntry[]> {
  const { origin, hostname, pathname } = parseUrl(folder).url
  const [, repository, tag] =
    /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/download\/(?:([^/]+)\/)?$/.exec(folder) ?? []
  if (repository !== undefined) return fetchReleases(repository, tag, context)
  // A bucket of S3 in the form in which the host is the bucket.
  if (/\.s3[.-][a-z0-9.-]*amazonaws\.com$/.test(hostname)) {
    return fetchBucket(`${origin}/`, decodeSegment(pathname.slice(1)) ?? pathname.slice(1), context)
  }
  return fetchPage(context.resolver.listingUrl?.(folder) ?? folder, context)
}

/** A server that knows the page only without the slash is asked once more. The parser is loaded meanwhile. */
async function fetchPage(url: string, context: ListingContext): Promise<ListingEntry[]> {
  const parser = import('./listing-formats.ts')
  const withoutSlash = url.replace(/\/(?=\?|$)/, '')
  const ask = (asked: string) => context.http.text(asked, { signal: context.signal })
  const page = await ask(url).catch((error: unknown) => {
    if (statusOf(error) === 404 && withoutSlash !== url) return ask(withoutSlash)
    throw error
  })
  if (/^\s*[[{]/.test(page.text)) {
    const { parseJsonListing } = await import('./documents.ts')
    return parseJsonListing(page.text)
  }
  if (page.text.slice(0, 1000).includes('<ListBucketResult')) return fetchBucket(url, '', context)
  return (await parser).parseListing(page.text, page.url)
}

/** GitHub has no page there; its API lists the folders of releases. */
async function fetchReleases(
  repository: string,
  tag: string | undefined,
  { http, signal }: ListingContext,
): Promise<ListingEntry[]> {
  const { parseReleaseListing } = await import('./documents.ts')
  const url = `https://api.github.com/repos/${repository}/releases?per_page=30`
  return parseReleaseListing((await http.text(url, { signal })).text, tag)
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
async function fetchBucket(bucket: string, prefix: string, context: ListingContext): Promise<ListingEntry[]> {
  const { parseBucketPage } = await import('./listing-formats.ts')
  const entries: ListingEntry[] = []
  let token: string | undefined
  for (let page = 0; page < maxBucketPages; page += 1) {
    const query = new URLSearchParams({ 'list-type': '2', delimiter: '/', prefix })
    if (token !== undefined) query.set('continuation-token', token)
    const answer = await context.http.text(`${bucket}?${query}`, { signal: context.signal })
    const listed = parseBucketPage(answer.text, prefix)
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
