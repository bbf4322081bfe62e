import type { Build, ImageVersion, VersionValues } from '../image.ts'
import { type Digest, formatDigest, type Image, parseDigest, sameDigest } from '../image.ts'

/**
 * Does the catalogue already name these bytes? Then the digest that it has recorded. Where the distribution
 * publishes none, the build's own URL decides.
 */
export function currentDigest(
  image: Image,
  { url, digest }: Pick<Build, 'url' | 'digest'>,
): Digest | undefined {
  const [current] = image.versions
  const recorded = parseDigest(current?.checksum ?? '')
  if (recorded === undefined) return undefined
  const isCurrent = digest === undefined ? current?.url === url : sameDigest(recorded, digest)
  return isCurrent ? recorded : undefined
}

/** `20260124` → `2026-01-24`. */
export function dateOfVersion(version: string): string {
  return `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}`
}

/** A build with the digest of its file. */
export type KnownBuild = Build & { readonly digest: Digest }

/** What `versions[0]` will hold once `build` is on the mirror at `mirrorUrl` (`null`: on none). */
export function planValues(build: KnownBuild, mirrorUrl: string | null): VersionValues {
  return {
    version: build.version,
    buildDate: dateOfVersion(build.version),
    checksum: formatDigest(build.digest),
    url: build.url,
    mirrorUrl,
  }
}

/** Would a checksum from this URL cross a network as plain text? A loopback address is no network. */
export function isUnprotected(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
  return protocol === 'http:' && !loopback
}

/**
 * Images that would have the same object on the mirror though they are different ones: their latest URLs
 * differ. Each is told once, with the first image of that object.
 */
export function findSharedObjects(
  images: readonly Image[],
): { readonly first: Image; readonly second: Image }[] {
  const owners = new Map<string, Image>()
  const shared: { first: Image; second: Image }[] = []
  for (const image of images) {
    if (image.shortname === undefined) continue
    const object = `${image.shortname}.${image.format}`
    const first = owners.get(object)
    if (first === undefined) owners.set(object, image)
    else if (first.latestUrl !== image.latestUrl) shared.push({ first, second: image })
  }
  return shared
}

/** What stands in the catalogue after `changes` to `before`. */
export function applyValues(before: ImageVersion | undefined, changes: Partial<VersionValues>): ImageVersion {
  const { mirrorUrl, ...rest } = changes
  return {
    ...before,
    ...rest,
    ...(mirrorUrl === undefined ? {} : { mirrorUrl: mirrorUrl ?? undefined }),
  }
}

/** Why an image is not looked at, decided before any request; `undefined`: it is looked at. */
export function skipReason(image: Image, includeDisabled: boolean): 'no-latest-url' | 'disabled' | undefined {
  if (image.latestUrl === undefined) return 'no-latest-url'
  return image.enable || includeDisabled ? undefined : 'disabled'
}
