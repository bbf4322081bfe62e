import { describe, expect, it } from 'vitest'
import { isUnprotected } from '../../src/discovery/find-newest.ts'
import { overrideOf, type SourceRule } from '../../src/discovery/options.ts'
import { anImage } from '../update/image.ts'
import { type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const sums = `${'a'.repeat(64)}  x.qcow2\n`
const firstUse: SourceRule = { name: 'x', images: ['*'], strategy: 'first-use' }
const listing = '<a href="x-1.qcow2">x</a>'

describe('findNewest', () => {
  it.each<[string, string, string | undefined, Exchange[], string[]]>([
    ['https', 'https://h/x.qcow2', 'https://h/SHA256SUMS', [['GET https://h/SHA256SUMS', sums]], []],
    [
      'http',
      'http://h/x.qcow2',
      'http://h/SHA256SUMS',
      [['GET http://h/SHA256SUMS', sums]],
      ['The checksum comes from h over plain http'],
    ],
    [
      'http, without a checksum',
      'http://h/x-HEREBE\\d+DRAGONS.qcow2',
      undefined,
      [['GET http://h/', listing]],
      ['The image comes from h over plain http'],
    ],
  ])(
    'warns where nothing protects what comes over %s',
    async (_, latestUrl, latestChecksumUrl, asked, warned) => {
      const sources = latestChecksumUrl === undefined ? [firstUse] : []
      const context = { ...fakeContext(asked), sources }
      await find(imageOf({ latestUrl, latestChecksumUrl }), context)
      const warnings = context.told.flatMap((step) => (step.type === 'warning' ? [step.message] : []))
      expect(warnings).toEqual(warned.map((begin) => expect.stringContaining(begin)))
      context.http.done()
    },
  )
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
