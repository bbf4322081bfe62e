import { UpdaterError } from '../../errors.ts'
import { decodeSegment, redactUrl } from '../../http/url.ts'
import { splitFileUrl } from '../file-url.ts'
import { fetchListing } from '../listing.ts'
import { datedTwin, fetchManifest, listedFile, unsignedDistribution } from '../manifest.ts'
import { childUrl } from '../names.ts'
import { hasPlaceholder, type Matches, newestOf, parsePattern, type UrlPattern } from '../pattern.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { toldBy } from '../version.ts'

/**
 * Path segments of `latest_url` hold `HEREBE<pattern>DRAGONS`. From left to right, the listing of a
 * segment's parent says what the pattern stands for: the newest match in natural order. If `latest_checksum_url` does
 * not need a pattern of the file name, the manifest's names say what it stands for, wherever in `latest_url` it is. The
 * same text stands for the same match in both URLs.
 */
export const placeholder: Strategy = (image) => {
  const { latestUrl = '', latestChecksumUrl: checksumUrl } = image
  if (!hasPlaceholder(latestUrl) || checksumUrl === undefined) return undefined
  return async (context) => {
    const latest = await parsePattern(latestUrl, image.name)
    const checksums = hasPlaceholder(checksumUrl) ? await parsePattern(checksumUrl, image.name) : undefined
    const inChecksums = checksums?.segments.flatMap(({ patterns }) => patterns) ?? []
    const last = latest.segments.at(-1)
    const inManifest = last?.patterns.filter((pattern) => !inChecksums.includes(pattern)) ?? []
    let known = await followListings(latest, new Map(), context, inManifest)
    if (checksums !== undefined) known = await followListings(checksums, known, context)
    const manifest = await fetchManifest(checksums?.fill(known) ?? checksumUrl, context)
    if (inManifest.length > 0) {
      const newest = newestOf(manifest.entries, ({ name }) =>
        name === undefined ? undefined : last?.match(name, known),
      )
      if (newest === undefined) throw nothingMatches(manifest.url, latest, 'file')
      known = newest.matches
    }
    const filled = last?.fill(known) ?? ''
    const name = last?.patterns.length === 0 ? (decodeSegment(filled) ?? filled) : filled
    const file = datedTwin(listedFile(name, manifest, image), manifest)
    const url = childUrl(latest.fill(known).replace(/[^/]*$/, ''), file.name)
    context.tell({ type: 'latest-url', url: redactUrl(url) })
    return { url, digest: file.digest, size: file.size, ...toldBy(known), trust: manifest.trust }
  }
}

/**
 * No checksum is published. A placeholder in `latest_url`, which listings resolve, makes its URL name the version, so
 * that the URL says whether the catalogue has the newest; the digest is that of the first download.
 */
export const firstUse: Strategy = ({ name, latestUrl = '', latestChecksumUrl }) => {
  if (!hasPlaceholder(latestUrl) || latestChecksumUrl !== undefined) return undefined
  return async (context) => {
    const latest = await parsePattern(latestUrl, name)
    const known = await followListings(latest, new Map(), context)
    const url = latest.fill(known)
    if (splitFileUrl(url) === undefined) {
      throw new UpdaterError('DISCOVERY_UNSUPPORTED', `The latest_url of ${name} names no file`)
    }
    if (context.signatures?.policy === 'require') throw unsignedDistribution(context.resolver.name, url)
    context.tell({ type: 'latest-url', url: redactUrl(url) })
    return { url, digest: undefined, ...toldBy(known), trust: 'first-use' }
  }
}

/**
 * Asks the listings for what the URL's patterns stand for, except those of `later`.
 * @throws UpdaterError HTTP_*, DISCOVERY_NOTHING_FOUND, DISCOVERY_UNSAFE_NAME, PATTERN_INVALID
 */
async function followListings(
  url: UrlPattern,
  before: Matches,
  context: ResolverContext,
  later: readonly string[] = [],
): Promise<Matches> {
  let known = before
  const last = url.segments.length - 1
  for (const [index, segment] of url.segments.entries()) {
    if (segment.patterns.every((pattern) => known.has(pattern) || later.includes(pattern))) continue
    segment.unknown(known) // refuses a second one before the server is asked
    const parent = url.fill(known, index)
    const entries = (await fetchListing(parent, context)).filter(({ isFolder }) => isFolder === index < last)
    const newest = newestOf(entries, ({ name }) => segment.match(name, known))
    if (newest === undefined) throw nothingMatches(parent, url, index < last ? 'folder' : 'file')
    known = newest.matches
  }
  return known
}

function nothingMatches(url: string, { imageName }: UrlPattern, what: 'folder' | 'file'): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(url)} lists no ${what} that matches the URLs of ${imageName}`,
    { remedy: 'Compare the pattern between HEREBE and DRAGONS with the names there' },
  )
}
