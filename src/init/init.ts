import type { InitFile, InitOptions, ShippedSummary } from './options.ts'

/** The distributions whose image definitions come with the program. */
export async function shippedCatalogue(): Promise<ShippedSummary[]> {
  const { runShipped } = await import('./run.ts')
  return runShipped()
}

/**
 * Writes image definitions that come with the program to a folder, one file for each distribution. A file
 * that is there already is never touched: then nothing is written.
 * @throws UpdaterError USAGE: a name selects nothing; CATALOG_UNWRITABLE, several as an `AggregateError` in
 * `cause`
 */
export async function initCatalogue(options: InitOptions): Promise<InitFile[]> {
  const { runInit } = await import('./run.ts')
  return runInit(options)
}
