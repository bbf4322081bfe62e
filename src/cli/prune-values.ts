import type { PruneOptions } from '../prune/prune.ts'
import type { Flags } from './flags.ts'
import type { PruneFlags } from './options.ts'
import { parseDuration } from './service-values.ts'
import { parseImages, toMirror } from './values.ts'

/** @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable */
export function toPruneOptions(flags: Flags<PruneFlags>): PruneOptions {
  const { values, origin } = flags
  return {
    images: parseImages(values.images, origin('images')),
    mirror: toMirror(flags),
    grace: parseDuration(values.grace, origin('grace'), 3650),
    remove: values.yes,
    checksumFiles: values.checksumFiles,
  }
}
