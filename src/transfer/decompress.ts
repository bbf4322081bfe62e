import { createGunzip } from 'node:zlib'
import { UpdaterError } from '../errors.ts'
import type { Compression, ImageFormat } from '../image.ts'
import { decompressionFailed } from './decompression/byte-reader.ts'
import { through, unxz } from './decompression/library.ts'
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
  // Members that follow each other are one file to Node.
  gz: { builtIn: (source) => through(createGunzip({ chunkSize: 1 << 16 }), source) },
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

/**
 * The decompressed bytes of a source, which is read to its end; of a tar archive, those of the one disk
 * image in it. Input that is damaged or cut short, and a program that fails or ends early, are errors; what
 * was yielded before is not to be used then.
 * @param format of the image: it says which member of an archive is meant
 * @throws UpdaterError DECOMPRESSION_FAILED, and whatever the source throws
 */
export async function* decompress(
  compression: Compression,
  source: Source,
  format: ImageFormat = 'qcow2',
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
      const { programs = [], builtIn } = decoders[layer]
      const program = findProgram(programs)
      bytes = program === undefined ? builtIn(bytes, format) : throughProgram(program, bytes)
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

/**
 * The same chunks, as long as there are no more than `limit` bytes of them.
 * @throws UpdaterError IMAGE_TOO_LARGE
 */
export async function* bounded(source: Source, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > limit) {
      throw new UpdaterError('IMAGE_TOO_LARGE', `The image is larger than the allowed ${limit} bytes`, {
        remedy: 'Raise --max-image-size if an image of this size is expected',
      })
    }
    yield chunk
  }
}
