import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { matchesGlob, selectImages } from '../../src/catalog/select.ts'

const files = [
  parseCatalog(
    'dir/ubuntu.yml',
    'images: [{name: Ubuntu 24.04, shortname: ubuntu-24.04}, {name: Ubuntu 22.04, shortname: ubuntu-22.04}]',
  ),
  parseCatalog('dir/debian.yaml', 'images: [{name: Debian 12, shortname: debian-12}, {name: Odd *}]'),
]
const select = (...names: string[]) => selectImages(files, names).map(({ name }) => name)

describe('selectImages', () => {
  it.each([
    [[], ['Ubuntu 24.04', 'Ubuntu 22.04', 'Debian 12', 'Odd *']],
    [['Debian 12'], ['Debian 12']],
    [['ubuntu-22.04'], ['Ubuntu 22.04']],
    [['ubuntu'], ['Ubuntu 24.04', 'Ubuntu 22.04']],
    [['debian.yaml'], ['Debian 12', 'Odd *']],
    [['ubuntu-2?.04'], ['Ubuntu 24.04', 'Ubuntu 22.04']],
    [
      ['debian-*', '*24*'],
      ['Ubuntu 24.04', 'Debian 12'],
    ],
    [['Odd *'], ['Odd *']],
  ])('%j selects %j', (names, expected) => {
    expect(select(...names)).toEqual(expected)
  })

  it.each([
    ['ubuntu-24.4', 'Close to that: "ubuntu-24.04"'],
    ['UBUNTU-24.04', 'Close to that: "ubuntu-24.04"'],
    ['arch', 'Give the name, shortname or file of an image; * and ? are wildcards'],
  ])('says what is close to %s', (name, remedy) => {
    expect(() => select('debian-12', name)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: `No image is selected by "${name}"`,
        remedy: expect.stringContaining(remedy),
      }),
    )
  })
})

describe('matchesGlob', () => {
  it('agrees with the regular expression that means the same', () => {
    const unit = fc.constantFrom('a', 'b', '.', '*', '?')
    const pattern = fc.string({ unit, maxLength: 8 })
    fc.assert(
      fc.property(pattern, fc.string({ unit, maxLength: 8 }), (glob, text) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
        expect(matchesGlob(glob, text)).toBe(new RegExp(`^${source}$`).test(text))
      }),
      { seed: 2, numRuns: 3000 },
    )
  })

  it('does not backtrack without bounds', () => {
    expect(matchesGlob(`${'*a'.repeat(50)}b`, 'a'.repeat(5000))).toBe(false)
  })
})
