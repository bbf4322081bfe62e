import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import type { Build, Digest, Image, ImageVersion } from '../image.ts'
import { isWeak } from './checksum-file.ts'
import { compareNatural } from './natural-order.ts'
import type { Found, ResolverContext } from './resolver.ts'
import { findResolver } from './resolvers/index.ts'
import { resolverOfRule } from './rules.ts'
import type { SignatureCheck } from './signature.ts'
import type { SourceRule } from './source-rule.ts'
import { compareStamps, dateOf, findStamp, findUrlStamp } from './stamp.ts'

export interface Discovered {
  /** Name of the resolver that served the image. */
  readonly resolver: string
  readonly found: Found
}

/** What discovery needs of a run. */
export interface DiscoveryContext extends Omit<ResolverContext, 'verify'> {
  /** Absent: signatures are not looked at. */
  readonly signatures?: SignatureCheck | undefined
  /** What a configuration says of this image's source, in place of the resolver that its URLs choose. */
  readonly source?: SourceRule | undefined
}

/**
 * Finds an image's newest build.
 * @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, SIGNATURE_*, PATTERN_INVALID
 */
export async function discover(image: Image, context: DiscoveryContext): Promise<Discovered> {
  const { signatures, source, ...rest } = context
  const resolver = source === undefined ? findResolver(image) : resolverOfRule(source, image)
  const about = { distribution: resolver.name, release: image.osVersion, signal: context.signal }
  const verify: ResolverContext['verify'] =
    signatures && ((manifest) => signatures.check({ ...about, manifest }))
  const found = await resolver.resolve(image, { ...rest, verify })
  if (found.digest !== undefined && isWeak(found.digest)) {
    context.tell({ type: 'warning', message: weak(found.url, found.digest) })
  }
  return { resolver: resolver.name, found }
}

function weak(url: string, { algorithm }: Digest): string {
  return `Nothing better than ${algorithm === 'md5' ? 'MD5' : 'SHA-1'} is published of ${redactUrl(url)}: whoever can make two files of one digest can replace it`
}

/**
 * Gives a found build its version: the day that its names tell, else that of its Last-Modified (UTC). A
 * build of first use whose server sends none has the day on which it was first seen.
 * @param now when this is asked, to tell a wrong clock of a server
 * @throws UpdaterError HTTP_*, DISCOVERY_NO_DATE
 */
export async function dateBuild(found: Found, context: DiscoveryContext, now = new Date()): Promise<Build> {
  if (found.version !== undefined) return { ...found, version: found.version }
  const { lastModified } = await context.http.facts(found.url, { signal: context.signal })
  if (lastModified === undefined && found.trust === 'first-use') return { ...found, version: dateOf(now) }
  if (lastModified === undefined) throw noDate(found, 'has no Last-Modified and no date in its name')
  if (!isPlausible(lastModified, now)) throw noDate(found, 'has a Last-Modified that cannot be right')
  return { ...found, version: dateOf(lastModified) }
}

/**
 * Negative where `build` is older than what the catalogue has now, positive where it is newer, 0 where
 * nothing says so. The stamps in the URLs decide if both have one (a Last-Modified is often a day or two
 * later than the stamp of its file); else the first difference of the URLs, if that is a number in both
 * (`4230.2.4` and `4230.2.10`); else the versions.
 */
export function compareBuilds(current: ImageVersion, build: Build): number {
  const url = current.url ?? ''
  const stampBefore = findUrlStamp(url)
  const stampNow = findUrlStamp(build.url)
  if (stampBefore !== undefined && stampNow !== undefined) return compareStamps(stampNow, stampBefore)
  const order = compareVersions(build.url, url)
  if (order !== 0) return order
  const versionBefore = findStamp(current.version ?? '')
  const versionNow = findStamp(build.version)
  return versionBefore === undefined || versionNow === undefined
    ? 0
    : compareStamps(versionNow, versionBefore)
}

/** 0 also where the first difference of two URLs of one server is no number. */
function compareVersions(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  const first = left.findIndex((part, index) => part !== right[index])
  const [one = '', other = ''] = [left[first], right[first]]
  const isInPath = /^https?:\/\/[^/]+\//.test(left.slice(0, first).join(''))
  return isInPath && /^\d/.test(one) && /^\d/.test(other) ? compareNatural(one, other) : 0
}

const oneDay = 24 * 60 * 60 * 1000

function isPlausible(lastModified: Date, now: Date): boolean {
  const time = lastModified.getTime()
  return time >= Date.UTC(2000, 0, 1) && time <= now.getTime() + oneDay
}

function noDate(found: Found, why: string): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NO_DATE',
    `${redactUrl(found.url)} ${why}, so the build has no version`,
    {
      remedy: 'Look at what the server sends as Last-Modified for that file',
    },
  )
}
