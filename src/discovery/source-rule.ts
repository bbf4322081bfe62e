/**
 * The ways to look for a build. docs/adding-a-distribution.md says which URLs each expects.
 *
 * - `placeholder`: `HEREBE<pattern>DRAGONS` in `latest_url`
 * - `dated-folder`: a folder `current`, `latest` or `release` beside folders with dates
 * - `version-file`: a folder `current` whose `version.txt` names the version
 * - `manifest`: a file that is replaced by each newest build, and a manifest that lists it
 * - `document`: a JSON document (simplestreams, releases of GitHub, …) with URLs and digests
 * - `pointer`: a small text that names the newest file
 * - `first-use`: a placeholder in `latest_url`, and no published checksum
 */
export const strategyNames = [
  'placeholder',
  'dated-folder',
  'version-file',
  'manifest',
  'document',
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
  /** Absent: the source has no signature that is looked at. Without meaning for `first-use`. */
  readonly signature?: SourceSignature | undefined
}
