import type { RunReport } from '../report/schemas.ts'
import type { RunContext } from '../run/context.ts'
import type { UpdateOptions } from './options.ts'

/**
 * Brings the catalogue up to date: for each selected image the newest build is found, its verified bytes
 * are brought to the mirror, and the catalogue file is rewritten. One image's failure is told in the
 * report and never stops the others.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, STORE_* where nothing could be begun; nothing was
 * changed then. Several defects of a catalogue come as an `AggregateError` in `cause`.
 */
export async function updateCatalogue(options: UpdateOptions, context: RunContext = {}): Promise<RunReport> {
  const { runUpdate } = await import('./run.ts')
  return runUpdate(options, context)
}
