import { matchesNames } from '../catalog/select.ts'
import type { Image } from '../image.ts'
import type { SourceRule } from './source-rule.ts'

/** Whether a checksum file's signature must be good (`require`), must be good if it is there (`prefer`), or is not looked at. */
export type SignaturePolicy = 'require' | 'prefer' | 'off'

/** What decides which build is the newest one; the same for every use-case that looks for it. */
export interface DiscoverySettings {
  /** OpenPGP signatures of checksum files. */
  readonly signatures: SignaturePolicy
  /**
   * Keep listings and manifests in `$XDG_CACHE_HOME/image-updater/http`, so that servers need to send only
   * what has changed.
   */
  readonly cache: boolean
  /** Folder of OpenPGP public keys. */
  readonly keyring: string
  /** What is different for some images; of several that name an image, the first counts. */
  readonly overrides: readonly ImageOverride[]
  /** Sources beyond those that the program knows; an image's first match counts. */
  readonly sources: readonly SourceRule[]
}

/**
 * What becomes of an image's older versions in the catalogue when a new one comes. A number: the catalogue keeps
 * that many at most, the new one in front. `replace`: the new one takes the place of the first, and the others
 * stay. `uuid-validity`: N of `uuid_validity: last-N` if the image is `multi: true`, else `replace`.
 */
export type KeepVersions = number | 'uuid-validity' | 'replace'

/** What is different for some images. */
export interface ImageOverride {
  /** Names, shortnames or files of images (globs: `*`, `?`). */
  readonly names: readonly string[]
  readonly keepVersions?: KeepVersions | undefined
  readonly signatures?: SignaturePolicy | undefined
}

/** The value of `key` in the first override that names the image and has one. */
export function overrideOf<Key extends Exclude<keyof ImageOverride, 'names'>>(
  overrides: readonly ImageOverride[],
  image: Image,
  key: Key,
): ImageOverride[Key] {
  return overrides.find((one) => one[key] !== undefined && matchesNames(image, one.names))?.[key]
}
