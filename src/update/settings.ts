import type { Shard } from '../catalog/shard.ts'
import { settleDiscovery } from '../discovery/options.ts'
import { UpdaterError } from '../errors.ts'
import type { Settled } from '../run/options.ts'
import { positive, settleRun } from '../run/settings.ts'
import type { KeepVersions, UpdateOptions } from './options.ts'

/** The options with every default filled in. */
export type Settings = Settled<Omit<UpdateOptions, 'shard'>> & Pick<UpdateOptions, 'shard'>

/** @throws UpdaterError CONFIGURATION */
export function settle(options: UpdateOptions): Settings {
  return {
    shard: options.shard === undefined ? undefined : checkedShard(options.shard),
    ...settleRun(options),
    ...settleDiscovery(options),
    overrides: (options.overrides ?? []).map((one) => ({ ...one, keepVersions: keep(one.keepVersions) })),
    allowDowngrade: options.allowDowngrade ?? false,
    keepVersions: keep(options.keepVersions ?? 'replace'),
  }
}

function keep<Versions extends KeepVersions | undefined>(versions: Versions): Versions {
  if (typeof versions === 'number') positive('keepVersions', versions)
  return versions
}

function checkedShard({ index, count }: Shard): Shard {
  if (positive('shard.index', index) <= positive('shard.count', count)) return { index, count }
  throw new UpdaterError(
    'CONFIGURATION',
    `shard.index is ${index}, which is more than shard.count (${count})`,
  )
}
