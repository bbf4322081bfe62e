import type { Shard } from '../catalog/shard.ts'
import type { DiscoveryOptions, DiscoverySettings, KeepVersions } from '../discovery/options.ts'
import { UpdaterError } from '../errors.ts'
import {
  positive,
  type RunOptions,
  type RunSettings,
  settleDiscovery,
  settled,
  settleRun,
} from '../run/options.ts'

export interface UpdateOptions extends RunOptions, DiscoveryOptions {
  /** Only the files of this shard; several runs with the same `count` share the catalogue. Absent: all. */
  readonly shard?: Shard | undefined
  /** A newest build that is older than the catalogue's is an error unless this is set. Default: false. */
  readonly allowDowngrade?: boolean | undefined
  /** How many versions an image has in the catalogue. Default: `replace`. */
  readonly keepVersions?: KeepVersions | undefined
}

/** The options with every default filled in. */
export interface UpdateSettings extends RunSettings, DiscoverySettings {
  readonly shard: Shard | undefined
  readonly allowDowngrade: boolean
  readonly keepVersions: KeepVersions
}

/** @throws UpdaterError CONFIGURATION */
export function settle(options: UpdateOptions): UpdateSettings {
  for (const { keepVersions } of options.overrides ?? []) {
    if (typeof keepVersions === 'number') positive('keepVersions', keepVersions)
  }
  return {
    shard: options.shard === undefined ? undefined : checkedShard(options.shard),
    ...settleRun(options),
    ...settleDiscovery(options),
    ...settled(options, 'allowDowngrade', 'keepVersions'),
  }
}

function checkedShard({ index, count }: Shard): Shard {
  if (positive('shard.index', index) <= positive('shard.count', count)) return { index, count }
  throw new UpdaterError(
    'CONFIGURATION',
    `shard.index is ${index}, which is more than shard.count (${count})`,
  )
}
