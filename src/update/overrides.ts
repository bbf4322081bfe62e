import { matchesNames } from '../catalog/select.ts'
import type { SignaturePolicy } from '../discovery/signature.ts'
import type { Image } from '../image.ts'

/**
 * What becomes of an image's older versions in the catalogue when a new one comes. A number: so many, at
 * most, stand there then, the new one in front. `replace`: it takes the place of the first, and the others
 * stay. `uuid-validity`: N of `uuid_validity: last-N` where the image is `multi: true`, else `replace`.
 */
export type KeepVersions = number | 'uuid-validity' | 'replace'

/** What is different for some images. */
export interface ImageOverride {
  /** Names, shortnames or files of images (globs: `*`, `?`). */
  readonly names: readonly string[]
  readonly keepVersions?: KeepVersions | undefined
  readonly signatures?: SignaturePolicy | undefined
}

/** The value of the first override that names the image and says something of `key`. */
export function overrideOf<Key extends Exclude<keyof ImageOverride, 'names'>>(
  overrides: readonly ImageOverride[],
  image: Image,
  key: Key,
): ImageOverride[Key] {
  return overrides.find((one) => one[key] !== undefined && matchesNames(image, one.names))?.[key]
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
