import type { MirrorReport } from '../report/schemas.ts'
import type { RunContext } from '../run/context.ts'
import type { RunOptions } from '../run/options.ts'

/**
 * Brings every version of the catalogue that names a `mirror_url` to the mirror where it is missing there,
 * from its `url`, verified against its `checksum`. No catalogue file is written. One version's failure is told in
 * the report and never stops the others; a `mirror_url` of another mirror is left alone.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, STORE_* where nothing could be begun; nothing was
 * changed then. Several defects of a catalogue come as an `AggregateError` in `cause`.
 */
export async function mirrorCatalogue(options: RunOptions, context: RunContext = {}): Promise<MirrorReport> {
  const { runMirror } = await import('./run.ts')
  return runMirror(options, context)
}
