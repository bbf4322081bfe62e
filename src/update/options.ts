import type { Shard } from '../catalog/shard.ts'
import type { SourceRule } from '../discovery/source-rule.ts'
import type { RunOptions } from '../run/options.ts'
import type { ImageOverride, KeepVersions } from './overrides.ts'

export type { Shard } from '../catalog/shard.ts'
export {
  type SourceRule,
  type SourceSignature,
  type StrategyName,
  strategyNames,
} from '../discovery/source-rule.ts'
export type { ImageOverride, KeepVersions } from './overrides.ts'

/** What decides which build is the newest one; the same for every use-case that looks for it. */
export interface DiscoveryOptions {
  /** OpenPGP signatures of checksum files. Default: `prefer`. */
  readonly signatures?: 'require' | 'prefer' | 'off' | undefined
  /**
   * Keep listings and manifests in `$XDG_CACHE_HOME/image-updater/http`, so that servers need to send only
   * what has changed. Default: true.
   */
  readonly cache?: boolean | undefined
  /** Folder of OpenPGP public keys. Default: `/etc/image-updater/keys`. */
  readonly keyring?: string | undefined
  /** What is different for some images; of several that name an image, the first counts. Default: none. */
  readonly overrides?: readonly ImageOverride[] | undefined
  /** Sources beyond those that the program knows; an image's first match counts. Default: none. */
  readonly sources?: readonly SourceRule[] | undefined
}

export interface UpdateOptions extends RunOptions, DiscoveryOptions {
  /** Only the files of this shard; several runs with the same `count` share the catalogue. Absent: all. */
  readonly shard?: Shard | undefined
  /** A newest build that is older than the catalogue's is an error unless this is set. Default: false. */
  readonly allowDowngrade?: boolean | undefined
  /** How many versions an image has in the catalogue. Default: `replace`. */
  readonly keepVersions?: KeepVersions | undefined
}
