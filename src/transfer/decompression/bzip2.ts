import { type BitReader, createBitReader } from './bit-reader.ts'
import { decompressionFailed } from './failure.ts'
import { createHuffmanCode, type HuffmanCode, longestCode } from './huffman.ts'

/** What a block needs at most: 900,000 codes of 20 bits and its tables. */
const largestBlock = 2.5 * 2 ** 20
const outputSize = 2 ** 20

const blockMagic = 0x314159265359
const endMagic = 0x177245385090

/**
 * bzip2 data, block by block; streams that follow each other are one file. No more than one block is ever
 * in memory, whatever it expands to, so that a consumer can stop a bomb. All checksums are checked.
 * Layout: "BZIP2: Format Specification" (J. Tsai, 2016); names as there.
 */
export async function* unbzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bits = createBitReader(source)
  do {
    await bits.fill(largestBlock)
    if (bits.read(24) !== 0x425a68) throw decompressionFailed('it is not bzip2 data')
    const level = bits.read(8) - 0x30
    if (level < 1 || level > 9) throw decompressionFailed('its header is wrong')
    const links = new Uint32Array(level * 100_000)
    let combined = 0
    for (let magic = bits.readLong(48); magic !== endMagic; magic = bits.readLong(48)) {
      if (magic !== blockMagic) throw decompressionFailed('a block begins with other bytes than it must')
      const announced = bits.readLong(32)
      const found = yield* expand(links, readBlock(bits, links))
      if (found !== announced) throw decompressionFailed('the checksum of a block is wrong')
      combined = (((combined << 1) | (combined >>> 31)) ^ found) >>> 0
      await bits.fill(largestBlock)
    }
    if (bits.readLong(32) !== combined) throw decompressionFailed('its checksum is wrong')
    bits.align()
  } while (!(await bits.isAtEnd()))
}

interface Block {
  /** Bytes before the last run-length decoding. */
  readonly count: number
  /** Where the first byte's link is. */
  readonly start: number
}

/** Fills `links` with a block's bytes, each with the place of the one that follows it above its 8 bits. */
function readBlock(bits: BitReader, links: Uint32Array): Block {
  if (bits.read(1) === 1) throw decompressionFailed('a block is of the obsolete, randomised kind')
  const start = bits.read(24)
  const symbols = readSymbolMap(bits)
  const { selectors, codes } = readCodes(bits, symbols.length + 2)
  const frequencies = new Uint32Array(256)
  const count = readSymbols(bits, { symbols, selectors, codes }, links, frequencies)
  if (start >= count) throw decompressionFailed('a block begins outside of itself')
  let sum = 0
  const next = frequencies.map((frequency) => {
    sum += frequency
    return sum - frequency
  })
  for (let at = 0; at < count; at++) {
    const byte = (links[at] as number) & 0xff
    const place = next[byte] as number
    next[byte] = place + 1
    links[place] = (links[place] as number) | (at << 8)
  }
  return { count, start }
}

/** The bytes that a block holds at all. */
function readSymbolMap(bits: BitReader): Uint8Array {
  const rows = bits.read(16)
  const symbols: number[] = []
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >> row)) === 0) continue
    const used = bits.read(16)
    for (let column = 0; column < 16; column++) {
      if ((used & (0x8000 >> column)) !== 0) symbols.push(row * 16 + column)
    }
  }
  if (symbols.length === 0) throw decompressionFailed('a block uses no bytes')
  return Uint8Array.from(symbols)
}

/** The block's Huffman codes, and which of them serves each group of 50 symbols. */
function readCodes(bits: BitReader, alphabet: number): { selectors: Uint8Array; codes: HuffmanCode[] } {
  const codeCount = bits.read(3)
  const selectorCount = bits.read(15)
  if (codeCount < 2 || codeCount > 6 || selectorCount === 0)
    throw decompressionFailed('a block has impossible tables')
  const recent = Array.from({ length: codeCount }, (_, index) => index)
  const selectors = new Uint8Array(selectorCount)
  for (let at = 0; at < selectorCount; at++) {
    let rank = 0
    while (bits.read(1) === 1) rank += 1
    const [chosen] = recent.splice(rank, 1)
    if (chosen === undefined) throw decompressionFailed('a block has impossible tables')
    recent.unshift(chosen)
    selectors[at] = chosen
  }
  const codes = Array.from({ length: codeCount }, () => createHuffmanCode(readLengths(bits, alphabet)))
  return { selectors, codes }
}

function readLengths(bits: BitReader, alphabet: number): Uint8Array {
  let length = bits.read(5)
  return new Uint8Array(alphabet).map(() => {
    while (bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1
    if (length < 1 || length > longestCode) throw decompressionFailed('a block has impossible tables')
    return length
  })
}

interface Tables {
  readonly symbols: Uint8Array
  readonly selectors: Uint8Array
  readonly codes: readonly HuffmanCode[]
}

/** Undoes Huffman's code, runs and move-to-front. Returns how many bytes came out. */
function readSymbols(
  bits: BitReader,
  { symbols, selectors, codes }: Tables,
  bytes: Uint32Array,
  frequencies: Uint32Array,
): number {
  const recent = Uint8Array.from(symbols)
  const endOfBlock = symbols.length + 1
  let count = 0
  let run = 0
  let weight = 1
  const put = (byte: number, times: number) => {
    if (times > bytes.length - count) throw decompressionFailed('a block is longer than announced')
    bytes.fill(byte, count, count + times)
    frequencies[byte] = (frequencies[byte] as number) + times
    count += times
  }
  for (const selector of selectors) {
    const code = codes[selector] as HuffmanCode
    for (let left = 50; left > 0; left--) {
      const symbol = code(bits)
      if (symbol === undefined) throw decompressionFailed('a block holds a code that does not exist')
      if (symbol < 2) {
        run += weight << symbol
        weight *= 2
        if (run > bytes.length) throw decompressionFailed('a block is longer than announced')
        continue
      }
      if (run > 0) put(recent[0] as number, run)
      run = 0
      weight = 1
      if (symbol === endOfBlock) return count
      const rank = symbol - 1
      const byte = recent[rank] as number
      recent.copyWithin(1, 0, rank)
      recent[0] = byte
      put(byte, 1)
    }
  }
  throw decompressionFailed('a block has no end')
}

/** Follows the links and undoes the first run-length encoding. Returns the CRC-32 of what it yielded. */
function* expand(links: Uint32Array, { count, start }: Block): Generator<Uint8Array, number> {
  let output = Buffer.allocUnsafe(outputSize)
  let filled = 0
  let crc = 0xffffffff
  let link = (links[start] as number) >>> 8
  let last = -1
  let same = 0
  for (let left = count; left > 0; left--) {
    const entry = links[link] as number
    link = entry >>> 8
    const byte = entry & 0xff
    const isLength = same === 4
    if (!isLength) same = byte === last ? same + 1 : 1
    else same = 0
    if (!isLength) last = byte
    for (let copies = isLength ? byte : 1; copies > 0; copies--) {
      output[filled++] = last
      crc = ((crc << 8) ^ (crcTable[((crc >>> 24) ^ last) & 0xff] as number)) >>> 0
    }
    if (filled > outputSize - 256) {
      yield output.subarray(0, filled)
      output = Buffer.allocUnsafe(outputSize)
      filled = 0
    }
  }
  if (filled > 0) yield output.subarray(0, filled)
  return (crc ^ 0xffffffff) >>> 0
}

/** CRC-32 from the highest bit on, which zlib's is not. */
const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0)
  return value >>> 0
})
