import type { Settled } from '../run/options.ts'
import { settleRun } from '../run/settings.ts'
import type { UpdateOptions } from './options.ts'

/** The options with every default filled in. */
export type Settings = Settled<UpdateOptions>

/** @throws UpdaterError CONFIGURATION */
export function settle(options: UpdateOptions): Settings {
  return {
    ...settleRun(options),
    allowDowngrade: options.allowDowngrade ?? false,
    signatures: options.signatures ?? 'prefer',
    keyring: options.keyring ?? '/etc/image-updater/keys',
    overrides: options.overrides ?? [],
    sources: options.sources ?? [],
  }
}
