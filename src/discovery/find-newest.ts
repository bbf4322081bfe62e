import { cacheFolder } from '../cache-folder.ts'
import { UpdaterError } from '../errors.ts'
import type { ImageStep } from '../events.ts'
import type { DiscoveryHttp, HttpClient } from '../http/client.ts'
import { createDiscoveryHttp } from '../http/discovery-http.ts'
import { isLoopback, redactUrl } from '../http/url.ts'
import {
  type Build,
  dateOfVersion,
  formatDigest,
  type Image,
  type ImageVersion,
  parseDigest,
} from '../image.ts'
import { compareNatural } from '../natural-order.ts'
import { isOfNothing, isWeak } from './checksum-file.ts'
import { dateOfFound, isFuture, signedAtOf } from './dates.ts'
import { compressionOfUrl, isUnpacked, splitFileUrl } from './file-url.ts'
import { findResolver } from './find-resolver.ts'
import { fetchImageSignature, unsignedDistribution } from './manifest.ts'
import { shortened } from './names.ts'
import { type SignaturePolicy, signaturePolicyOf } from './options.ts'
import type { Resolver, ResolverContext, SearchSettings } from './resolver.ts'
import { createKeySource, type KeySource } from './signatures/keys.ts'
import { compareStamps, dayOf, findStamp, findUrlStamp, isoDay } from './stamp.ts'
import { ownVersion } from './version.ts'

/** What the images of one run share while their newest builds are looked for. */
export interface Discovery
  extends Pick<SearchSettings, 'signatures' | 'overrides' | 'sources' | 'resolvers'> {
  readonly http: DiscoveryHttp
  readonly keys: KeySource
  readonly signal?: AbortSignal | undefined
  /** When the run began; what is dated later is not believed. */
  readonly now: Date
}

/** @param run with `dryRun` the cache of texts is read, but not written */
export function createDiscovery(
  { signatures, keyring, keyserver: keyservers, overrides, sources, resolvers, cache }: SearchSettings,
  run: {
    readonly http: HttpClient
    readonly signal: AbortSignal
    readonly now: Date
    readonly dryRun?: boolean
  },
): Discovery {
  const { signal, now, dryRun = false } = run
  const { env } = process
  const folder = cache ? cacheFolder('http', env) : undefined
  const texts = folder === undefined ? undefined : { folder, mayWrite: !dryRun }
  const http = createDiscoveryHttp(run.http, { env, cache: texts })
  const keys = createKeySource({ keyring, keyservers, cacheDir: cacheFolder('keys', env), http, signal })
  return { http, signal, now, keys, signatures, overrides, sources, resolvers }
}

/**
 * Finds an image's newest build, and tells what was found and what is doubtful of it.
 * @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, SIGNATURE_*, PATTERN_INVALID, CONFIGURATION
 */
export async function findNewest(
  image: Image,
  discovery: Discovery,
  tell: (step: ImageStep) => void,
): Promise<Build> {
  tell({ type: 'checking' })
  const { http, signal, now, keys } = discovery
  const { resolver, search } = findResolver(image, discovery.sources, discovery.resolvers)
  const policy = signaturePolicyOf(image, discovery)
  const signatures = policy === 'off' ? undefined : { policy, keys }
  const context: ResolverContext = { http, signal, now, tell, resolver, release: image.osVersion, signatures }
  const { signedDate, ...searched } = await search(context)
  const found = { ...searched, signature: await fetchImageSignature(searched.url, context) }
  assertProven(found, policy, resolver.name)
  const believed = withoutNothing(found, image, policy)
  const build: Build = {
    ...believed,
    resolver: resolver.name,
    version: versionIn(found, resolver.version),
    date: dateOfFound({ ...found, signedDate }, image, now),
    signedAt: signedAtOf(believed),
    compression: compressionOfUrl(found.url),
  }
  for (const message of doubts(build, image)) tell({ type: 'warning', message })
  const fileName = splitFileUrl(build.url)?.name ?? redactUrl(build.url)
  tell(
    build.digest === undefined
      ? { type: 'no-checksum', fileName }
      : { type: 'current-checksum', fileName, checksum: formatDigest(build.digest) },
  )
  const [named] = image.versions
  tell({
    type: 'our-checksum',
    checksum: named?.checksum,
    ...(named !== undefined && isUnpacked(named) && { isOfUnpacked: true }),
  })
  return build
}

/**
 * The build without a digest that is of nothing: that of the first download is recorded, if the build's URL names the
 * version.
 * @throws UpdaterError CHECKSUM_NOT_PUBLISHED
 */
function withoutNothing<Found extends Pick<Build, 'url' | 'digest' | 'trust'>>(
  found: Found,
  { latestUrl }: Image,
  policy: SignaturePolicy,
): Found {
  const { url, digest } = found
  if (digest === undefined || !isOfNothing(digest)) return found
  if (url !== latestUrl && policy !== 'require') return { ...found, digest: undefined, trust: 'first-use' }
  throw new UpdaterError(
    'CHECKSUM_NOT_PUBLISHED',
    `The only checksum that is published of ${redactUrl(url)} is that of an empty file`,
    { remedy: 'Wait until the distribution has put it right, or name another source of checksums' },
  )
}

