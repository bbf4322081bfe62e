import { matchesNames } from '../catalog/select.ts'
import type { SignaturePolicy } from '../discovery/signature.ts'
import type { Image } from '../image.ts'

/** What is different for some images. */
export interface ImageOverride {
  /** Names, shortnames or files of images (globs: `*`, `?`). */
  readonly names: readonly string[]
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
