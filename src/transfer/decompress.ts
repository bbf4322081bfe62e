import { UpdaterError } from '../errors.ts'
import type { Compression, ImageFormat } from '../image.ts'
import { decompressionFailed } from './decompression/failure.ts'
import { gunzip, unxz } from './decompression/library.ts'
import { findProgram, type Program, throughProgram } from './decompression/program.ts'
import { untar } from './decompression/tar.ts'
import { unzip } from './decompression/zip.ts'
import { unzstd } from './decompression/zstd.ts'

type Source = AsyncIterable<Uint8Array>

/** What a file is packed by; `tar.gz` is a `tar` archive in `gz`. */
type Layer = Exclude<Compression, `tar.${string}`>

interface Decoder {
  /** Faster than what is built in, best first. */
  readonly programs?: readonly Program[]
  readonly builtIn: (source: Source, format: ImageFormat) => AsyncGenerator<Uint8Array>
}

const decoders: Readonly<Record<Layer, Decoder>> = {
  gz: { builtIn: gunzip },
  xz: { programs: [{ name: 'xz', args: ['-dcq', '-T0'] }], builtIn: unxz },
  bz2: {
    programs: [
      { name: 'lbzip2', args: ['-dc'] },
      { name: 'bzip2', args: ['-dcq'] },
    ],
    builtIn: () => {
      throw new UpdaterError(
        'DECOMPRESSION_FAILED',
        'The image is packed by bzip2, and neither lbzip2 nor bzip2 is on the PATH to unpack it',
        { remedy: 'Install the Debian package lbzip2 (or bzip2)' },
      )
    },
  },
  zst: { programs: [{ name: 'zstd', args: ['-dcq'] }], builtIn: unzstd },
  zip: { builtIn: unzip },
  tar: { builtIn: untar },
}

interface DecompressOptions {
  /** Of the image: it says which member of an archive is meant. Default: `qcow2`. */
  readonly format?: ImageFormat | undefined
  /** `never`: only what is built in. Default: `auto`. */
  readonly programs?: 'auto' | 'never' | undefined
}

/**
 * The decompressed bytes of a source, which is read to its end; of a tar archive, those of the one disk
 * image in it. Input that is damaged or cut short, and a program that fails or ends early, are errors; what
 * was yielded before is not to be used then.
 * @throws UpdaterError DECOMPRESSION_FAILED, and whatever the source throws
 */
export async function* decompress(
  compression: Compression,
  source: Source,
  { format = 'qcow2', programs = 'auto' }: DecompressOptions = {},
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
      const decoder = decoders[layer]
      const program = programs === 'auto' ? findProgram(decoder.programs ?? []) : undefined
      bytes = program === undefined ? decoder.builtIn(bytes, format) : throughProgram(program, bytes)
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
