import { UpdaterError } from '../errors.ts'
import { type PublishSettings, settlePublish } from '../publish/options.ts'
import { type Left, withClouds } from '../publish/publish.ts'
import type { RunReport } from '../report/schemas.ts'
import type { UpdateOptions } from '../run/options.ts'
import { type RunContext, secondsSince } from '../run/run.ts'
import { type Updated, updateImages } from '../update/update.ts'

/**
 * Brings the catalogue up to date: for each selected image the newest build is found, its verified bytes
 * are brought to the mirror, and the catalogue file is rewritten. With `publish`, what the catalogue names is then brought
 * into each `cloud`, which is logged in to before anything else. One image's failure, or one cloud's, stands in the
 * report and never stops the others. The distributions and the store are asked at the same time; the answers of the
 * distributions count once the store has proven usable.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, STORE_*, CLOUD_CONFIGURATION if the run cannot begin; nothing was
 * changed then. Several defects of a catalogue come as an `AggregateError` in `cause`.
 */
export async function updateCatalogue(
  options: UpdateOptions = {},
  context: RunContext = {},
): Promise<RunReport> {
  const settings = settleClouds(options)
  if (settings === undefined) return (await updateImages(options, context)).report
  return withClouds(settings, context, async (clouds) => {
    const updated = await updateImages(options, context)
    const { outcomes, errors } = await clouds.publishAfter(leftBy(updated))
    const { errors: before, ...report } = updated.report
    const seconds = secondsSince(new Date(report.started_at))
    return { ...report, seconds, clouds: outcomes, errors: [...before, ...errors] }
  })
}

/**
 * Returns how clouds are published into, or undefined if they are not.
 * @throws UpdaterError CONFIGURATION, also if a cloud is named and would be left alone
 */
export function settleClouds(options: UpdateOptions): PublishSettings | undefined {
  const { cloud = [], publish = false }: UpdateOptions = Object(options)
  if (publish) return settlePublish(options)
  if (cloud.length === 0) return undefined
  throw new UpdaterError('CONFIGURATION', 'A cloud is named, and nothing is to be published', {
    remedy: 'Add publish, or leave the cloud out',
  })
}

function leftBy({ report, files }: Updated): Left {
  const failed = report.images.filter(({ status }) => status === 'failed').map(({ name }) => name)
  const planned = report.dry_run ? files.map(({ path, text }) => [path, text] as const) : []
  return { failed: new Set(failed), planned: new Map(planned) }
}
