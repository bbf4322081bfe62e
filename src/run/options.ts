import { type ImageOverride, type SourceRule, strategyNames } from '../discovery/options.ts'
import type { OwnResolver, SearchSettings } from '../discovery/resolver.ts'
import { UpdaterError } from '../errors.ts'
import { choice, text } from '../option.ts'
import {
  assertOptions,
  assertTyped,
  type CatalogueOptions,
  type CatalogueSettings,
  keep,
  type Settled,
  settleCatalogue,
  signaturePolicy,
  type TakenOptions,
  textsOf,
  withDefaults,
} from '../options.ts'
import { type GivenMirror, type MirrorOptions, settleMirror } from '../stores/kinds.ts'

/** What every use-case takes that brings images to a mirror; the options are those of the command `mirror`. */
export interface RunOptions extends CatalogueOptions, TakenOptions<'mirror'> {
  /** Default: that of the command, with the keys of AWS's usual places. */
  readonly mirror?: GivenMirror | undefined
}

/** A build that no cloud is to have. */
export interface SkipRule {
  /** Names, shortnames or files of images (globs: `*`, `?`). */
  readonly images: readonly string[]
  /** As the catalogue names them; absent: all. */
  readonly versions?: readonly string[] | undefined
  /** As reports show it. */
  readonly reason: string
}

/** What use-cases that know clouds take beside the options of their commands. */
export interface CloudOptions {
  /** Retire however many images there are, and delete what is to be deleted. Default: false. */
  readonly yes?: boolean | undefined
  /** Builds that are not to be taken. Default: none. */
  readonly skip?: readonly SkipRule[] | undefined
}

/** What decides which build is the newest one; the same for every use-case that looks for it. */
export interface DiscoveryOptions extends TakenOptions<'check'> {
  /** What is different for some images; of several that name an image, the first counts. Default: none. */
  readonly overrides?: readonly ImageOverride[] | undefined
  /** Sources beyond those that the program knows; an image's first match counts. Default: none. */
  readonly sources?: readonly SourceRule[] | undefined
  /** Resolvers beyond those that the program knows, which are asked first. Default: none. */
  readonly resolvers?: readonly OwnResolver[] | undefined
}

export interface RunSettings extends CatalogueSettings, Settled<'mirror'> {
  readonly mirror: MirrorOptions
}

/** @throws UpdaterError CONFIGURATION */
export function settleRun(options: RunOptions = {}): RunSettings {
  const catalogue = settleCatalogue(options)
  const mirror = settleMirror(options.mirror)
  if (options.verify === 'full' && options.checkPublic === false) {
    throw new UpdaterError(
      'CONFIGURATION',
      'A full verification reads the public URL, which is not to be asked',
      {
        remedy: 'Leave out either --verify full or --no-check-public',
      },
    )
  }
  const values = withDefaults('mirror', options)
  const own = mirror.kind === 'directory' ? [mirror.dir] : []
  return { ...catalogue, ...values, fileRoot: [...values.fileRoot, ...own], mirror }
}

/** The options are those of the command `update`. */
export interface UpdateOptions extends RunOptions, DiscoveryOptions, CloudOptions, TakenOptions<'update'> {}

/** The options with every default filled in. */
export interface UpdateSettings extends RunSettings, SearchSettings, Settled<'update'> {}

/** @throws UpdaterError CONFIGURATION */
export function settleUpdate(options: UpdateOptions = {}): UpdateSettings {
  return { ...withDefaults('update', options), ...settleRun(options), ...settleSources(options) }
}

/** @throws UpdaterError CONFIGURATION */
export function settleSources(
  options: DiscoveryOptions,
): Pick<SearchSettings, 'overrides' | 'sources' | 'resolvers'> {
  const { overrides = [], sources = [], resolvers = [] } = options
  for (const [name, list] of Object.entries({ overrides, sources, resolvers })) {
    if (Array.isArray(list))
      for (const [index, one] of list.entries()) assertOptions(one, `${name}[${index}]`)
    else throw new UpdaterError('CONFIGURATION', `${name} is not a list`)
  }
  for (const [index, { names, keepVersions, signatures }] of overrides.entries()) {
    textsOf(`overrides[${index}].names`, names)
    assertTyped(`overrides[${index}].keepVersions`, keep(), keepVersions)
    assertTyped(`overrides[${index}].signatures`, signaturePolicy(), signatures)
  }
  for (const [index, { name, images, strategy }] of sources.entries()) {
    assertTyped(`sources[${index}].name`, text(), name ?? '')
    textsOf(`sources[${index}].images`, images)
    assertTyped(`sources[${index}].strategy`, choice('strategy', strategyNames), strategy ?? '')
  }
  for (const [index, { name, serves, strategies }] of resolvers.entries()) {
    assertTyped(`resolvers[${index}].name`, text(), name ?? '')
    assertOptions(serves, `resolvers[${index}].serves`)
    if (!Array.isArray(strategies)) {
      throw new UpdaterError('CONFIGURATION', `resolvers[${index}].strategies is not a list`)
    }
  }
  return { overrides, sources, resolvers }
}
