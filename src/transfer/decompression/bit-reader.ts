import { decompressionFailed } from './failure.ts'

/** Reads bits, the highest of each byte first, out of what has been fetched of a stream of chunks. */
export interface BitReader {
  /** Fetches until at least `bytes` bytes can be read, or all that there are. */
  fill(bytes: number): Promise<void>
  /** At most 24 bits. @throws UpdaterError DECOMPRESSION_FAILED where what was fetched ends */
  read(count: number): number
  /** At most 48 bits. */
  readLong(count: number): number
  /** Goes on with the next whole byte. */
  align(): void
  /** Is there not a byte more? */
  isAtEnd(): Promise<boolean>
}

export function createBitReader(source: AsyncIterable<Uint8Array>): BitReader {
  const iterator = source[Symbol.asyncIterator]()
  let bytes: Uint8Array = new Uint8Array(0)
  let at = 0
  let hold = 0
  let held = 0

  async function fill(wanted: number): Promise<void> {
    let have = bytes.length - at
    if (have >= wanted) return
    const parts = [bytes.subarray(at)]
    while (have < 2 * wanted) {
      const step = await iterator.next()
      if (step.done) break
      parts.push(step.value)
      have += step.value.length
    }
    bytes = Buffer.concat(parts)
    at = 0
  }

  function read(count: number): number {
    while (held < count) {
      if (at === bytes.length) throw decompressionFailed('it ends too early')
      hold = (hold << 8) | (bytes[at++] as number)
      held += 8
    }
    held -= count
    return (hold >>> held) & ((1 << count) - 1)
  }

  return {
    fill,
    read,
    readLong: (count) => read(count - 24) * 2 ** 24 + read(24),
    align: () => {
      held -= held % 8
    },
    async isAtEnd() {
      if (held === 0) await fill(1)
      return held === 0 && at === bytes.length
    },
  }
}