/** A resolver of somebody's own is held to what those of the program do. @throws UpdaterError SIGNATURE_MISSING, INTERNAL */
function assertProven(
  { url, digest, content, version, trust, signature }: Omit<Build, 'resolver' | 'date'>,
  policy: SignaturePolicy,
  name: string,
) {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) throw unusable(name, 'url', url)
  for (const one of [digest, content]) {
    if (one !== undefined && parseDigest(formatDigest(one)) === undefined)
      throw unusable(name, 'digest', formatDigest(one))
  }
  if (version !== undefined && !/^[^\p{Cc}/\\]{1,64}$/u.test(version))
    throw unusable(name, 'version', version)
  if (policy === 'require' && trust !== 'signed' && signature === undefined)
    throw unsignedDistribution(name, url)
  if ((digest === undefined) === (trust === 'first-use')) return
  throw new UpdaterError('INTERNAL', `The resolver ${name} says "${trust}" of ${redactUrl(url)}`, {
    remedy: 'A build without a digest is of first use, and no other one',
  })
}

function unusable(name: string, what: string, value: string): UpdaterError {
  return new UpdaterError('INTERNAL', `The resolver ${name} gives "${shortened(value)}" as ${what}`, {
    remedy: 'No catalogue can hold that: correct the resolver',
  })
}

/** The distribution's own version of a build. */
function versionIn({ url, version }: Pick<Build, 'url' | 'version'>, form: Resolver['version']) {
  if (form === 'date') return undefined
  const groups = form?.exec(url)?.slice(1)
  return groups?.join('') ?? version
}

/** Why the digest proves less than it should. */
function doubts({ url, digest, trust }: Build, image: Image): string[] {
  const { latestChecksumUrl = url } = image
  const found: string[] = []
  if (digest === undefined && image.latestChecksumUrl !== undefined) {
    found.push(
      `The only checksum that is published of ${redactUrl(url)} is that of an empty file: the checksum of the first download is recorded`,
    )
  }
  if (digest !== undefined && isWeak(digest)) {
    const algorithm = digest.algorithm === 'md5' ? 'MD5' : 'SHA-1'
    found.push(
      `Nothing better than ${algorithm} is published of ${redactUrl(url)}: whoever can make two files of one digest can replace it`,
    )
  }
  if (trust !== 'signed' && isUnprotected(latestChecksumUrl)) {
    const what = digest === undefined ? 'image' : 'checksum'
    const { host } = new URL(latestChecksumUrl)
    found.push(
      `The ${what} comes from ${host} over plain http and no signature vouches for it: whoever is on the way can replace the image`,
    )
  }
  return found
}

/**
 * Returns SIGNATURE_LOST if the image was signed before and this build is not: whoever holds a mirror without the key can
 * withhold the signature, but not make one.
 */
export function lostSignature(
  { name }: Image,
  { url, trust, signedAt }: Pick<Build, 'url' | 'trust' | 'signedAt'>,
  signedBefore: Date | undefined,
): UpdaterError | undefined {
  if (signedBefore === undefined || signedAt !== undefined || trust === 'signed') return undefined
  return new UpdaterError(
    'SIGNATURE_LOST',
    `${name} was signed before, on ${isoDay(signedBefore)}, and no signature of ${redactUrl(url)} could be verified`,
    {
      remedy: `Find out why its signature, or the key, is gone. If that is right: image-updater update ${quoted(name)} --accept-unsigned ${quoted(name)} takes it by its checksum from then on`,
    },
  )
}

/** Would a checksum from this URL cross a network as plain text? A loopback address is no network. */
export function isUnprotected(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopback(new URL(url))
}

/** A build that is to take the place of the image's first version. */
export interface Succession {
  readonly version: string
  /** `YYYYMMDD`. */
  readonly date: string
  /** Given if the build is the older of the two. */
  readonly downgrade: UpdaterError | undefined
}

/**
 * @param signedBefore when the newest signature was made that was seen of this image
 * @throws UpdaterError HTTP_*, DISCOVERY_NO_DATE
 */
export async function succession(
  image: Image,
  build: Build,
  discovery: Discovery,
  signedBefore?: Date,
): Promise<Succession> {
  const date = await dateOf(build, discovery)
  const { version = date } = build
  const downgrade =
    olderSignature(image, build, signedBefore) ??
    downgradeOf(image, { ...build, date, signedBefore }, discovery.now)
  return { version, date, downgrade }
}

/**
 * The day of a build, `YYYYMMDD`: the one that its names or its signature tell, else that of its Last-Modified (UTC). A
 * build of first use whose server sends none has the day on which it was first seen.
 * @throws UpdaterError HTTP_*, DISCOVERY_NO_DATE
 */
