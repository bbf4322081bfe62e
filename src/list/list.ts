import type { ListedImage } from '../report/list.ts'
import type { CatalogueOptions } from '../run/options.ts'

/**
 * The images of a catalogue, in its order, as their users see them.
 * @throws UpdaterError CATALOG_*, USAGE; several defects come as an `AggregateError` in `cause`
 */
export async function listCatalogue(options: CatalogueOptions): Promise<ListedImage[]> {
  const { runList } = await import('./run.ts')
  return runList(options)
}
