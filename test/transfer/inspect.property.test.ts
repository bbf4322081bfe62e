import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageFormat } from '../../src/image.ts'
import { makeIso, makeQcow2, makeRaw, makeVdi, makeVhd, makeVmdk } from '../support/images.ts'
import { verdict } from './inspection.ts'

const formats: readonly ImageFormat[] = ['aki', 'ari', 'ami', 'raw', 'iso', 'vhd', 'vdi', 'qcow2', 'vmdk']
const anyFormat = fc.constantFrom(...formats)

const images: readonly [ImageFormat, Uint8Array][] = [
  ['qcow2', makeQcow2()],
  ['qcow2', makeQcow2({ backingFile: 'base' })],
  ['qcow2', makeQcow2().slice(0, 5000)],
  ['vmdk', makeVmdk()],
  ['vmdk', makeVmdk({ footer: true })],
  ['vhd', makeVhd()],
  ['vhd', makeVhd({ type: 'fixed', virtualSize: 4096 })],
  ['vdi', makeVdi()],
  ['iso', makeIso()],
  ['raw', makeRaw({ size: 8192 })],
  ['raw', makeVhd({ type: 'fixed', virtualSize: 4096 })],
]

describe('for any image', () => {
  it('the chunking does not matter', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...images),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        ([format, image], chunkLengths) => {
          expect(verdict(format, image, {}, chunkLengths)).toEqual(verdict(format, image, {}, [image.length]))
        },
      ),
      { seed: 1, numRuns: 300 },
    )
  })

  it('the chunking does not matter around the end of what is kept', () => {
    const image = makeQcow2({ size: (2 << 20) + 4096 })
    const expected = verdict('qcow2', image, {}, [image.length])
    expect(expected).toEqual({ virtualSize: 2 ** 30, warnings: [] })
    for (const first of [1, (2 << 20) - 1, 2 << 20, (2 << 20) + 1]) {
      expect(verdict('qcow2', image, {}, [first, 1, image.length])).toEqual(expected)
    }
  })

  it('any bytes are judged, with no other error than ours', () => {
    fc.assert(
      fc.property(anyFormat, fc.uint8Array({ maxLength: 4096 }), (format, bytes) => {
        const found = verdict(format, bytes)
        if (typeof found === 'string') expect(found).toMatch(/^IMAGE_(?:FORMAT|UNSAFE|TOO_LARGE): /)
        else expect(found.warnings).toBeInstanceOf(Array)
      }),
      { seed: 2, numRuns: 1000 },
    )
  })

  it('damaged headers are judged, with no other error than ours', () => {
    const damage = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 1599 }), fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xff)),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...images),
        damage,
        fc.nat({ max: 12000 }),
        ([format, image], bytes, cut) => {
          const damaged = image.slice(0, Math.max(1, image.length - cut))
          for (const [at, value] of bytes) damaged[at % damaged.length] = value
          const found = verdict(format, damaged)
          if (typeof found === 'string') expect(found).toMatch(/^IMAGE_(?:FORMAT|UNSAFE|TOO_LARGE): /)
          else expect(Number.isSafeInteger(found.virtualSize)).toBe(true)
        },
      ),
      { seed: 3, numRuns: 1500 },
    )
  })
})
