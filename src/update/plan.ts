import { type ImageOverride, type KeepVersions, overrideOf } from '../discovery/options.ts'
import { dateOfVersion } from '../discovery/stamp.ts'
import {
  type Build,
  type Digest,
  formatDigest,
  type Image,
  type ImageVersion,
  type VersionValues,
} from '../image.ts'

/** What `versions[0]` will hold once `build` is on the mirror at `mirrorUrl` (`null`: on none). */
export function planValues(
  { url }: Pick<Build, 'url'>,
  version: string,
  digest: Digest,
  mirrorUrl: string | null,
): VersionValues {
  return {
    version,
    buildDate: dateOfVersion(version),
    checksum: formatDigest(digest),
    url,
    mirrorUrl,
  }
}

/**
 * Images that would have the same object on the mirror though they are different ones: their latest URLs
 * differ. Each is returned once, with the first image of that object.
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

/**
 * Entries that the image's `versions` are to have at most; `undefined`: the newest one replaces the first,
 * and the others stay.
 */
export function versionsToKeep(
  image: Image,
  settings: { readonly keepVersions: KeepVersions; readonly overrides: readonly ImageOverride[] },
): number | undefined {
  const keep = overrideOf(settings.overrides, image, 'keepVersions') ?? settings.keepVersions
  if (keep === 'uuid-validity') return image.lastVersions
  return keep === 'replace' ? undefined : keep
}
