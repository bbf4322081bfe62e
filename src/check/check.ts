import type { CheckReport } from '../report/schemas.ts'
import type { RunContext } from '../run/context.ts'
import type { CheckOptions } from './options.ts'

/**
 * Says of each selected image how old the version in the catalogue is, whether the distribution has a newer
 * one, and what the mirror's public URL answers. Nothing is written, and no credentials are needed; a
 * read-only folder will do. One image's failure is told in the report and never stops the others.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_* where nothing could be begun. Several defects of a
 * catalogue come as an `AggregateError` in `cause`.
 */
export async function checkCatalogue(options: CheckOptions, context: RunContext = {}): Promise<CheckReport> {
  const { runCheck } = await import('./run.ts')
  return runCheck(options, context)
}
