import { UpdaterError } from '../../errors.ts'
import { decodeSegment, redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { buildAt, datedTwin, listedFile } from '../build-file.ts'
import { fetchListing, type Lister } from '../listing-page.ts'
import { fetchManifest, type Manifest } from '../manifest.ts'
import { childUrl } from '../names.ts'
import { compareFileNames } from '../natural-order.ts'
import {
  type CompiledPatterns,
  compilePatterns,
  fillSegment,
  fillUrl,
  hasPlaceholder,
  type Matches,
  matchName,
  parsePattern,
  patternsOf,
  placeholderError,
  type Segment,
  type UrlPattern,
  unknownPattern,
} from '../pattern.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'

/**
 * Path segments of `latest_url` hold `HEREBE<pattern>DRAGONS`. From left to right, the listing of a
 * segment's parent says what the pattern stands for: the newest match in natural order. If `latest_checksum_url` does
 * not need a pattern of the file name, the manifest's names say what it stands for, wherever in `latest_url` it is. The same text stands for the same match in both URLs.
 */
export function placeholderStrategy(list: Lister = fetchListing): Strategy {
  return {
    name: 'placeholder',
    searchFor(image) {
      const { latestUrl = '', latestChecksumUrl: checksumUrl } = image
      if (!hasPlaceholder(latestUrl) || checksumUrl === undefined) return undefined
      return async (context) => {
        const latest = parsePattern(latestUrl, image.name)
        const checksums = hasPlaceholder(checksumUrl) ? parsePattern(checksumUrl, image.name) : undefined
        const inChecksums = new Set(checksums === undefined ? [] : patternsOf(checksums))
        const inManifest = patternsOf(latest.segments.at(-1) ?? []).filter((each) => !inChecksums.has(each))
        const look = { image, list, context }
        let known = await followListings(latest, new Map(), look, inManifest)
        if (checksums !== undefined) known = await followListings(checksums, known, look)
        const manifestUrl = checksums === undefined ? checksumUrl : urlOf(checksums, known, image)
        const manifest = await fetchManifest(manifestUrl, context)
        if (inManifest.length > 0) known = await followManifest(latest, known, image, manifest)
        const file = datedTwin(listedFile(fileNameOf(latest, known), manifest, image), manifest)
        const url = childUrl(folderOf(urlOf(latest, known, image)), file.name)
        context.tell({ type: 'latest-url', url: redactUrl(url) })
        return buildAt(url, file, manifest, context)
      }
    },
  }
}

/** What following a URL's placeholders needs. */
export interface Look {
  readonly image: Image
  readonly list: Lister
  readonly context: ResolverContext
}

/**
 * Asks the listings for what the URL's patterns stand for, except those of `later`.
 * @throws UpdaterError HTTP_*, DISCOVERY_NOTHING_FOUND, DISCOVERY_UNSAFE_NAME, PATTERN_INVALID
 */
export async function followListings(
  url: UrlPattern,
  before: Matches,
  { image, list, context }: Look,
  later: readonly string[] = [],
): Promise<Matches> {
  const compiled = await compilePatterns(url, image.name)
  let known = before
  const last = url.segments.length - 1
  for (const [index, segment] of url.segments.entries()) {
    const unknown = patternsOf(segment).filter((pattern) => !known.has(pattern) && !later.includes(pattern))
    if (unknown.length === 0) continue
    const pattern = unknownPattern(segment, known, image.name)
    const parent = urlOf(url, known, image, index)
    const entries = (await list(parent, context)).filter(({ isFolder }) => isFolder === index < last)
    const newest = newestOf(entries, { segment, pattern, known, compiled })
    if (newest === undefined) throw nothingMatches(parent, image, index < last ? 'folder' : 'file')
    known = newest
  }
  return known
}

async function followManifest(
  url: UrlPattern,
  known: Matches,
  image: Image,
  manifest: Manifest,
): Promise<Matches> {
  const segment = url.segments.at(-1) ?? []
  const pattern = unknownPattern(segment, known, image.name)
  const compiled = await compilePatterns(url, image.name)
  const newest = newestOf(manifest.entries, { segment, pattern, known, compiled })
  if (newest !== undefined) return newest
  throw nothingMatches(manifest.url, image, 'file')
}

interface Wanted {
  readonly segment: Segment
  readonly pattern: string | undefined
  readonly known: Matches
  readonly compiled: CompiledPatterns
}

/** Returns the match of the newest name, in natural order of what the segment's pattern stands for. */
function newestOf(
  entries: readonly { readonly name: string | undefined }[],
  { segment, pattern, known, compiled }: Wanted,
): Matches | undefined {
  const candidates = entries.flatMap(({ name }) => {
    const matches = name === undefined ? undefined : matchName(name, segment, pattern, known, compiled)
    return matches === undefined ? [] : { matches, text: matches.get(pattern ?? '') ?? '' }
  })
  return candidates.sort((a, b) => compareFileNames(b.text, a.text))[0]?.matches
}

function urlOf(url: UrlPattern, known: Matches, image: Image, count?: number): string {
  const filled = fillUrl(url, known, count)
  if (filled !== undefined) return filled
  throw placeholderError(image.name, 'nothing tells what the one in a folder stands for')
}

function fileNameOf({ segments }: UrlPattern, known: Matches): string {
  const segment = segments.at(-1) ?? []
  const name = fillSegment(segment, known) ?? ''
  return patternsOf(segment).length > 0 ? name : (decodeSegment(name) ?? name)
}

function folderOf(url: string): string {
  return url.slice(0, url.lastIndexOf('/') + 1)
}

function nothingMatches(url: string, image: Image, what: 'folder' | 'file'): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(url)} lists no ${what} that matches the URLs of ${image.name}`,
    { remedy: 'Compare the pattern between HEREBE and DRAGONS with the names there' },
  )
}
