import type { Compression, ImageFormat } from '../image.ts'
import { unbzip2 } from './decompression/bzip2.ts'
import { gunzip, unxz } from './decompression/library.ts'
import { findProgram, throughProgram } from './decompression/program.ts'
import { untar } from './decompression/tar.ts'
import { unzip } from './decompression/zip.ts'
import { unzstd } from './decompression/zstd.ts'

type Source = AsyncIterable<Uint8Array>

interface Decoder {
  /** Faster than the library where they are installed, best first. */
  readonly programs: readonly { readonly name: string; readonly args: readonly string[] }[]
  readonly library: (source: Source) => Source
}

type Packer = Exclude<Compression, 'tar' | `tar.${string}`>

const decoders: Readonly<Record<Packer, Decoder>> = {
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

interface DecompressOptions {
  /** Of the image: it says which member of an archive is meant. Default: `qcow2`. */
  readonly format?: ImageFormat | undefined
  /** `never`: only the libraries. */
  readonly programs?: 'auto' | 'never' | undefined
}

/**
 * The decompressed bytes of a source, which is read to its end; of a tar archive, those of the one disk
 * image in it. Input that is damaged or cut short, and a program that fails or ends early, are errors; what
 * was yielded before is not to be used then.
 * @throws UpdaterError DECOMPRESSION_FAILED, and whatever the source throws
 */
export function decompress(
  compression: Compression,
  source: Source,
  options: DecompressOptions = {},
): Source {
  const [packer, archive] = layersOf(compression)
  const unpacked = packer === undefined ? source : unpack(packer, source, options)
  return archive ? closing(unpacked, (archived) => untar(archived, options.format ?? 'qcow2')) : unpacked
}

/** A decoder that ends early leaves its source as it is; closing it ends what it holds: a program, a connection. */
async function* closing(source: Source, decode: (source: Source) => Source): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    yield* decode({ [Symbol.asyncIterator]: () => iterator })
  } finally {
    // Not awaited: a source that waits for its next chunk closes no earlier.
    Promise.resolve(iterator.return?.()).catch(() => {})
  }
}

function layersOf(compression: Compression): [packer: Packer | undefined, isArchive: boolean] {
  switch (compression) {
    case 'tar':
      return [undefined, true]
    case 'tar.gz':
      return ['gz', true]
    case 'tar.xz':
      return ['xz', true]
    case 'tar.bz2':
      return ['bz2', true]
    case 'tar.zst':
      return ['zst', true]
    default:
      return [compression, false]
  }
}

function unpack(packer: Packer, source: Source, { programs = 'auto' }: DecompressOptions): Source {
  const decoder = decoders[packer]
  const program = programs === 'auto' ? findProgram(decoder.programs) : undefined
  return program === undefined ? closing(source, decoder.library) : throughProgram(program, source)
}
