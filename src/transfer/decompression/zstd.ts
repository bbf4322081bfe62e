import { type ByteReader, createByteReader } from './byte-reader.ts'
import { decompressionFailed } from './failure.ts'

const frameMagic = 0xfd2fb528
/** The last four bits are the writer's own. */
const skippableMagic = 0x184d2a50
/** As much as `zstd -d` allows without being told to. */
const largestWindow = 128 * 2 ** 20
const largestBlock = 128 * 2 ** 10

/**
 * Zstandard data by fzstd, which hands out all that a piece of input expands to at once: so it gets one
 * block after the other, and none expands to more than 128 KiB. Layout: RFC 8878, section 3.1. Checksums
 * and dictionaries are not fzstd's; the digest of the source stands for the former, the latter are refused.
 */
export async function* unzstdByBlocks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = createByteReader(source)
  do {
    const magic = await reader.read(4, 'a header')
    const number = magic.readUInt32LE(0)
    if (number === frameMagic) {
      yield* readFrame(magic, reader)
    } else if ((number & 0xfffffff0) === skippableMagic) {
      const length = (await reader.read(4, 'a header')).readUInt32LE(0)
      for await (const _ of reader.take(length));
    } else {
      throw decompressionFailed('it is not Zstandard data, or damaged')
    }
  } while (!(await reader.isAtEnd()))
}

async function* readFrame(magic: Uint8Array, reader: ByteReader): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd')
  const output: Uint8Array[] = []
  const decoder = new Decompress((chunk) => output.push(chunk))
  const { bytes, hasChecksum } = await readFrameHeader(reader)
  decoder.push(Buffer.concat([magic, bytes]))
  for (let isLast = false; !isLast; ) {
    const head = await reader.read(3, 'a block')
    const block = head.readUIntLE(0, 3)
    isLast = (block & 1) === 1
    const isRepeated = ((block >> 1) & 3) === 1
    const size = block >> 3
    if (size > largestBlock) throw decompressionFailed('a block is larger than it may be')
    const content = await reader.read(isRepeated ? 1 : size, 'a block')
    decoder.push(Buffer.concat([head, content]))
    yield* output.splice(0)
  }
  if (hasChecksum) decoder.push(await reader.read(4, 'a checksum'))
  decoder.push(new Uint8Array(0), true)
  yield* output.splice(0)
}

interface FrameHeader {
  /** What follows the magic number. */
  readonly bytes: Uint8Array
  readonly hasChecksum: boolean
}

/** Refuses a frame that asks for too much memory before fzstd allocates it. */
async function readFrameHeader(reader: ByteReader): Promise<FrameHeader> {
  const descriptor = await reader.read(1, 'a header')
  const flags = descriptor.readUInt8(0)
  const isSingleSegment = (flags & 0x20) !== 0
  if ((flags & 3) !== 0) throw decompressionFailed('it needs a dictionary')
  const sizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] as number
  const rest = await reader.read((isSingleSegment ? 0 : 1) + sizeLength, 'a header')
  const window = isSingleSegment ? contentSize(rest) : windowSize(rest.readUInt8(0))
  if (window > largestWindow) throw decompressionFailed(`it needs ${window} bytes of memory`)
  return { bytes: Buffer.concat([descriptor, rest]), hasChecksum: (flags & 4) !== 0 }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function contentSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE(0))
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0)
}
