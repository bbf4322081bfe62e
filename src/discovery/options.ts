import { matchesNames } from '../catalog/select.ts'
import type { Image } from '../image.ts'

/** Whether the signature of a checksum file, or of an image, must be good (`require`), must be good if it is there (`prefer`), or is not looked at. */
export type SignaturePolicy = 'require' | 'prefer' | 'off'

/** What decides which build is the newest one; the same for every use-case that looks for it. */
export interface DiscoverySettings {
  /** OpenPGP signatures of checksum files and images. */
  readonly signatures: SignaturePolicy
  /**
   * Keep listings and manifests in `$XDG_CACHE_HOME/image-updater/http`, so that servers need to send only
   * what has changed.
   */
  readonly cache: boolean
  /** Folder of OpenPGP public keys. */
  readonly keyring: string
  /** URLs of key servers, which are asked for pinned keys that are at no URL of the distribution. */
  readonly keyserver: readonly string[]
  /** What is different for some images; of several that name an image, the first counts. */
  readonly overrides: readonly ImageOverride[]
  /** Sources beyond those that the program knows; an image's first match counts. */
  readonly sources: readonly SourceRule[]
}

/**
 * What becomes of an image's older versions in the catalogue when a new one comes, which goes in front. A number: the
 * catalogue keeps that many at most. `replace`: as many as it has, so the new one takes the place of the oldest.
 * `uuid-validity`: N of `uuid_validity: last-N` if the image is `multi: true`, else `replace`.
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

/** What counts for the image. */
export function signaturePolicyOf(
  image: Image,
  { overrides, signatures }: Pick<DiscoverySettings, 'overrides' | 'signatures'>,
): SignaturePolicy {
  return overrideOf(overrides, image, 'signatures') ?? signatures
}

/**
 * The ways to look for a build. docs/adding-a-distribution.md says which URLs each expects.
 *
 * - `placeholder`: `HEREBE<pattern>DRAGONS` in `latest_url`
 * - `dated-folder`: a folder `current`, `latest` or `release` beside folders with dates
 * - `version-file`: a folder `current` whose `version.txt` names the version
 * - `manifest`: a file that is replaced by each newest build, and a manifest that lists it
 * - `document`: a JSON document (simplestreams, releases of GitHub, …) with URLs and digests
 * - `feed`: a JSON document of any form, for which the source says where URLs and digests stand
 * - `pointer`: a small text that names the newest file
 * - `first-use`: a placeholder in `latest_url`, and no published checksum
 */
export const strategyNames = [
  'placeholder',
  'dated-folder',
  'version-file',
  'manifest',
  'document',
  'feed',
  'pointer',
  'first-use',
] as const
export type StrategyName = (typeof strategyNames)[number]

/** Who signs the manifests of a source. */
export interface SourceSignature {
  /** `clearsigned`: the manifest carries its signature. `detached`: a file beside it. */
  readonly form: 'clearsigned' | 'detached'
  /** Of a detached signature, after the manifest's URL, in the order in which they are asked. Default: `.asc`, `.sig`, `.gpg`. */
  readonly suffixes?: readonly string[] | undefined
  /** Full fingerprints of primary keys: 40 hexadecimal digits, spaces allowed. At least one. */
  readonly keys: readonly string[]
  /** Where the keys can be had, if not in the keyring folder. */
  readonly keyUrl?: string | undefined
  /** A manifest without its signature is an error. Default: false. */
  readonly required?: boolean | undefined
}

/**
 * Where a JSON document tells of files. Each is a JSON pointer (RFC 6901) from its top, in which `*` stands for every
 * value of a list or a mapping, as in docs/json-feed.md. Those that begin alike tell of the same value.
 */
export interface FeedPaths {
  /** URLs of files, absolute or from the document. */
  readonly url: string
  /** The version of each; a `*` at its end is the key itself. Absent: `latest_url` tells the order. */
  readonly version?: string | undefined
  /** Digests of each: hexadecimal digits, with or without `algorithm:` in front. Several are of several algorithms. */
  readonly digest: readonly string[]
}

/**
 * A source of images that needs no code: how the newest builds of some images of the catalogue are found,
 * in place of the resolver that their URLs would choose. Plain data, as a configuration file holds it.
 */
export interface SourceRule {
  /** Stands in reports as the resolver: letters, digits and hyphens. Unique among the rules. */
  readonly name: string
  /** Names, shortnames or files of images; `*` and `?` are wildcards. The first rule that matches an image counts. */
  readonly images: readonly string[]
  readonly strategy: StrategyName
  /** In place of the image's `latest_url`. */
  readonly latestUrl?: string | undefined
  /** In place of the image's `latest_checksum_url`. */
  readonly latestChecksumUrl?: string | undefined
  /** For the strategy `feed`, which has to have it. */
  readonly feed?: FeedPaths | undefined
  /** Absent: the source has no signature that is looked at. Without meaning for `first-use`. */
  readonly signature?: SourceSignature | undefined
}