export async function dateOf(
  build: Build,
  { http, signal, now }: Pick<Discovery, 'http' | 'signal' | 'now'>,
): Promise<string> {
  if (build.date !== undefined) return build.date
  const { lastModified } = await http.facts(build.url, { signal })
  if (lastModified === undefined && build.trust === 'first-use') return dayOf(now)
  if (lastModified === undefined) throw noDate(build, 'has no Last-Modified and no date in its name')
  if (!isPlausible(lastModified, now)) throw noDate(build, 'has a Last-Modified that cannot be right')
  return dayOf(lastModified)
}

const oneDay = 24 * 60 * 60 * 1000

function isPlausible(lastModified: Date, now: Date): boolean {
  const time = lastModified.getTime()
  return time >= Date.UTC(2000, 0, 1) && time <= now.getTime() + oneDay
}

function noDate({ url }: Build, why: string): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NO_DATE',
    `${redactUrl(url)} ${why}, so the day of the build is not known`,
    {
      remedy: 'Look at what the server sends as Last-Modified for that file',
    },
  )
}

/** Returns DOWNGRADE if the build was signed before the last one that was seen, whatever its names say. */
function olderSignature(
  { name }: Image,
  { url, signedAt }: Build,
  signedBefore: Date | undefined,
): UpdaterError | undefined {
  if (signedBefore === undefined || signedAt === undefined || signedAt >= signedBefore) return undefined
  return new UpdaterError(
    'DOWNGRADE',
    `The newest build of ${name} (${redactUrl(url)}) was signed on ${signedAt.toISOString()}, before the last one that was seen, of ${signedBefore.toISOString()}: it may be an old one under a new name`,
    { remedy: lookOrAllow },
  )
}

const lookOrAllow = "Look at the distribution's server; --allow-downgrade takes the older build"

/** Returns DOWNGRADE if the build is older than the version in the catalogue. */
function downgradeOf(image: Image, build: DatedBuild, now: Date): UpdaterError | undefined {
  const [before] = image.versions
  if (before === undefined || compareBuilds(before, build) >= 0) return undefined
  const { url, date, version = date } = build
  return new UpdaterError(
    'DOWNGRADE',
    `The newest build of ${image.name} is ${version} (${url}), older than ${before.version ?? before.url} in the catalogue`,
    { remedy: isAhead(before, now) ? mend(image) : lookOrAllow },
  )
}

/** Does the catalogue name a day that has not come? No real build is newer then. */
function isAhead(before: ImageVersion, now: Date): boolean {
  const dates = [findUrlStamp(before.url ?? '')?.date, findStamp(before.version ?? '')?.date]
  return [...dates, dateOfVersion(before)].some((date) => date !== undefined && isFuture(date, now))
}

function mend({ name }: Image): string {
  return `What the catalogue names is dated in the future, which no build can be: image-updater update ${quoted(name)} --allow-downgrade puts this one in its place`
}

/** As a shell takes it: a remedy is copied, and the catalogue may be somebody else's. */
function quoted(name: string): string {
  return `'${name.replaceAll("'", `'\\''`)}'`
}

interface DatedBuild extends Pick<Build, 'url' | 'version' | 'signedAt'> {
  readonly date: string
  /** When the last one was signed that was seen. */
  readonly signedBefore?: Date | undefined
}

/**
 * Returns a negative number if `build` is older than the catalogue's version, a positive one if it is newer, 0 if
 * neither is known. The distribution's own versions decide if both have one; else the stamps in the URLs, if both have
 * one (a Last-Modified is often a day or two later than the stamp of its file); else the first difference of the URLs,
 * if that is a number in both (`4230.2.4` and `4230.2.10`); else when they were signed; else the days.
 */
export function compareBuilds(before: ImageVersion, build: DatedBuild): number {
  const { url = '', version = '' } = before
  if (build.version !== undefined && ownVersion(version) !== undefined) {
    return compareNatural(build.version, version.replace(/^v/, ''))
  }
  const stampBefore = findUrlStamp(url)
  const stampNow = findUrlStamp(build.url)
  if (stampBefore !== undefined && stampNow !== undefined) return compareStamps(stampNow, stampBefore)
  const order = compareVersions(build.url, url)
  if (order !== 0) return order
  if (build.signedAt !== undefined && build.signedBefore !== undefined) {
    return build.signedAt.getTime() - build.signedBefore.getTime()
  }
  const date = findStamp(version)?.date ?? dateOfVersion(before)
  return date === undefined ? 0 : compareNatural(build.date, date)
}

/** Returns 0 also if the first difference of two URLs of one server is not a number. */
function compareVersions(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  const first = left.findIndex((part, index) => part !== right[index])
  const [one = '', other = ''] = [left[first], right[first]]
  const isInPath = /^https?:\/\/[^/]+\//.test(left.slice(0, first).join(''))
  return isInPath && /^\d/.test(one) && /^\d/.test(other) ? compareNatural(one, other) : 0
}
