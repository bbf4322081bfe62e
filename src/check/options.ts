import type { DiscoveryOptions } from '../discovery/options.ts'
import type { CatalogueOptions } from '../run/options.ts'

export interface CheckOptions extends CatalogueOptions, DiscoveryOptions {
  /** Ask the mirror's public URLs. Default: true. */
  readonly checkPublic?: boolean | undefined
  /** Checks at once. Default: 256. */
  readonly jobs?: number | undefined
}
