import { throwDefects } from '../catalog/defects.ts'
import { assertOptions, type CatalogueOptions, type TakenOptions } from '../options.ts'
import type { CloudOutcome } from '../report/schemas.ts'
import type { CloudOptions } from '../run/options.ts'
import { begin, endInOrder, type RunContext } from '../run/run.ts'
import { closeClouds, inEach, type OpenedCloud, openClouds } from './open.ts'
import { settlePublish } from './options.ts'
import { readWanted, withDefects } from './wanted.ts'

/** The options are those of the command `check`. */
export interface InspectOptions extends CatalogueOptions, Pick<CloudOptions, 'skip'>, TakenOptions<'check'> {}

/**
 * Says of each cloud what it has of the catalogue: what `publishCatalogue` would do there. It writes nothing, and needs no
 * more rights than those of a reader. A cloud that cannot be asked is an outcome with an error, and stops no other.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, CLOUD_CONFIGURATION if nothing can be asked
 */
export async function inspectClouds(
  options: InspectOptions = {},
  context: RunContext = {},
): Promise<readonly CloudOutcome[]> {
  assertOptions(options)
  const settings = settlePublish({ ...options, dryRun: true })
  const beginning = begin(context, settings)
  const { note } = beginning
  let opened: readonly OpenedCloud[] = []
  try {
    const wanted = await readWanted(settings, beginning)
    throwDefects(wanted.failures)
    opened = await openClouds(settings.cloud, beginning, context)
    const { inspect } = await import('./cloud.ts')
    const outcomes = await inEach(opened, beginning, (session) =>
      inspect(session, wanted, { settings, ...beginning }),
    )
    return withDefects(outcomes, wanted)
  } finally {
    await closeClouds(opened, note)
    await endInOrder([() => beginning.http.close()], note)
  }
}
