import { UpdaterError } from '../errors.ts'
import { type Build, type Digest, type Image, type ImageVersion, parseDigest, sameDigest } from '../image.ts'
import { compareNatural } from './natural-order.ts'
import { compareStamps, findStamp, findUrlStamp } from './stamp.ts'

/**
 * The digest that the catalogue has recorded, if it is of this build: then the catalogue is up to date. Where the
 * distribution publishes no digest, the build's own URL decides.
 */
export function recordedDigest(
  image: Image,
  { url, digest }: Pick<Build, 'url' | 'digest'>,
): Digest | undefined {
  const [current] = image.versions
  const recorded = parseDigest(current?.checksum ?? '')
  if (recorded === undefined) return undefined
  const isCurrent = digest === undefined ? current?.url === url : sameDigest(recorded, digest)
  return isCurrent ? recorded : undefined
}

/** @throws UpdaterError DOWNGRADE if the newest build is older than the version in the catalogue */
export function refuseDowngrade(image: Image, { url }: Build, version: string): void {
  const [current] = image.versions
  if (current === undefined || compareBuilds(current, { url, version }) >= 0) return
  throw new UpdaterError(
    'DOWNGRADE',
    `The newest build of ${image.name} is ${version} (${url}), older than ${current.version ?? current.url} in the catalogue`,
    { remedy: "Look at the distribution's server; --allow-downgrade takes the older build" },
  )
}

/**
 * Returns a negative number if `build` is older than the catalogue's version, a positive one if it is newer, 0 if
 * neither is known. The stamps in the URLs decide if both have one (a Last-Modified is often a day or two
 * later than the stamp of its file); else the first difference of the URLs, if that is a number in both
 * (`4230.2.4` and `4230.2.10`); else the versions.
 */
export function compareBuilds(
  current: ImageVersion,
  build: { readonly url: string; readonly version: string },
): number {
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

/** Returns 0 also if the first difference of two URLs of one server is not a number. */
function compareVersions(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  const first = left.findIndex((part, index) => part !== right[index])
  const [one = '', other = ''] = [left[first], right[first]]
  const isInPath = /^https?:\/\/[^/]+\//.test(left.slice(0, first).join(''))
  return isInPath && /^\d/.test(one) && /^\d/.test(other) ? compareNatural(one, other) : 0
}
