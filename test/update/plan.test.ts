import { describe, expect, it } from 'vitest'
import {
  applyValues,
  currentDigest,
  findSharedObjects,
  isUnprotected,
  type KnownBuild,
  planValues,
  skipReason,
} from '../../src/update/plan.ts'
import { anImage } from './image.ts'

const hex = 'ab'.repeat(32)
const build: KnownBuild = {
  url: 'https://download.example.org/rocky-9-20260531.qcow2',
  digest: { algorithm: 'sha256', hex },
  version: '20260531',
  trust: 'checksum',
}

describe('currentDigest', () => {
  it.each([
    ['the same digest', `sha256:${hex}`, true],
    ['the same in upper case', `SHA256:${hex.toUpperCase()}`, true],
    ['another digest', `sha256:${'cd'.repeat(32)}`, false],
    ['another algorithm', `sha512:${'ab'.repeat(64)}`, false],
    ['no digest at all', 'unknown', false],
    ['nothing', undefined, false],
  ])('%s', (_, checksum, expected) => {
    const digest = currentDigest(anImage({ versions: [{ checksum }] }), build)
    expect(digest).toEqual(expected ? build.digest : undefined)
  })

  it.each([
    ['the same URL', build.url, `sha256:${hex}`, true],
    ['the same URL without a checksum', build.url, undefined, false],
    ['another URL', 'https://download.example.org/rocky-9-20260530.qcow2', `sha256:${hex}`, false],
  ])('where none is published: %s', (_, url, checksum, expected) => {
    const image = anImage({ versions: [{ url, checksum }] })
    const digest = currentDigest(image, { ...build, digest: undefined })
    expect(digest).toEqual(expected ? build.digest : undefined)
  })
})

describe('planValues and applyValues', () => {
  it('say what the first version will hold, on a mirror', () => {
    expect(planValues(build, 'https://mirror.example/x')).toEqual({
      version: '20260531',
      buildDate: '2026-05-31',
      checksum: `sha256:${hex}`,
      url: build.url,
      mirrorUrl: 'https://mirror.example/x',
    })
  })

  it('drop the mirror URL where there is none, and keep what does not change', () => {
    const before = { version: '20260101', mirrorUrl: 'https://mirror.example/old' }
    expect(applyValues(before, planValues(build, null)).mirrorUrl).toBeUndefined()
    expect(applyValues(before, { mirrorUrl: 'https://mirror.example/new' })).toEqual({
      version: '20260101',
      mirrorUrl: 'https://mirror.example/new',
    })
  })
})

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

describe('isUnprotected', () => {
  it.each([
    ['http://download.example.org/SHA256SUMS', true],
    ['http://10.0.0.1/SHA256SUMS', true],
    ['http://127.0.0.1.example.org/SHA256SUMS', true],
    ['https://download.example.org/SHA256SUMS', false],
    ['http://127.0.0.1:8080/SHA256SUMS', false],
    ['http://[::1]/SHA256SUMS', false],
    ['http://localhost/SHA256SUMS', false],
    ['no URL', false],
  ])('%s: %s', (url, expected) => {
    expect(isUnprotected(url)).toBe(expected)
  })
})

describe('findSharedObjects', () => {
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
    expect(findSharedObjects(images).map(({ first }) => first)).toEqual(Array(expected).fill(images[0]))
  })
})
