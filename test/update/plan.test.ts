import { describe, expect, it } from 'vitest'
import { listDefects } from '../../src/catalog/defects.ts'
import type { KeepVersions } from '../../src/discovery/options.ts'
import type { UpdaterError } from '../../src/errors.ts'
import { skipReason } from '../../src/run/run.ts'
import { refuseSharedObjects } from '../../src/update/catalogue.ts'
import { versionsToKeep } from '../../src/update/update-image.ts'
import { anImage } from './image.ts'

describe('skipReason', () => {
  it.each([
    [{}, false, undefined],
    [{ enable: false }, false, 'disabled'],
    [{ enable: false }, true, undefined],
    [{ latestUrl: undefined }, true, 'no-latest-url'],
    [{ latestUrl: undefined, enable: false }, false, 'no-latest-url'],
  ] as const)('%j, disabled ones included: %s', (changes, includeDisabled, expected) => {
    expect(skipReason(anImage(changes), includeDisabled)).toBe(expected)
  })
})

describe('refuseSharedObjects', () => {
  const [one, two] = ['https://a.example/one.qcow2', 'https://a.example/two.qcow2']
  it.each([
    ['other shortnames', [{ shortname: 'a' }, { shortname: 'b' }], 0],
    ['other formats', [{ format: 'raw' }, { format: 'qcow2' }], 0],
    ['the same build under two names', [{ latestUrl: one }, { latestUrl: one }], 0],
    ['no shortname, so no object', [{ shortname: undefined }, { shortname: undefined, latestUrl: one }], 0],
    ['two builds under one shortname', [{ latestUrl: one }, { latestUrl: two }], 1],
    ['three builds under one shortname', [{ latestUrl: one }, { latestUrl: two }, {}], 2],
  ] as const)('%s', (_, changes, expected) => {
    const images = changes.map((change, index) => anImage({ name: `Image ${index}`, ...change }))
    let defects: readonly UpdaterError[] = []
    try {
      refuseSharedObjects(images)
    } catch (error) {
      defects = listDefects(error as UpdaterError)
    }
    expect(defects.map(({ code }) => code)).toEqual(Array(expected).fill('CATALOG_TYPE'))
    for (const { message } of defects) expect(message).toContain('as Image 0')
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
