import { UpdaterError } from '../errors.ts'
import {
  assertOptions,
  type CatalogueOptions,
  type CatalogueSettings,
  type Settled,
  settleCatalogue,
  type TakenOptions,
  withDefaults,
} from '../options.ts'
import type { CloudOptions, SkipRule } from '../run/options.ts'

/** The options are those of the command `publish`. */
export interface PublishOptions extends CatalogueOptions, CloudOptions, TakenOptions<'publish'> {}

export interface PublishSettings extends CatalogueSettings, Settled<'publish'> {
  readonly yes: boolean
  readonly skip: readonly SkipRule[]
}

/** @throws UpdaterError CONFIGURATION */
export function settlePublish(options: PublishOptions = {}): PublishSettings {
  assertOptions(options)
  const { yes = false, skip = [], ...others } = options
  const values = withDefaults('publish', others)
  const isDeleting = values.retire === 'delete' || values.deleteAfter !== undefined
  if (isDeleting && !yes && !values.dryRun) {
    throw new UpdaterError('CONFIGURATION', 'Images are to be deleted, and nobody has said yes to that', {
      remedy: 'Look at the plan with --dry-run, then add --yes',
    })
  }
  const catalogue = settleCatalogue(others)
  if (values.rollback && catalogue.names.length === 0) {
    throw new UpdaterError('USAGE', 'A rollback is asked for, and no image is named', {
      remedy: 'Name the images that are to be taken back',
    })
  }
  return { ...catalogue, ...values, yes, skip }
}
