import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatRate,
  formatRemaining,
  formatShare,
} from '../../src/report/quantities.ts'
import { displayWidth, pad, truncate, wrap } from '../../src/report/terminal.ts'

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1048575, '1.0 MiB'],
    [621700000, '592.9 MiB'],
    [2 ** 60, '1024.0 PiB'],
  ])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1:00 min'],
    [185, '3:05 min'],
    [3729, '1:02:09 h'],
  ])('%f seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

  it.each([
    [0.4, '0 s'],
    [99.4, '99 s'],
    [99.5, '2 min'],
    [5969, '99 min'],
    [5970, '2 h'],
  ])('%f seconds that are left are about %s', (seconds, text) => expect(formatRemaining(seconds)).toBe(text))

  it.each([
    [0, 512, false, '0 of 512 B'],
    [860_000_000, 2_254_857_830, false, '0.8 of 2.1 GiB'],
    [1024, 2048, true, '1.0 of at least 2.0 KiB'],
  ])('%i of %i bytes are a share in one unit', (part, whole, isLeast, text) =>
    expect(formatShare(part, whole, isLeast)).toBe(text),
  )

  it('are shown as rates and clocks', () => {
    expect(formatRate(2048)).toBe('2.0 KiB/s')
    expect(formatClock(7)).toBe('0:07')
  })
})

describe('terminal columns', () => {
  it.each([
    ['plain', 5],
    ['全角', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['ü', 1],
    ['한국', 4],
    ['\u200b', 0],
  ])('%s takes %i', (text, width) => expect(displayWidth(text)).toBe(width))

  it('are never exceeded by a truncated text, and always filled by a padded one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 30 }), (text, columns) => {
        expect(displayWidth(truncate(text, columns))).toBeLessThanOrEqual(columns)
        expect(displayWidth(pad(truncate(text, columns), columns))).toBe(columns)
      }),
      { seed: 7, numRuns: 500 },
    )
  })

  it('mark what was cut off', () => {
    expect(truncate('almalinux-9', 11)).toBe('almalinux-9')
    expect(truncate('almalinux-9', 6)).toBe('almal~')
    expect(truncate('全角全角', 4)).toBe('全~')
  })

  it('are where lines break', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrap('averylongword b', 5)).toEqual(['averylongword', 'b'])
    expect(wrap('an averylongword b', 5)).toEqual(['an averylongword', 'b'])
    expect(wrap('\u001b[32mone two\u001b[0m', 7)).toEqual(['\u001b[32mone two\u001b[0m'])
  })
})
