import type { Build, ImageVersion, VersionValues } from '../image.ts'
import { type Digest, formatDigest, type Image, parseDigest, sameDigest } from '../image.ts'

/** Does the catalogue already name these bytes? */
export function isCurrent(image: Image, digest: Digest): boolean {
  const checksum = image.versions[0]?.checksum
  const ours = checksum === undefined ? undefined : parseDigest(checksum)
  return ours !== undefined && sameDigest(ours, digest)
}

/** `20260124` → `2026-01-24`. */
export function dateOfVersion(version: string): string {
  return `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}`
}

/** What `versions[0]` will hold once `build` is on the mirror at `mirrorUrl` (`null`: on none). */
export function planValues(build: Build, mirrorUrl: string | null): VersionValues {
  return {
    version: build.version,
    buildDate: dateOfVersion(build.version),
    checksum: formatDigest(build.digest),
    url: build.url,
    mirrorUrl,
  }
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
