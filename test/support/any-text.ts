import fc from 'fast-check'

/** Any character of Unicode. */
const character = fc.integer({ min: 0, max: 0x10ffff - 0x800 }).map(
  (number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800),
  (text) => {
    const point = typeof text === 'string' ? (text.codePointAt(0) ?? 0) : -1
    const isOne = point >= 0 && text === String.fromCodePoint(point) && !(point >= 0xd800 && point < 0xe000)
    if (!isOne) throw new Error('not one character')
    return point < 0xd800 ? point : point - 0x800
  },
)

/** Any text. fast-check's own unit `binary` takes a second to begin with, in which it looks at all of Unicode. */
export function anyText(constraints: Omit<fc.StringConstraints, 'unit'> = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: character })
}
