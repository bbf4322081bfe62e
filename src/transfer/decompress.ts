import { availableParallelism } from 'node:os'
import { createGunzip } from 'node:zlib'
import type { Compression } from '../image.ts'
import { decompressionFailed, notUnpacked } from './decompression/byte-reader.ts'
import { onlyBzip2 } from './decompression/bzip2.ts'
import { through, unxz } from './decompression/library.ts'
import { findProgram, type Program, throughProgram } from './decompression/program.ts'
import { untar } from './decompression/tar.ts'
import { bounded, type Unpacking } from './decompression/unpacking.ts'
import { unzip } from './decompression/zip.ts'
import { onlyZstd, unzstd } from './decompression/zstd.ts'

type Source = AsyncIterable<Uint8Array>

/** What a file is packed by; `tar.gz` is a `tar` archive in `gz`. */
type Layer = Exclude<Compression, `tar.${string}`>

interface Decoder {
  /** Faster than what is built in, best first. */
  readonly programs?: readonly Program[]
  /** What a program is given: programs differ in what they take beside, and a verdict must not depend on which is there. */
  readonly only?: (source: Source) => AsyncGenerator<Uint8Array>
  readonly builtIn: (source: Source, unpacking: Unpacking) => AsyncGenerator<Uint8Array>
}

const decoders: Readonly<Record<Layer, Decoder>> = {
  // Members that follow each other are one file to Node.
  gz: { builtIn: (source) => through(createGunzip({ chunkSize: 1 << 16 }), source) },
  // The limit takes threads away first; with one thread it allows a dictionary of 256 MiB.
  xz: {
    programs: [{ name: 'xz', args: ['-dcq', '--format=xz', '-T0', '--memlimit-decompress=320MiB'] }],
    builtIn: unxz,
  },
  bz2: {
    only: onlyBzip2,
    programs: [
      { name: 'lbzip2', args: ['-dc', `-n${Math.min(8, availableParallelism())}`] },
      { name: 'bzip2', args: ['-dcq'] },
    ],
    builtIn: () => {
      throw notUnpacked(
        'it is packed by bzip2, and neither lbzip2 nor bzip2 is on the PATH',
        'Install the Debian package lbzip2 (or bzip2)',
      )
    },
  },
  zst: { programs: [{ name: 'zstd', args: ['-dcq'] }], only: onlyZstd, builtIn: unzstd },
  zip: { builtIn: unzip },
  tar: { builtIn: untar },
}

/**
 * The decompressed bytes of a source, which is read to its end; of a tar archive, those of the one disk
 * image in it. Input that is damaged or cut short, and a program that fails or ends early, are errors; what
 * was yielded before is not to be used then.
 * @throws UpdaterError DECOMPRESSION_*, IMAGE_TOO_LARGE, and whatever the source throws
 */
export async function* decompress(
  compression: Compression,
  source: Source,
  unpacking: Unpacking,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  let failure: { readonly reason: unknown } | undefined
  async function* watched() {
    try {
      yield* { [Symbol.asyncIterator]: () => iterator }
    } catch (reason) {
      failure = { reason }
      throw reason
    }
  }
  const opened: AsyncIterator<Uint8Array>[] = [iterator]
  try {
    let bytes = watched()
    for (const layer of compression.split('.').reverse() as Layer[]) {
      const { programs = [], builtIn, only = (source: Source) => source } = decoders[layer]
      const program = findProgram(programs)
      const unpacked =
        program === undefined ? builtIn(bytes, unpacking) : throughProgram(program, only(bytes))
      bytes = bounded(unpacked, unpacking.limit)
      opened.unshift(bytes)
    }
    yield* bytes
  } catch (error) {
    if (failure !== undefined) throw failure.reason
    throw decompressionFailed('the data is damaged or cut short', error)
  } finally {
    // A decoder that ends early leaves open what it reads from: a program, a connection. Not awaited: what waits
    // for its next chunk closes no earlier.
    for (const one of opened) Promise.resolve(one.return?.(undefined)).catch(() => {})
  }
}
