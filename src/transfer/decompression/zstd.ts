import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { anotherFile, ByteReader, decompressionFailed, notUnpacked } from './byte-reader.ts'
import { through } from './library.ts'

type Source = AsyncIterable<Uint8Array>

const frameMagic = 0xfd2fb528
/** The last four bits are the writer's own. */
const skippableMagic = 0x184d2a50
/** As much as `zstd -d` allows without being told to. */
const largestWindow = 128 * 2 ** 20
const largestBlock = 128 * 2 ** 10

/**
 * Zstandard data (RFC 8878, section 3.1), cut into its frames; each is decoded by itself and has to end with exactly
 * its bytes. Node's own decoder does not do that: it takes the first of several frames for all of the data, and a frame
 * that is cut short for a whole one. Dictionaries, and windows that need too much memory, are refused.
 */
export async function* unzstd(source: Source): AsyncGenerator<Uint8Array> {
  for await (const frame of framesOf(new ByteReader(source))) {
    if (frame.header === undefined) for await (const _ of frame.parts);
    else yield* decode(frame.header, frame.parts)
  }
}

/**
 * The bytes as they are, for a program that would take more than this: `zstd` unpacks gzip, xz, lzma and lz4 as well.
 */
export async function* onlyZstd(source: Source): AsyncGenerator<Uint8Array> {
  for await (const { parts } of framesOf(new ByteReader(source))) yield* parts
}

/** A frame, all of whose parts have to be read before the next one. */
interface Frame {
  /** Absent: it holds no data. */
  readonly header: FrameHeader | undefined
  readonly parts: Source
}

async function* framesOf(reader: ByteReader): AsyncGenerator<Frame> {
  do {
    const magic = await reader.read(4, 'a header')
    const number = magic.readUInt32LE(0)
    if (number === frameMagic) {
      const header = await readFrameHeader(reader)
      yield { header, parts: partsOf(magic, header, reader) }
    } else if ((number & 0xfffffff0) === skippableMagic) {
      yield { header: undefined, parts: skippable(magic, reader) }
    } else throw decompressionFailed('it is not Zstandard data, or other bytes follow a frame')
  } while (!(await reader.isAtEnd()))
}

async function* skippable(magic: Uint8Array, reader: ByteReader): AsyncGenerator<Uint8Array> {
  const length = await reader.read(4, 'a header')
  yield Buffer.concat([magic, length])
  yield* reader.take(length.readUInt32LE(0), 'a frame')
}

async function* decode(header: FrameHeader, parts: Source): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of createZstdDecompress === undefined ? byFzstd(header, parts) : byNode(parts)) {
    size += chunk.length
    yield chunk
  }
  if (size !== (header.contentSize ?? size)) {
    throw decompressionFailed(`a frame holds ${size} bytes, where its header says ${header.contentSize}`)
  }
}

/** Node has it from 22.15 on. */
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: zlib.ZlibOptions) => Transform & { readonly bytesWritten: number }
}

/** Bytes behind the end that the decoder sees are not an error to it. */
async function* byNode(parts: Source): AsyncGenerator<Uint8Array> {
  const decoder = createZstdDecompress?.({ chunkSize: 1 << 16 })
  if (decoder === undefined) return
  let length = 0
  const counted = async function* () {
    for await (const part of parts) {
      length += part.length
      yield part
    }
  }
  yield* through(decoder, counted())
  if (decoder.bytesWritten !== length) throw decompressionFailed('a frame ends before its last block')
}

/**
 * fzstd hands out all that a part expands to at once; a block never expands to more than 128 KiB. It looks at no
 * checksum, which is the last part of a frame: the lower half of XXH64.
 */
async function* byFzstd({ hasChecksum }: FrameHeader, parts: Source): AsyncGenerator<Uint8Array> {
  const [{ Decompress }, { default: xxhash }] = await Promise.all([import('fzstd'), import('xxhash-wasm')])
  const hash = (await xxhash()).create64()
  const output: Uint8Array[] = []
  const decoder = new Decompress((chunk) => {
    hash.update(chunk)
    output.push(chunk)
  })
  let last: Uint8Array = new Uint8Array(4)
  for await (const part of parts) {
    last = part
    decoder.push(part)
    yield* output.splice(0)
  }
  decoder.push(new Uint8Array(0), true)
  yield* output.splice(0)
  const found = Number(hash.digest() & 0xffffffffn)
  if (hasChecksum && Buffer.from(last).readUInt32LE(0) !== found) {
    throw decompressionFailed('the checksum in a frame is not that of its content')
  }
}

/** The bytes of a frame: the header, each block, the checksum. */
async function* partsOf(
  magic: Uint8Array,
  { bytes, hasChecksum }: FrameHeader,
  reader: ByteReader,
): AsyncGenerator<Uint8Array> {
  yield Buffer.concat([magic, bytes])
  for (let isLast = false; !isLast; ) {
    const head = await reader.read(3, 'a block')
    const block = head.readUIntLE(0, 3)
    isLast = (block & 1) === 1
    const isRepeated = ((block >> 1) & 3) === 1
    const size = block >> 3
    if (size > largestBlock) throw decompressionFailed('a block is larger than it may be')
    const content = await reader.read(isRepeated ? 1 : size, 'a block')
    yield Buffer.concat([head, content])
  }
  if (hasChecksum) yield await reader.read(4, 'a checksum')
}

interface FrameHeader {
  /** What follows the magic number. */
  readonly bytes: Uint8Array
  readonly hasChecksum: boolean
  /** Of the bytes that the frame expands to, where it says so. */
  readonly contentSize: number | undefined
}

/** Refuses a frame that asks for too much memory before a decoder allocates it. */
async function readFrameHeader(reader: ByteReader): Promise<FrameHeader> {
  const descriptor = await reader.read(1, 'a header')
  const flags = descriptor.readUInt8(0)
  if ((flags & 3) !== 0) throw notUnpacked('it needs a dictionary', anotherFile)
  const windowLength = (flags & 0x20) !== 0 ? 0 : 1
  const sizeLength = [1 - windowLength, 2, 4, 8][flags >> 6] as number
  const rest = await reader.read(windowLength + sizeLength, 'a header')
  const contentSize = sizeLength === 0 ? undefined : readContentSize(rest.subarray(windowLength))
  const window = windowLength === 0 ? (contentSize ?? 0) : windowSize(rest.readUInt8(0))
  if (window > largestWindow)
    throw notUnpacked(`it needs ${window} bytes of memory, more than ${largestWindow}`, anotherFile)
  return { bytes: Buffer.concat([descriptor, rest]), hasChecksum: (flags & 4) !== 0, contentSize }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function readContentSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE(0))
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0)
}
