import fc from 'fast-check'

/** Changes of a file's bytes, made one after the other. Positions count modulo the length. */
export type Damage =
  | { readonly at: number; readonly write: readonly number[] }
  | { readonly cut: number }
  | { readonly drop: number; readonly length: number }
  | { readonly repeat: number; readonly length: number; readonly times: number }
  | { readonly append: readonly number[] }

const byte = fc.oneof(fc.constantFrom(0, 1, 2, 4, 0x7f, 0x80, 0xff), fc.nat(255))
const position = fc.oneof(fc.nat(64), fc.nat(600), fc.nat(2 ** 20))

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ at: position, write: fc.array(byte, { minLength: 1, maxLength: 4 }) }),
  },
  fc.record({ cut: position }),
  fc.record({ drop: position, length: fc.integer({ min: 1, max: 600 }) }),
  fc.record({
    repeat: position,
    length: fc.integer({ min: 1, max: 600 }),
    times: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ append: fc.array(byte, { minLength: 1, maxLength: 20 }) }),
)

export function damaged(bytes: Uint8Array, all: readonly Damage[]): Uint8Array {
  return all.reduce((now, one) => (now.length === 0 ? now : change(now, one)), bytes)
}

function change(bytes: Uint8Array, one: Damage): Uint8Array {
  const size = bytes.length
  if ('cut' in one) return bytes.slice(0, one.cut % size)
  if ('append' in one) return Buffer.concat([bytes, Uint8Array.from(one.append)])
  if ('write' in one) {
    const at = one.at % size
    return Buffer.concat([
      bytes.subarray(0, at),
      Uint8Array.from(one.write),
      bytes.subarray(at + one.write.length),
    ])
  }
  if ('drop' in one) {
    const at = one.drop % size
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.length)])
  }
  const at = one.repeat % size
  const piece = bytes.subarray(at, at + one.length)
  const pieces = Array.from({ length: one.times }, () => piece)
  return Buffer.concat([bytes.subarray(0, at), ...pieces, bytes.subarray(at)])
}
