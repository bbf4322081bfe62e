import { describe, expect, it } from 'vitest'
import { type KeepVersions, overrideOf, versionsToKeep } from '../../src/update/overrides.ts'
import { anImage } from './image.ts'

describe('an override', () => {
  const overrides = [
    { names: ['debian*'] },
    { names: ['Debian 12', 'ubuntu*'], signatures: 'require' },
    { names: ['*'], signatures: 'off' },
  ] as const

  it.each([
    ['Debian 12', 'debian-12', 'require'],
    ['Debian 13', 'debian-13', 'off'],
    ['Noble', 'ubuntu-24.04', 'require'],
  ] as const)('of %s is the first that says something', (name, shortname, policy) => {
    expect(overrideOf(overrides, anImage({ name, shortname }), 'signatures')).toBe(policy)
  })

  it('is none where no name matches', () => {
    expect(overrideOf([overrides[1]], anImage({ name: 'Rocky 9' }), 'signatures')).toBeUndefined()
  })
})

const image = anImage({ name: 'Debian 12', shortname: 'debian-12', lastVersions: 3 })

describe('versionsToKeep', () => {
  it.each<[KeepVersions, number | undefined]>([
    ['replace', undefined],
    [5, 5],
    ['uuid-validity', 3],
  ])('is with %s %s', (keepVersions, expected) => {
    expect(versionsToKeep(image, { keepVersions, overrides: [] })).toBe(expected)
  })

  it('replaces the version of an image without last-N', () => {
    const settings = { keepVersions: 'uuid-validity', overrides: [] } as const
    expect(versionsToKeep({ ...image, lastVersions: undefined }, settings)).toBeUndefined()
  })

  it('asks the first override that names the image and says something', () => {
    const overrides = [
      { names: ['ubuntu*'], keepVersions: 9 },
      { names: ['Debian ??'] },
      { names: ['other', 'debian-*'], keepVersions: 2 },
      { names: ['*'], keepVersions: 'replace' },
    ] as const
    expect(versionsToKeep(image, { keepVersions: 5, overrides })).toBe(2)
    expect(versionsToKeep({ ...image, name: 'Rocky', shortname: 'r' }, { keepVersions: 5, overrides })).toBe(
      undefined,
    )
  })
})
