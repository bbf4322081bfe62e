import type { VerifyReport } from '../report/schemas.ts'
import type { RunContext } from '../run/context.ts'
import type { VerifyOptions } from './options.ts'

/**
 * Asks every `url` and `mirror_url` of the catalogue, as anybody could: no credentials are needed or used, and
 * nothing is written. What is wrong is told in the report.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_* where nothing could be begun. Several defects of a
 * catalogue come as an `AggregateError` in `cause`.
 */
export async function verifyCatalogue(
  options: VerifyOptions,
  context: RunContext = {},
): Promise<VerifyReport> {
  const { runVerify } = await import('./run.ts')
  return runVerify(options, context)
}
