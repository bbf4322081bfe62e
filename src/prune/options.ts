import type { MirrorOptions } from '../run/options.ts'

export interface PruneOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files: all that name objects on the mirror. */
  readonly images: readonly string[]
  readonly mirror: MirrorOptions
  /** Milliseconds; younger objects stay, named or not. Default: 14 days. */
  readonly grace?: number | undefined
  /** Remove what is found; without it the report only lists it. Default: false. */
  readonly remove?: boolean | undefined
  /** Bring the `SHA256SUMS` beside removed objects up to date. Default: true. */
  readonly checksumFiles?: boolean | undefined
}
