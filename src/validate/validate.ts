import type { ValidationReport } from '../report/schemas.ts'
import type { ValidateContext, ValidateOptions } from './options.ts'

/**
 * Compares catalogue files with OpenStack Image Manager's schema and with common sense. Whatever is wrong is
 * a finding, also in files that cannot be used at all; nothing is asked over the network.
 * @throws UpdaterError CATALOG_NOT_FOUND: a path leads to no file; USAGE: a name selects nothing
 */
export async function validateCatalogue(
  options: ValidateOptions,
  context: ValidateContext = {},
): Promise<ValidationReport> {
  const { runValidate } = await import('./run.ts')
  return runValidate(options, context)
}
