import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFeed, parseFeedPaths } from '../../src/discovery/feed.ts'
import type { FeedPaths, SourceRule } from '../../src/discovery/options.ts'
import { codeOf, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const hex = 'ab'.repeat(32)
const feedUrl = 'https://h/api/feed.json'
const paths: FeedPaths = { url: '/r/*/files/*/u', version: '/r/*/v', digest: ['/r/*/files/*/d'] }

const told = (json: unknown, changes: Partial<FeedPaths> = {}) =>
  parseFeed(JSON.stringify(json), parseFeedPaths({ ...paths, ...changes }), feedUrl)

describe('a feed', () => {
  const release = (v: unknown, ...files: unknown[]) => ({ v, files })
  const file = (u: unknown, d: unknown = hex) => ({ u, d })

  it('tells URLs with the versions and digests that belong to them', () => {
    const json = {
      r: [release('1.9', file('a')), release(2, file('/b'), file('https://o/c', `sha256:${hex}`))],
    }
    const digests = [{ algorithm: 'sha256', hex }]
    expect(told(json)?.items).toEqual([
      { url: 'https://h/api/a', version: '1.9', digests },
      { url: 'https://h/b', version: '2', digests },
      { url: 'https://o/c', version: '2', digests },
    ])
  })

  it('may have versions as keys, and paths with other characters', () => {
    const json = { 'a/b': { '1.9': { '~': 'x', d: hex } } }
    const found = told(json, { url: '/a~1b/*/~0', version: '/a~1b/*', digest: ['/a~1b/*/d'] })
    expect(found?.items).toMatchObject([{ url: 'https://h/api/x', version: '1.9' }])
  })

  it('may have several digests, or one of an algorithm that no catalogue can hold', () => {
    const json = [{ u: 'x', a: 'cd'.repeat(64), b: hex.toUpperCase(), c: 'e'.repeat(96), d: 'sha3:00' }]
    const of = (digest: string[]) => told(json, { url: '/*/u', version: undefined, digest })?.items[0]
    expect(of(['/*/a', '/*/b'])?.digests.map(({ algorithm }) => algorithm)).toEqual(['sha512', 'sha256'])
    expect(of(['/*/c'])).toMatchObject({ digests: [], unusable: { algorithm: 'SHA-384' } })
    expect(of(['/*/d'])).toMatchObject({ digests: [], unusable: { algorithm: 'sha3' } })
    expect(of(['/*/none'])).toMatchObject({ digests: [] })
  })

  it.each<[string, unknown, number]>([
    ['an entry', { r: [release('1', file('a')), null] }, 1],
    ['a file', { r: [release('1', file('a'), 'none', file(7), file('https://['))] }, 3],
    ['a version', { r: [release('1', file('a')), release({}, file('b'))] }, 1],
  ])('with a strange part tells the rest, and counts it: %s', (_, json, strange) => {
    expect(told(json)).toMatchObject({ items: [{ url: 'https://h/api/a' }], strange })
  })

  it('reads nothing that an object inherits', () => {
    expect(
      told({ r: { x: {} } }, { url: '/r/*/constructor/name', version: undefined, digest: ['/r'] })?.items,
    ).toEqual([])
  })

  it.each([
    ['', undefined],
    ['r/x', undefined],
    ['/a'.repeat(33), undefined],
    ['/r/*/u', '/q/*/v'],
    ['/r/*/u', '/r/*/x/*/v'],
  ])('whose paths are none is refused: %s %s', async (url, version) => {
    expect(await codeOf(() => parseFeedPaths({ url, version, digest: ['/r'] }))).toBe('CONFIGURATION')
  })

  it('never throws', () => {
    const steps = parseFeedPaths({ url: '/*/*', version: '/*', digest: ['/*/*'] })
    fc.assert(fc.property(fc.json(), (text) => void parseFeed(text, steps, feedUrl)))
    expect(parseFeed('<html>', steps, feedUrl)).toBeUndefined()
  })
})

describe('the build that a feed tells of', () => {
  const rule: SourceRule = {
    name: 'my-feed',
    images: ['*'],
    strategy: 'feed',
    latestUrl: 'https://h/i/x-HEREBE.*DRAGONS.img',
    latestChecksumUrl: feedUrl,
    feed: { url: '/*/u', version: '/*/v', digest: ['/*/d'] },
  }
  const search = (json: unknown, changes: Partial<SourceRule> = {}) => {
    const one = { ...rule, ...changes }
    const image = imageOf({ latestUrl: one.latestUrl, latestChecksumUrl: one.latestChecksumUrl })
    const text = typeof json === 'string' ? json : JSON.stringify(json)
    const context = { ...fakeContext([[`GET ${feedUrl}`, text]]), sources: [one] }
    return { context, found: find(image, context) }
  }
  const entry = (u: string, v: unknown, d: unknown = hex) => ({ u, v, d })

  it('is the newest by its version, whatever its URL', async () => {
    const json = [
      entry('/i/x-b.img', '1.10.0'),
      entry('/i/x-c.img', '1.9.0'),
      entry('/i/x-a.img', '1.10.0-rc1'),
    ]
    expect(await search(json).found).toMatchObject({
      resolver: 'my-feed',
      url: 'https://h/i/x-b.img',
      version: '1.10.0',
      trust: 'checksum',
    })
  })

  it.each([
    ['2026-11-21', { date: '20261121' }],
    ['2026-11-21T04:00:00Z', { date: '20261121' }],
    ['20261121.2', { date: '20261121' }],
    ['rolling', { version: 'rolling' }],
    ['v1.2.3', { version: '1.2.3' }],
  ])('has the version %s', async (version, expected) => {
    expect(await search([entry('/i/x-a.img', version)]).found).toMatchObject(expected)
  })

  it.each([
    ['on another server', 'https://evil.example/i/x-9.img'],
    ['by another scheme', 'http://h/i/x-9.img'],
    ['in another folder', '/i/../x-9.img'],
    ['of another name', '/i/y-9.img'],
    ['with a query', '/i/x-9.img?x'],
  ])('is none %s', async (_, url) => {
    expect(await search([entry(url, '9'), entry('/i/x-1.img', '1')]).found).toMatchObject({
      url: 'https://h/i/x-1.img',
    })
    expect(await codeOf(() => search([entry(url, '9')]).found)).toBe('DISCOVERY_NOTHING_FOUND')
  })

  it.each<[string, unknown, string, Partial<SourceRule>]>([
    ['that is no JSON', '<html>', 'CHECKSUM_MALFORMED', {}],
    ['without such entries', { r: 1 }, 'CHECKSUM_MALFORMED', {}],
    ['of no files', [], 'CHECKSUM_MALFORMED', {}],
    [
      'whose newest has no digest',
      [entry('/i/x-2.img', '2', null), entry('/i/x-1.img', '1')],
      'CHECKSUM_NOT_PUBLISHED',
      {},
    ],
    ['of another algorithm', [entry('/i/x-2.img', '2', 'a'.repeat(96))], 'CHECKSUM_MALFORMED', {}],
    ['with wrong paths', [entry('/i/x-2.img', '2')], 'CONFIGURATION', { feed: { url: 'u', digest: ['d'] } }],
    [
      'with a wrong pattern',
      [entry('/i/x-2.img', '2')],
      'PATTERN_INVALID',
      { latestUrl: 'https://h/i/x-HEREBE(?<=a)DRAGONS.img' },
    ],
  ])('is an error in a feed %s', async (_, json, code, changes) => {
    expect(await codeOf(() => search(json, changes).found)).toBe(code)
  })

  it('is not found, with the paths that lead nowhere', async () => {
    const feed = { url: '/*/u', version: '/*/version', digest: ['/*/d'] }
    await expect(search([entry('/i/x-2.img', '2')], { feed }).found).rejects.toThrow(
      'has no file with a URL at /*/u and a version at /*/version',
    )
  })

  it.each<[string, Partial<SourceRule>]>([
    ['without paths', { feed: undefined }],
    ['with paths for another strategy', { strategy: 'document' }],
    ['whose URL has a pattern', { latestChecksumUrl: 'https://h/HEREBE.*DRAGONS.json' }],
  ])('is refused for a source %s', async (_, changes) => {
    expect(await codeOf(() => search([], changes).found)).toBe('CONFIGURATION')
  })

  it('is told with what is strange and what looks newer', async () => {
    const latestUrl = 'https://h/i/x-HEREBE\\d{8}DRAGONS.img'
    const json = [entry('/i/x-20260101.img', '20260101'), entry('/i/y-x-20270101.img', '20270101'), { u: 5 }]
    const { context, found } = search(json, { latestUrl })
    await found
    const warnings = context.told.flatMap((step) => (step.type === 'warning' ? step.message : []))
    expect(warnings).toEqual([
      expect.stringContaining('an entry of a form that is not known'),
      expect.stringContaining('y-x-20270101.img, which looks newer'),
    ])
  })

  it('is told with a newer one that is at another server', async () => {
    const latestUrl = 'https://h/i/x-HEREBE\\d{8}DRAGONS.img'
    const json = [entry('/i/x-20260101.img', '1'), entry('https://new.example/j/x-20260901.img', '2')]
    const { context, found } = search(json, { latestUrl })
    expect(await found).toMatchObject({ url: 'https://h/i/x-20260101.img' })
    expect(context.told).toContainEqual({
      type: 'warning',
      message: expect.stringContaining('x-20260901.img, which looks newer'),
    })
  })

  it('is an error where one URL has two digests', async () => {
    const url = '/i/x-1.img'
    const other = 'b'.repeat(hex.length)
    expect(await codeOf(() => search([entry(url, '1'), entry(url, '2', other)]).found)).toBe(
      'CHECKSUM_AMBIGUOUS',
    )
    expect(await search([entry(url, '1'), entry(url, '2')]).found).toMatchObject({ version: '2' })
  })
})
