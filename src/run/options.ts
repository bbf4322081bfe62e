import type { DiscoveryOptions, DiscoverySettings } from '../discovery/options.ts'
import { UpdaterError } from '../errors.ts'
import { camel } from '../option.ts'
import { defaultOf, rows } from '../options.ts'
import type { MirrorOptions } from '../stores/kinds.ts'

export type { MirrorOptions } from '../stores/kinds.ts'

/** What every use-case takes that looks at a catalogue. */
export interface CatalogueOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. */
  readonly images: readonly string[]
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  /** Also images with `enable: false`. Default: false. */
  readonly includeDisabled?: boolean | undefined
}

/** What every use-case takes that brings images to a mirror. */
export interface RunOptions extends CatalogueOptions {
  readonly mirror: MirrorOptions
  /** Nothing is written anywhere; the report says what would be. Default: false. */
  readonly dryRun?: boolean | undefined
  /** Ask the public URL, without credentials, before an object counts as mirrored. Default: true. */
  readonly checkPublic?: boolean | undefined
  /** `full` also downloads the mirrored object and hashes it. Default: `range`. */
  readonly verify?: 'range' | 'full' | undefined
  /** List the digests of the stored objects in `SHA256SUMS` (and the like) beside them. Default: true. */
  readonly checksumFiles?: boolean | undefined
  /** Checks at once. Default: 256. */
  readonly jobs?: number | undefined
  /** Mirrorings at once. Default: 2. */
  readonly transfers?: number | undefined
  /**
   * Connections to the source for each download, by Range, for servers that slow down a single one. They hold 4 MiB
   * each. Default: 1.
   */
  readonly connections?: number | undefined
  /** Warnings about the content of an image (larger than `min_disk`) are errors. Default: false. */
  readonly strict?: boolean | undefined
  /** Bytes that an image may have once decompressed. Default: 64 GiB. */
  readonly maxImageSize?: number | undefined
}

/** Options with every default filled in. */
export type Settled<Options> = {
  readonly [Key in keyof Options]-?: Exclude<Options[Key], undefined>
}

export type CatalogueSettings = Settled<CatalogueOptions>
export type RunSettings = Settled<RunOptions>

const defaults = new Map(rows.map((row) => [camel(row.name), defaultOf(row)]))

/**
 * Takes the named options, with the defaults of the table of options.
 * @throws UpdaterError CONFIGURATION if a number is not a whole one above 0
 */
export function settled<Options extends object, Key extends keyof Options & string>(
  options: Options,
  ...keys: readonly Key[]
): Settled<Pick<Options, Key>> {
  const values = keys.map((key) => {
    const value = options[key] ?? defaults.get(key)
    return [key, typeof value === 'number' ? positive(key, value) : value]
  })
  return Object.fromEntries(values)
}

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
    ...settled(options, 'includeDisabled'),
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
    ...settled(options, 'dryRun', 'checkPublic', 'verify', 'checksumFiles'),
    ...settled(options, 'jobs', 'transfers', 'connections', 'strict', 'maxImageSize'),
  }
}

export function settleDiscovery(options: DiscoveryOptions): DiscoverySettings {
  const { overrides = [], sources = [] } = options
  return { ...settled(options, 'signatures', 'cache', 'keyring'), overrides, sources }
}

/** @throws UpdaterError CONFIGURATION */
export function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new UpdaterError('CONFIGURATION', `${name} is ${value}, not a whole number above 0`)
}
