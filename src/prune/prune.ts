import type { PruneReport } from '../report/schemas.ts'
import type { RunContext } from '../run/context.ts'
import type { PruneOptions } from './options.ts'

/**
 * Finds the objects on the mirror that no catalogue file names any more and that are older than a grace period,
 * and with `remove` removes them. Only objects under the mirror's own prefix count whose keys are of the
 * form that the updater makes; whatever else lies there is never touched.
 * @throws UpdaterError CATALOG_*: a catalogue file cannot be read whole; CONFIGURATION: the catalogue names nothing on
 * this mirror, or none of what lies there; STORE_*. Nothing was removed then.
 */
export async function pruneMirror(options: PruneOptions, context: RunContext = {}): Promise<PruneReport> {
  const { runPrune } = await import('./run.ts')
  return runPrune(options, context)
}
