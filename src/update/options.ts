import type { SourceRule } from '../discovery/source-rule.ts'
import type { MirrorOptions } from '../stores/options.ts'

export {
  type SourceRule,
  type SourceSignature,
  type StrategyName,
  strategyNames,
} from '../discovery/source-rule.ts'
export type { MirrorOptions } from '../stores/options.ts'

export interface UpdateOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. */
  readonly images: readonly string[]
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  readonly mirror: MirrorOptions
  /** Nothing is written anywhere; the report holds the diffs. Default: false. */
  readonly dryRun?: boolean | undefined
  /** Also images with `enable: false`. Default: false. */
  readonly includeDisabled?: boolean | undefined
  /** A newest build that is older than the catalogue's is an error unless this is set. Default: false. */
  readonly allowDowngrade?: boolean | undefined
  /** Ask the public URL, without credentials, before the file is rewritten. Default: true. */
  readonly checkPublic?: boolean | undefined
  /** `full` also downloads the mirrored object and hashes it. Default: `range`. */
  readonly verify?: 'range' | 'full' | undefined
  /** Checks at once. Default: 16. */
  readonly jobs?: number | undefined
  /** Mirrorings at once. Default: 2. */
  readonly transfers?: number | undefined
  /** Warnings about the content of an image (larger than `min_disk`) are errors. Default: false. */
  readonly strict?: boolean | undefined
  /** Bytes that an image may have once decompressed. Default: 64 GiB. */
  readonly maxImageSize?: number | undefined
  /** OpenPGP signatures of checksum files. Default: `prefer`. */
  readonly signatures?: 'require' | 'prefer' | 'off' | undefined
  /** Folder of OpenPGP public keys. Default: `/etc/image-updater/keys`. */
  readonly keyring?: string | undefined
  /** Sources beyond those that the program knows; an image's first match counts. Default: none. */
  readonly sources?: readonly SourceRule[] | undefined
}
