import type { ServeContext, Service } from './context.ts'
import type { ServeOptions } from './options.ts'

/**
 * Runs `updateCatalogue` on a schedule, and shows over HTTP what the catalogue holds and how the runs go.
 * A failed run never ends the service.
 * @param load gives the options, now and at each `reload`
 * @throws UpdaterError CONFIGURATION, and what `load` throws
 */
export async function serveCatalogue(
  load: () => ServeOptions | Promise<ServeOptions>,
  context: ServeContext = {},
): Promise<Service> {
  const { openService } = await import('./service.ts')
  return openService(load, context)
}
