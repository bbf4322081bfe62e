import { describe, expect, it } from 'vitest'
import { kindOfWarning, tellOnce } from '../../src/report/repeated.ts'
import { createPaint } from '../../src/report/terminal.ts'
import { formatUpdateText } from '../../src/report/update.ts'
import { outcome, reportOf } from '../cli/support.ts'

const unsigned = (path: string) => `https://mirror.example/${path} has no signature here`

describe('repeated warnings', () => {
  it.each([
    [unsigned('a/SHA256SUMS'), unsigned('b/CHECKSUM'), true],
    [unsigned('a'), 'https://other.example/a has no signature here', false],
    [
      'Nothing but MD5 of http://a.example/x.img: beware',
      'Nothing but MD5 of http://a.example/y.img: beware',
      true,
    ],
    ['(https://a.example/x)', '(https://a.example/y)', true],
    ['The disk is 3 GiB', 'The disk is 4 GiB', false],
  ])('%s and %s are of one kind: %s', (one, other, isSame) => {
    expect(kindOfWarning(one) === kindOfWarning(other)).toBe(isSame)
  })

  it('are told of the first image, with the number of the others', () => {
    const images = Array.from({ length: 11 }, (_, index) => ({
      name: `i${index}`,
      warnings: [unsigned(`${index}`), ...(index === 4 ? ['another'] : [])],
    }))
    expect(tellOnce(images).map(({ warnings }) => warnings)).toEqual([
      [`${unsigned('0')} (the same of 10 more: i1, i2, i3, i4, i5, i6, i7, i8 and 2 more)`],
      ...[[], [], [], ['another'], [], [], [], [], [], []],
    ])
  })

  it('of one image alone are told as they are', () => {
    for (const warnings of [[unsigned('1')], [unsigned('1'), unsigned('2')]]) {
      expect(tellOnce([{ name: 'a', warnings }])).toEqual([{ name: 'a', warnings: [unsigned('1')] }])
    }
  })

  it('take no row of the summary', () => {
    const images = ['a', 'b', 'c'].map((name) =>
      outcome({ name, shortname: name, warnings: [unsigned(name)] }),
    )
    expect(formatUpdateText(reportOf(images), { paint: createPaint(false) })).toBe(
      `Image  Version  Size  Status
a      -           -  up to date
  Warning: ${unsigned('a')} (the same of 2 more: b, c)

3 checked, 0 updated, 3 up to date, 0 skipped, 0 failed in 12 s
`,
    )
  })
})
