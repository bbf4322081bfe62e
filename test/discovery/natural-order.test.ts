import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareFileNames, compareNatural } from '../../src/discovery/natural-order.ts'

describe('natural order', () => {
  it.each([
    ['20260101-999', '20260101-1000'],
    ['20260101.9', '20260101.10'],
    ['x-9.8', 'x-9.10'],
    ['20260714', '20260714.1'],
    ['a007', 'a8'],
    [`x${'9'.repeat(400)}`, `x1${'0'.repeat(400)}`],
    ['9007199254740992', '9007199254740993'],
    ['', '0'],
    ['9', 'a'],
  ])('%s before %s', (a, b) => {
    expect(compareNatural(a, b)).toBeLessThan(0)
    expect(compareNatural(b, a)).toBeGreaterThan(0)
  })

  it.each([
    ['x-20260714.qcow2', 'x-20260714.1.qcow2'],
    ['x-20260714.x86_64.qcow2', 'x-20260714.1.x86_64.qcow2'],
    ['2211.qcow2', '2211.qcow2.xz'],
  ])('as file names, %s before %s', (a, b) => {
    expect(compareFileNames(a, b)).toBeLessThan(0)
    expect(compareFileNames(b, a)).toBeGreaterThan(0)
  })

  it('is a total order', () => {
    const name = fc.stringMatching(/^[0-2a.-]{0,6}$/)
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        for (const compare of [compareNatural, compareFileNames]) {
          expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0)
          expect(compare(a, b) === 0).toBe(a === b)
          if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0)
        }
      }),
      { seed: 1, numRuns: 3000 },
    )
  })
})
