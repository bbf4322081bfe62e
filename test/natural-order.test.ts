import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareFileNames, compareNatural } from '../src/natural-order.ts'

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
    ['14.3-BETA2', '14.3-RC1'],
    ['14.3-RC1', '14.3-RELEASE'],
    ['24.10.6', '25.12.0-rc5'],
    ['25.12.0-rc5', '25.12.0-rc10'],
    ['25.12.0-rc5', '25.12.0'],
    ['v1.2.3-alpha.2', 'v1.2.3-beta.1'],
    ['v1.2.3-beta.1', 'v1.2.3'],
    ['3.20.0_rc1', '3.20.0'],
    ['3.20.0', '3.20.0_r1'],
    ['2.0~rc1', '2.0'],
    ['2.0~1', '2.0-rc1'],
    ['15.0beta3', '15.0'],
    ['2.0-rc1', '2.0.1'],
    ['2.0.1-rc1', '2.0.1'],
    ['x-2.0-rc1-amd64', 'x-2.0-amd64'],
    ['x-2.0-generic-rc1', 'x-2.0-generic'],
    ['26.7.r1', '26.7'],
    ['26.1.6', '26.7.r1'],
    ['2.0-rcu', '2.0-rcu1'],
  ])('%s before %s', (a, b) => {
    expect(compareNatural(a, b)).toBeLessThan(0)
    expect(compareNatural(b, a)).toBeGreaterThan(0)
  })

  it.each([
    ['x-20260714.qcow2', 'x-20260714.1.qcow2'],
    ['x-20260714.x86_64.qcow2', 'x-20260714.1.x86_64.qcow2'],
    ['2211.qcow2', '2211.qcow2.xz'],
    ['generic_alpine-3.23.5-x86_64-uefi-cloudinit-r0', 'alpine-3.23.6-x86_64-cloudinit-r0'],
    ['v1.9', '1.10'],
    ['x-3.20.0_rc1.img', 'x-3.20.0.img'],
    ['x-26.7.r1.img', 'x-26.7.img'],
    ['latest', '20260714'],
  ])('as file names, %s before %s', (a, b) => {
    expect(compareFileNames(a, b)).toBeLessThan(0)
    expect(compareFileNames(b, a)).toBeGreaterThan(0)
  })

  it('is a total order', () => {
    const name = fc.stringMatching(/^([0-2a.~-]|rc|beta){0,6}$/)
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
