import { UpdaterError } from '../errors.ts'
import type { CatalogueOptions, RunOptions, Settled } from './options.ts'

export type CatalogueSettings = Settled<CatalogueOptions>
export type RunSettings = Settled<RunOptions>

/** Images that are looked at at once. */
export const defaultJobs = 256

/** Bytes that an image may have once decompressed. */
export const defaultMaxImageSize = 64 * 2 ** 30

/** @throws UpdaterError CONFIGURATION */
export function settleCatalogue(options: CatalogueOptions): CatalogueSettings {
  if (!Array.isArray(options.images) || options.images.length === 0) {
    throw new UpdaterError('CONFIGURATION', 'No catalogue folder is given', {
      remedy: 'Name the folder or file of image definitions with --images',
    })
  }
  return {
    images: options.images,
    names: options.names ?? [],
    includeDisabled: options.includeDisabled ?? false,
  }
}

/** @throws UpdaterError CONFIGURATION */
export function settleRun(options: RunOptions): RunSettings {
  const catalogue = settleCatalogue(options)
  if (options.mirror === undefined) {
    throw new UpdaterError('CONFIGURATION', 'No mirror is given', {
      remedy: "Give one as `mirror`; { kind: 'none' } uploads nothing",
    })
  }
  if (options.verify === 'full' && options.checkPublic === false) {
    throw new UpdaterError(
      'CONFIGURATION',
      'A full verification reads the public URL, which is not to be asked',
      {
        remedy: 'Leave out either --verify full or --no-check-public',
      },
    )
  }
  return {
    ...catalogue,
    mirror: options.mirror,
    dryRun: options.dryRun ?? false,
    checkPublic: options.checkPublic ?? true,
    verify: options.verify ?? 'range',
    checksumFiles: options.checksumFiles ?? true,
    jobs: positive('jobs', options.jobs ?? defaultJobs),
    transfers: positive('transfers', options.transfers ?? 2),
    connections: positive('connections', options.connections ?? 1),
    strict: options.strict ?? false,
    maxImageSize: positive('maxImageSize', options.maxImageSize ?? defaultMaxImageSize),
  }
}

export function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new UpdaterError('CONFIGURATION', `${name} is ${value}, not a whole number above 0`)
}
