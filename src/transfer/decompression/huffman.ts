import type { BitReader } from './bit-reader.ts'

/** Reads one symbol; `undefined` for bits that stand for none. */
export type HuffmanCode = (bits: BitReader) => number | undefined

/** Bits of bzip2's longest codes. */
export const longestCode = 20

/** The canonical code: shorter codes first, those of one length in the order of their symbols. */
export function createHuffmanCode(lengths: Uint8Array): HuffmanCode {
  const sorted: number[] = []
  /** By length: one more than the last code, and the place of the first code's symbol less that code. */
  const limits = new Int32Array(longestCode + 1)
  const offsets = new Int32Array(longestCode + 1)
  let code = 0
  for (let length = 1; length <= longestCode; length++) {
    code *= 2
    offsets[length] = sorted.length - code
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue
      sorted.push(symbol)
      code += 1
    }
    limits[length] = code
  }
  const shortest = Math.min(...lengths)
  return (bits) => {
    let value = bits.read(shortest)
    for (let length = shortest; ; length++) {
      if (value < (limits[length] as number)) return sorted[value + (offsets[length] as number)]
      if (length === longestCode) return undefined
      value = (value << 1) | bits.read(1)
    }
  }
}
