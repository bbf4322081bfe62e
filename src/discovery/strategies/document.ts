import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Digest, Image } from '../../image.ts'
import { compareFileNames } from '../../natural-order.ts'
import { ambiguous, preferredDigest, unusableChecksum } from '../checksum-file.ts'
import { withoutFuture } from '../dates.ts'
import type { PublishedFile, Told } from '../documents.ts'
import { catalogueAlgorithm, fetchVerified, noChecksum, type Proof } from '../manifest.ts'
import { tellNearMiss } from '../near-miss.ts'
import { followPages, tellStrange } from '../pages.ts'
import { hasPlaceholder, parsePattern, sortOut, type UrlPattern } from '../pattern.ts'
import type { ResolverContext, Search, Strategy } from '../resolver.ts'
import { findUrlStamp } from '../stamp.ts'
import { statedVersion, toldBy } from '../version.ts'

/** The files that a source lists, and how far that can be trusted. */
export interface PublishedFiles extends Proof {
  readonly files: readonly PublishedFile[]
}

/**
 * `latest_checksum_url` is a JSON document with URLs of files and their digests (see
 * `parseDocument`). The newest of those that `latest_url`, with its placeholders, matches as a whole is
 * the build's: a document cannot lead to another server or another image.
 */
export const document: Strategy = (image) => {
  const { latestUrl = '', latestChecksumUrl: checksumUrl = '' } = image
  if (!hasPlaceholder(latestUrl) || hasPlaceholder(checksumUrl) || !URL.canParse(checksumUrl))
    return undefined
  const { pathname } = new URL(checksumUrl)
  const isDocument = /\.s?json$|\/repos\/[^/]+\/[^/]+\/releases(?:\/latest)?$/.test(pathname)
  const [, gitlab] = /\/projects\/[^/]+\/(releases|packages)$/.exec(pathname) ?? []
  if (!isDocument && gitlab === undefined) return undefined
  return async (context) => {
    const wanted = await parsePattern(latestUrl, image.name)
    context.tell({ type: 'checksums-from', url: redactUrl(checksumUrl) })
    const fetchFiles = gitlab === 'packages' ? fetchPackage : fetchDocument
    const published = await fetchFiles(checksumUrl, wanted, context)
    return newestFile(published, wanted, checksumUrl, image, context)
  }
}

/**
 * Returns the newest of those files of a document that `wanted` matches: by the versions that the document tells, else
 * by what the patterns stand for.
 * @throws UpdaterError DISCOVERY_NOTHING_FOUND, CHECKSUM_*
 */
export async function newestFile(
  { files, trust, signer }: PublishedFiles,
  wanted: UrlPattern,
  source: string,
  image: Image,
  context: ResolverContext,
): ReturnType<Search> {
  const { matched, others } = sortOut(files, ({ url }) => wanted.match(url))
  const known = withoutFuture(
    matched,
    ({ one, matches }) => [lastOf(one.url, 2), ...matches.values(), one.version, one.date],
    source,
    context,
  )
  const [newest] = known.toSorted((a, b) => compareFileNames(b.one.version ?? '', a.one.version ?? ''))
  if (newest === undefined) throw nothingMatches(source, image.name)
  const { url, content, size, date, unusable, ...file } = newest.one
  const name = url.slice(wanted.root.length)
  const { origin } = new URL(url)
  // A document may lead to another server, since when nothing comes to the one that the image's URL names.
  const below = (one: PublishedFile) => {
    if (one.url.startsWith(wanted.root)) return [one.url.slice(wanted.root.length)]
    return new URL(one.url).origin === origin ? [] : [lastOf(one.url, name.split('/').length)]
  }
  const form = wanted.segments.map((segment) => segment.form).join('/')
  tellNearMiss({ source, name, others: others.flatMap(below), form, imageName: image.name }, context.tell)
  context.tell({ type: 'latest-url', url: redactUrl(url) })
  const lookUp = context.resolver.digestsOf
  const published = matched.filter(({ one }) => one.url === url).flatMap(({ one }) => one.digests)
  if (isContradictory(published)) throw ambiguous(lastOf(url, 1), source, [])
  const digests = file.digests.length > 0 || lookUp === undefined ? file.digests : await lookUp(url, context)
  const digest = preferredDigest(digests, catalogueAlgorithm(image))
  if (digest === undefined) throw unusable ? unusableChecksum(unusable, source) : notPublished(url, source)
  const byName = toldBy(newest.matches)
  const stated = file.version === undefined ? undefined : statedVersion(file.version)
  const told = { version: byName.version, date: byName.date ?? date, ...stated }
  const signedDate = trust === 'signed' ? (findUrlStamp(url)?.date ?? told.date) : undefined
  return { url, digest, content, size, ...told, trust, signer, signedDate }
}

