import { UpdaterError } from '../errors.ts'
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
