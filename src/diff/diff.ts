import type { CatalogueDiff } from '../report/diff.ts'
import type { DiffOptions } from './options.ts'

/**
 * What is different between two states of a catalogue, image by image.
 * @throws UpdaterError USAGE, CONFIGURATION, CATALOG_NOT_FOUND, CATALOG_UNREADABLE, CATALOG_SYNTAX
 */
export async function diffCatalogues(options: DiffOptions): Promise<CatalogueDiff> {
  const { runDiff } = await import('./run.ts')
  return runDiff(options)
}
