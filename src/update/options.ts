import type { Shard } from '../catalog/shard.ts'
import type { DiscoveryOptions, KeepVersions } from '../discovery/options.ts'
import type { RunOptions } from '../run/options.ts'

export type { Shard } from '../catalog/shard.ts'
export type { DiscoveryOptions, ImageOverride, KeepVersions } from '../discovery/options.ts'
export {
  type SourceRule,
  type SourceSignature,
  type StrategyName,
  strategyNames,
} from '../discovery/source-rule.ts'

export interface UpdateOptions extends RunOptions, DiscoveryOptions {
  /** Only the files of this shard; several runs with the same `count` share the catalogue. Absent: all. */
  readonly shard?: Shard | undefined
  /** A newest build that is older than the catalogue's is an error unless this is set. Default: false. */
  readonly allowDowngrade?: boolean | undefined
  /** How many versions an image has in the catalogue. Default: `replace`. */
  readonly keepVersions?: KeepVersions | undefined
}
