import type { DiscoverySettings, ImageOverride, SourceRule } from '../discovery/options.ts'
import { UpdaterError } from '../errors.ts'
import {
  assertTyped,
  keep,
  type Settled,
  signaturePolicy,
  type TakenOptions,
  withDefaults,
} from '../options.ts'
import { type MirrorOptions, mirrorKinds } from '../stores/kinds.ts'

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
export function settleCatalogue(options: Partial<CatalogueOptions> = {}): Required<CatalogueOptions> {
  const { images, names = [] } = options
  if (Array.isArray(images) && images.length > 0) return { images, names }
  throw new UpdaterError('CONFIGURATION', 'No catalogue folder is given', {
    remedy: 'Give `images`: a list of folders or files of image definitions',
  })
}

/** @throws UpdaterError CONFIGURATION */
export function settleRun(options: RunOptions): RunSettings {
  const catalogue = settleCatalogue(options)
  const { mirror } = options
  if (!mirrorKinds.includes(mirror?.kind)) {
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
  const run = settleRun(options)
  const { overrides = [], sources = [] } = options
  assertOverrides(overrides)
  return { ...run, ...withDefaults('update', options), overrides, sources }
}

/** @throws UpdaterError CONFIGURATION */
export function assertOverrides(overrides: readonly ImageOverride[]): void {
  for (const [index, { keepVersions, signatures }] of overrides.entries()) {
    assertTyped(`overrides[${index}].keepVersions`, keep(), keepVersions)
    assertTyped(`overrides[${index}].signatures`, signaturePolicy(), signatures)
  }
}
