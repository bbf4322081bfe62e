import { decompressionFailed } from './byte-reader.ts'

type Source = AsyncIterable<Uint8Array>

/** The 48 bits that end a stream, before its CRC-32; they begin at any bit. */
const endMark = 0x177245385090n
const markBits = 48n
const crcBits = 32
const header = [...Buffer.from('BZh')]

/** By the last 16 bits that were read: whether the mark may end in the last byte. */
const mayEnd = new Uint8Array(2 ** 16)
for (let shift = 0; shift < 8; shift += 1) {
  const known = Number(endMark & BigInt(0xffff >> shift)) << shift
  for (let rest = 0; rest < 2 ** shift; rest += 1) mayEnd[known | rest] = 1
}

/**
 * The bytes as they are, if nothing but streams of bzip2 is in them, one behind the other: `lbzip2` and `bzip2` pass over
 * what follows the last one, each in its own way. The programs look at the streams themselves. (By chance the mark stands
 * in the data of one in 30,000 GiB.)
 */
export async function* onlyBzip2(source: Source): AsyncGenerator<Uint8Array> {
  let read = 0
  /** Where the last stream ends, in bytes. */
  let end = 0
  let high = 0
  let low = 0
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      const ahead = read - end
      if (end > 0 && ahead >= 0 && ahead < header.length && byte !== header[ahead]) throw otherBytes()
      high = ((high << 8) | (low >>> 24)) & 0xffffff
      low = ((low << 8) | byte) >>> 0
      read += 1
      if (mayEnd[low & 0xffff] === 1) end = endOfMark(high, low, read) ?? end
    }
    yield chunk
  }
  if (read > 0 && end !== read) throw otherBytes()
}

/** Returns where a stream ends whose mark ends in the last of the bytes that were read. */
function endOfMark(high: number, low: number, read: number): number | undefined {
  const window = (BigInt(high) << 32n) | BigInt(low)
  for (let shift = 0; shift < 8; shift += 1) {
    if (((window >> BigInt(shift)) & ((1n << markBits) - 1n)) !== endMark) continue
    return Math.ceil((read * 8 - shift + crcBits) / 8)
  }
  return undefined
}

function otherBytes() {
  return decompressionFailed('it is cut short, or other bytes follow a stream of bzip2')
}
