import type { Compression, ImageFormat } from '../../src/image.ts'
import { decompress } from '../../src/transfer/decompress.ts'
import type { Unpacking } from '../../src/transfer/decompression/unpacking.ts'

/** What comes out of packed bytes whose digest is known, without a limit. */
export function unpack(
  compression: Compression,
  source: AsyncIterable<Uint8Array>,
  format: ImageFormat = 'qcow2',
  unpacking: Partial<Unpacking> = {},
): AsyncGenerator<Uint8Array> {
  return decompress(compression, source, {
    format,
    limit: Number.POSITIVE_INFINITY,
    ...unpacking,
  })
}
