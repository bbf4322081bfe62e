import type { DiscoverySettings } from '../discovery/options.ts'
import { UpdaterError } from '../errors.ts'
import { assertWhole, type Settled, type TakenOptions, withDefaults } from '../options.ts'
import { type DiscoveryOptions, type RunOptions, type RunSettings, settleRun } from '../run/options.ts'

/** The options are those of the command `update`. */
export interface UpdateOptions extends RunOptions, DiscoveryOptions, TakenOptions<'update'> {}

/** The options with every default filled in. */
export interface UpdateSettings extends RunSettings, DiscoverySettings, Settled<'update'> {}

/** @throws UpdaterError CONFIGURATION */
export function settle(options: UpdateOptions): UpdateSettings {
  const { overrides = [], sources = [] } = options
  const settings = { ...settleRun(options), ...withDefaults('update', options), overrides, sources }
  for (const { keepVersions } of overrides) {
    if (typeof keepVersions === 'number') assertWhole('keepVersions', keepVersions)
  }
  if (settings.shard !== undefined) assertShard(settings.shard)
  return settings
}

function assertShard({ index, count }: NonNullable<UpdateSettings['shard']>): void {
  assertWhole('shard.index', index)
  assertWhole('shard.count', count)
  if (index <= count) return
  throw new UpdaterError(
    'CONFIGURATION',
    `shard.index is ${index}, which is more than shard.count (${count})`,
  )
}
