import type { CatalogueOptions } from '../run/options.ts'

export interface VerifyOptions extends CatalogueOptions {
  /** Also download every file and compare its digest with the catalogue's checksum. Default: false. */
  readonly full?: boolean | undefined
  /** URLs asked at once. Default: 256. */
  readonly jobs?: number | undefined
  /** Downloads at once. Default: 2. */
  readonly transfers?: number | undefined
  /** With `full`: bytes that a file may have, and an image once decompressed. Default: 64 GiB. */
  readonly maxImageSize?: number | undefined
}
