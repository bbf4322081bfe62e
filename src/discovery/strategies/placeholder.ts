import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import { baseName } from '../checksum-file.ts'
import { withoutFuture } from '../dates.ts'
import { entryUrl } from '../entry-names.ts'
import { splitFileUrl } from '../file-url.ts'
import { fetchListing } from '../listing.ts'
import {
  datedTwin,
  fetchManifest,
  listedFile,
  type Manifest,
  proofOf,
  unsignedDistribution,
} from '../manifest.ts'
import { childUrl, schemeOf } from '../names.ts'
import { tellNearMiss } from '../near-miss.ts'
import { hasPlaceholder, type Matches, parsePattern, sortOut, textsOf, type UrlPattern } from '../pattern.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { toldBy } from '../version.ts'
import { inNewestFolder } from './newest-folder.ts'

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
    const findIn = async (listed: Matches) => {
      const filled = checksums === undefined ? listed : await followListings(checksums, listed, context)
      const manifest = await fetchManifest(checksums?.fill(filled) ?? checksumUrl, context)
      const known = inManifest.length > 0 ? newestIn(manifest, latest, filled, context) : filled
      const named = latest.fill(known)
      const file = listedFile(named, manifest, image)
      const { name, digest, size } = datedTwin(named, file, manifest, context)
      const url = name === file.name ? named : childUrl(named.replace(/[^/]*$/, ''), name)
      return { url, digest, size, ...toldBy(known), ...proofOf(manifest, digest) }
    }
    const found = await throughListings(latest, new Map(), context, findIn, inManifest)
    context.tell({ type: 'latest-url', url: redactUrl(found.url) })
    return found
  }
}

/**
 * What the patterns of the file's name stand for: the newest of the manifest's names, read as paths from the manifest,
 * else as names of files, else as the last parts of paths that the machine had which made the manifest.
 */
function newestIn(
  { url, entries }: Manifest,
  latest: UrlPattern,
  known: Matches,
  context: ResolverContext,
): Matches {
  const names = entries.flatMap(({ name }) => name ?? [])
  const last = latest.segments.at(-1)
  const ways = [
    (name: string) => latest.match(entryUrl(name, url) ?? '', known),
    (name: string) => last?.match(name, known),
    (name: string) => (schemeOf(name) === undefined ? last?.match(baseName(name), known) : undefined),
  ]
  const sorted = ways.map((match) => sortOut(names, match)).find(({ matched }) => matched.length > 0)
  const [newest] = withoutFuture(sorted?.matched ?? [], textsOf, url, context)
  if (sorted === undefined || newest === undefined) throw nothingMatches(url, latest, 'file')
  const { imageName } = latest
  const name = baseName(newest.one)
  const folder = newest.one.slice(0, -name.length)
  const others = sorted.others.filter((other) => other === folder + baseName(other)).map(baseName)
  tellNearMiss({ source: url, name, others, form: last?.form ?? '', imageName }, context.tell)
  return newest.matches
}

/**
 * No checksum is published. A placeholder in `latest_url`, which listings resolve, makes its URL name the version, so
 * that the URL says whether the catalogue has the newest; the digest is that of the first download.
 */
export const firstUse: Strategy = ({ name, latestUrl = '', latestChecksumUrl }) => {
  if (!hasPlaceholder(latestUrl) || latestChecksumUrl !== undefined) return undefined
  return async (context) => {
    const latest = await parsePattern(latestUrl, name)
    const { url, ...told } = await throughListings(latest, new Map(), context, async (known) => ({
      url: latest.fill(known),
      ...toldBy(known),
    }))
    if (splitFileUrl(url) === undefined) {
      throw new UpdaterError('DISCOVERY_UNSUPPORTED', `The latest_url of ${name} names no file`)
    }
    if (context.signatures?.policy === 'require') throw unsignedDistribution(context.resolver.name, url)
    context.tell({ type: 'latest-url', url: redactUrl(url) })
    return { url, digest: undefined, ...told, trust: 'first-use' }
  }
}

/**
 * Asks the listings for what the patterns stand for, except those of `later`, and goes on with `arrive`. The folder of
 * the last pattern is passed over if it turns out to have no build.
 * @throws UpdaterError HTTP_*, DISCOVERY_NOTHING_FOUND, DISCOVERY_UNSAFE_NAME, PATTERN_INVALID, what `arrive` throws
 */
async function throughListings<Found>(
  url: UrlPattern,
  before: Matches,
  context: ResolverContext,
  arrive: (known: Matches) => Promise<Found>,
  later: readonly string[] = [],
): Promise<Found> {
  const [index, ...rest] = unknownSegments(url, before, later)
  if (index === undefined) return arrive(before)
  const go = (known: Matches) => throughListings(url, known, context, arrive, later)
  const { parent, matched, others } = await readListing(url, index, before, context)
  const [newest] = matched
  const { imageName } = url
  const taken = { source: parent, name: newest.one, others, form: url.segments[index]?.form ?? '', imageName }
  tellNearMiss(taken, context.tell)
  const last = url.segments.length - 1
  const isLastFolder = index < last && rest.every((other) => other === last)
  if (!isLastFolder) return go(newest.matches)
  const byFolder = new Map(matched.map(({ one, matches }) => [`${childUrl(parent, one)}/`, matches]))
  const fileName = url.segments.at(-1)?.form ?? ''
  const find = (folder: string) => go(byFolder.get(folder) ?? newest.matches)
  return inNewestFolder([...byFolder.keys()], find, { fileName, imageName }, context)
}

/** Asks the listings for what the patterns of a checksum file's URL stand for. */
async function followListings(url: UrlPattern, before: Matches, context: ResolverContext): Promise<Matches> {
  const [index] = unknownSegments(url, before)
  if (index === undefined) return before
  const { matched } = await readListing(url, index, before, context)
  return followListings(url, matched[0].matches, context)
}

/** The positions of the segments with a pattern that is neither known nor told `later`. */
function unknownSegments(url: UrlPattern, known: Matches, later: readonly string[] = []): readonly number[] {
  const isTold = (pattern: string) => known.has(pattern) || later.includes(pattern)
  return url.segments.flatMap(({ patterns }, index) => (patterns.every(isTold) ? [] : index))
}

/** @throws UpdaterError DISCOVERY_NOTHING_FOUND if no name matches */
async function readListing(url: UrlPattern, index: number, known: Matches, context: ResolverContext) {
  const segment = url.segments[index]
  segment?.unknown(known) // refuses a second one before the server is asked
  const parent = url.fill(known, index)
  const isAsked = (isFolder: boolean) => isFolder === index < url.segments.length - 1
  const entries = (await fetchListing(parent, context)).filter(({ isFolder }) => isAsked(isFolder))
  const names = entries.map(({ name }) => name)
  const { matched, others } = sortOut(names, (name) => segment?.match(name, known))
  const [newest, ...older] = withoutFuture(matched, textsOf, parent, context)
  if (newest === undefined) throw nothingMatches(parent, url, isAsked(true) ? 'folder' : 'file')
  return { parent, matched: [newest, ...older] as const, others }
}

function nothingMatches(url: string, { imageName }: UrlPattern, what: 'folder' | 'file'): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(url)} lists no ${what} that matches the URLs of ${imageName}`,
    { remedy: 'Compare the pattern between HEREBE and DRAGONS with the names there' },
  )
}