/** The last segments of a URL's path. */
function lastOf(url: string, count: number): string {
  return new URL(url).pathname.split('/').slice(-count).join('/')
}

function isContradictory(digests: readonly Digest[]): boolean {
  const first = new Map(digests.toReversed().map((digest) => [digest.algorithm, digest.hex]))
  return digests.some(({ algorithm, hex }) => first.get(algorithm) !== hex)
}

async function fetchDocument(url: string, _: UrlPattern, context: ResolverContext): Promise<PublishedFiles> {
  const { texts, ...proof } = await fetchVerifiedPages(url, context)
  const { parseDocument } = await import('../documents.ts')
  const files = texts.flatMap((text) => {
    const { items, strange } = parseDocument(text, url)
    tellStrange(strange, url, context)
    return items
  })
  if (files.length > 0) return { files, ...proof }
  throw new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} is no document that tells of files`, {
    remedy: 'Look at what the server sends there: the distribution may have changed its form',
  })
}

/** Fetches the files of the newest generic package of a project at GitLab whose folder is one of those wanted. */
async function fetchPackage(
  url: string,
  wanted: UrlPattern,
  context: ResolverContext,
): Promise<PublishedFiles> {
  const { parsePackageFiles, parsePackages } = await import('../documents.ts')
  const listUrl = new URL(url)
  const base = `${listUrl.origin}${listUrl.pathname}`
  if (listUrl.search === '') listUrl.search = '?order_by=created_at&sort=desc&per_page=100'
  const list = await fetchVerifiedPages(listUrl.href, context)
  const packages = list.texts.flatMap((text) => itemsOf(parsePackages(text, base), url, context))
  const { matched } = sortOut(packages, ([folder]) => wanted.match(folder))
  const [newest] = withoutFuture(matched, ({ matches }) => [...matches.values()], url, context)
  if (newest === undefined) return { files: [], trust: list.trust, signer: list.signer }
  const [folder, id] = newest.one
  const filesUrl = `${base}/${id}/package_files?per_page=100`
  context.tell({ type: 'checksums-from', url: redactUrl(filesUrl) })
  const { texts, ...proof } = await fetchVerifiedPages(filesUrl, context)
  return {
    files: texts.flatMap((text) => itemsOf(parsePackageFiles(text, folder), filesUrl, context)),
    ...proof,
  }
}

/** @throws UpdaterError CHECKSUM_MALFORMED */
function itemsOf<Item>(told: Told<Item> | undefined, url: string, context: ResolverContext): readonly Item[] {
  if (told === undefined) throw noChecksum(url)
  tellStrange(told.strange, url, context)
  return told.items
}

function isOlder(page: Proof, proof: Proof): boolean {
  return proof.trust === 'signed' && Number(page.signer?.signedAt ?? 0) < Number(proof.signer?.signedAt ?? 0)
}

/** Fetches all pages of a list; they are trusted as far as the least trusted, or the oldest signed, of them. */
export async function fetchVerifiedPages(
  url: string,
  context: ResolverContext,
): Promise<Proof & { readonly texts: readonly string[] }> {
  const texts: string[] = []
  let proof: Proof = { trust: 'signed' }
  for await (const page of followPages(url, (asked) => fetchVerified(asked, context, texts.length === 0))) {
    if (texts.length === 0 || page.trust === 'checksum' || isOlder(page, proof)) {
      proof = { trust: page.trust, signer: page.signer }
    }
    texts.push(page.text)
  }
  return { texts, ...proof }
}

function nothingMatches(source: string, imageName: string): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(source)} tells of no file that matches latest_url of ${imageName}`,
    { remedy: 'Compare latest_url with the addresses in that document' },
  )
}

function notPublished(url: string, source: string): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_NOT_PUBLISHED',
    `${redactUrl(source)} tells of ${redactUrl(url)}, but not its checksum`,
    { remedy: 'Wait until the distribution has published it, or name another source of checksums' },
  )
}
