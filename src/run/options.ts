import type { DiscoverySettings, ImageOverride, SourceRule } from '../discovery/options.ts'
import { UpdaterError } from '../errors.ts'
import { assertWhole, type Settled, type TakenOptions, withDefaults } from '../options.ts'
import type { MirrorOptions } from '../stores/kinds.ts'

/** What every use-case takes that looks at a catalogue. */
export interface CatalogueOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. */
  readonly images: readonly string[]
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
}

/** What every use-case takes that brings images to a mirror; the options are those of the command `mirror`. */
export interface RunOptions extends CatalogueOptions, TakenOptions<'mirror'> {
  readonly mirror: MirrorOptions
}

/** What decides which build is the newest one; the same for every use-case that looks for it. */
export interface DiscoveryOptions extends TakenOptions<'check'> {
  /** What is different for some images; of several that name an image, the first counts. Default: none. */
  readonly overrides?: readonly ImageOverride[] | undefined
  /** Sources beyond those that the program knows; an image's first match counts. Default: none. */
  readonly sources?: readonly SourceRule[] | undefined
}

export interface RunSettings extends Required<CatalogueOptions>, Settled<'mirror'> {
  readonly mirror: MirrorOptions
}

/** @throws UpdaterError CONFIGURATION */
export function settleCatalogue({ images, names = [] }: CatalogueOptions): Required<CatalogueOptions> {
  if (Array.isArray(images) && images.length > 0) return { images, names }
  throw new UpdaterError('CONFIGURATION', 'No catalogue folder is given', {
    remedy: 'Name the folder or file of image definitions with --images',
  })
}

/** @throws UpdaterError CONFIGURATION */
export function settleRun(options: RunOptions): RunSettings {
  const catalogue = settleCatalogue(options)
  const { mirror } = options
  if (mirror === undefined) {
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
  return { ...catalogue, ...withDefaults('mirror', options), mirror }
}

/** The options are those of the command `update`. */
export interface UpdateOptions extends RunOptions, DiscoveryOptions, TakenOptions<'update'> {}

/** The options with every default filled in. */
export interface UpdateSettings extends RunSettings, DiscoverySettings, Settled<'update'> {}

/** @throws UpdaterError CONFIGURATION */
export function settleUpdate(options: UpdateOptions): UpdateSettings {
  const { overrides = [], sources = [] } = options
  const settings = { ...settleRun(options), ...withDefaults('update', options), overrides, sources }
  for (const { keepVersions } of overrides) {
    if (typeof keepVersions === 'number') assertWhole('keepVersions', keepVersions)
  }
  if (settings.shard !== undefined) assertShard(settings.shard)
  return settings
}

function assertShard({ index, count }: NonNullable<UpdateSettings['shard']>): void {
  assertWhole('shard.index', index)
  assertWhole('shard.count', count)
  if (index <= count) return
  throw new UpdaterError(
    'CONFIGURATION',
    `shard.index is ${index}, which is more than shard.count (${count})`,
  )
}
