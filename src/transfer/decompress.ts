import type { Compression } from '../image.ts'
import { unbzip2 } from './decompression/bzip2.ts'
import { gunzip, unxz, unzstd } from './decompression/library.ts'
import { findProgram, throughProgram } from './decompression/program.ts'
import { unzip } from './decompression/zip.ts'

type Source = AsyncIterable<Uint8Array>

interface Decoder {
  /** Faster than the library where they are installed, best first. */
  readonly programs: readonly { readonly name: string; readonly args: readonly string[] }[]
  readonly library: (source: Source) => Source
}

const decoders: Readonly<Record<Compression, Decoder>> = {
  gz: { programs: [], library: gunzip },
  xz: { programs: [{ name: 'xz', args: ['-dcq', '-T0'] }], library: unxz },
  bz2: {
    programs: [
      { name: 'lbzip2', args: ['-dc'] },
      { name: 'bzip2', args: ['-dcq'] },
    ],
    library: unbzip2,
  },
  zst: { programs: [{ name: 'zstd', args: ['-dcq'] }], library: unzstd },
  zip: { programs: [], library: unzip },
}

/**
 * The decompressed bytes of a source, which is read to its end. Input that is damaged or cut short, and a
 * program that fails or ends early, are errors; what was yielded before is not to be used then.
 * @param programs `never`: only the libraries
 * @throws UpdaterError DECOMPRESSION_FAILED, and whatever the source throws
 */
export function decompress(
  compression: Compression,
  source: Source,
  { programs = 'auto' }: { readonly programs?: 'auto' | 'never' } = {},
): Source {
  const decoder = decoders[compression]
  const program = programs === 'auto' ? findProgram(decoder.programs) : undefined
  return program === undefined ? decoder.library(source) : throughProgram(program, source)
}
