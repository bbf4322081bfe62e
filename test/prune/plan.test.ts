import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { takeStock } from '../../src/prune/plan.ts'
import { namedKeys } from '../../src/run/named.ts'
import type { MirrorOptions } from '../../src/stores/kinds.ts'
import { stagingKey } from '../../src/stores/naming.ts'
import { anImage } from '../update/image.ts'

const mirror: MirrorOptions = {
  kind: 's3',
  server: 's3.example',
  bucket: 'images/p',
  region: 'x',
  swiftPrefix: '',
  keyPrefix: '',
  acl: '',
}
const day = 86_400_000
const now = new Date('2026-03-01T00:00:00Z')
const at = (days: number) => new Date(now.getTime() - days * day)
const options = { keyPrefix: 'p/', now, grace: 14 * day }

describe('namedKeys', () => {
  it.each([
    ['a version without a mirror_url', { version: '20260101' }, 'p/rocky-9/20260101-rocky-9.qcow2'],
    [
      'a version that is no date',
      { version: '4230.2.4', buildDate: '2026-01-01' },
      'p/rocky-9/20260101-rocky-9.qcow2',
    ],
    [
      'a version of another day than build_date',
      { version: '20260102', buildDate: '2026-01-01' },
      'p/rocky-9/20260101-rocky-9.qcow2',
    ],
    [
      'a mirror_url of this mirror',
      { mirrorUrl: 'https://s3.example/images/p/a%20b/20250101-x.raw' },
      'p/a b/20250101-x.raw',
    ],
    [
      'a mirror_url by another address',
      { mirrorUrl: 'https://cdn.example/x/old/20250101-old.raw' },
      'p/old/20250101-old.raw',
    ],
    [
      'a mirror_url without a scheme',
      { mirrorUrl: 's3.example/images/p/old/20250101-old.raw' },
      'p/old/20250101-old.raw',
    ],
    ['a mirror_url that cannot be decoded', { mirrorUrl: 'https://cdn.example/x/%zz/b' }, 'p/%zz/b'],
  ])('holds the object of %s', (_, version, key) => {
    const { keys } = namedKeys([anImage({ enable: false, versions: [version] })], mirror)
    expect([...keys]).toContain(key)
  })

  it('holds the object that a mirror_url names, and no other of that day', () => {
    const serial = 'https://s3.example/images/p/rocky-9/20260101.2-rocky-9.qcow2'
    const versions = [{ version: '20260101', mirrorUrl: serial }]
    expect([...namedKeys([anImage({ versions })], mirror).keys]).toEqual([
      'p/rocky-9/20260101.2-rocky-9.qcow2',
    ])
  })

  it('counts the mirror_urls of this mirror alone', () => {
    const urls = [
      'https://s3.example/images/p/a/b.raw',
      'https://s3.example/images/q/a/b.raw',
      'https://else.example/a/b',
    ]
    const images = urls.map((mirrorUrl) => anImage({ versions: [{ mirrorUrl }] }))
    expect(namedKeys(images, mirror).here).toBe(1)
  })

  it('takes a shortname that cannot be a folder, as images without latest_url may have', () => {
    expect(
      namedKeys([anImage({ shortname: '../x', versions: [{ version: '20260101' }] })], mirror).keys.size,
    ).toBe(0)
  })
})

describe('takeStock', () => {
  const object = (key: string, days = 100) => ({ key, size: 1, lastModified: at(days) })
  it.each([
    ['of our form, old', object('p/a/20250101-a.raw'), 'doomed'],
    ['named', object('p/b/20250101-b.raw'), 'named'],
    ['younger than the grace period', object('p/a/20250101-a.raw', 13.9), 'young'],
    ['from the future', object('p/a/20250101-a.raw', -1), 'young'],
    ['of unknown age', { ...object('p/a/20250101-a.raw'), lastModified: undefined }, 'young'],
    ['abandoned before it was complete', object(stagingKey('p/b/20250101-b.raw', '0123456789ab')), 'doomed'],
    ['of another prefix', object('q/a/20250101-a.raw'), 'others'],
    ['without a prefix', object('a/20250101-a.raw'), 'others'],
    ['deeper', object('p/x/a/20250101-a.raw'), 'others'],
    ['of another name', object('p/a/backup.raw'), 'others'],
    ['of another folder', object('p/a/20250101-b.raw'), 'others'],
  ] as const)('an object that is %s', (_, one, kind) => {
    const stock = takeStock([one], new Set(['p/b/20250101-b.raw']), options)
    expect({ ...stock, doomed: stock.doomed.length }).toEqual({
      doomed: 0,
      named: 0,
      young: 0,
      others: 0,
      [kind]: 1,
    })
  })

  it.each([
    ['lately', 13, []],
    ['long ago', 14, ['p/a/20250101-a.raw', 'p/a/20250101-a.raw.source.json', 'p/a/20250101-a.raw.unnamed']],
  ])('counts from when an object ceased to be named: %s', (_, days, keys) => {
    const key = 'p/a/20250101-a.raw'
    const all = [object(key, 400), object(`${key}.source.json`, 400), object(`${key}.unnamed`, days)]
    const stock = takeStock(all, new Set(), options)
    expect(stock.doomed.map((one) => one.key)).toEqual(keys)
    expect(takeStock(all, new Set([key]), options)).toEqual({ doomed: [], named: 1, young: 0, others: 0 })
  })

  it('counts from when an object was stored again after it was marked, and removes a mark of nothing', () => {
    const key = 'p/a/20250101-a.raw'
    expect(takeStock([object(key, 3), object(`${key}.unnamed`, 90)], new Set(), options)).toMatchObject({
      doomed: [],
      young: 1,
    })
    const [mark] = takeStock([object(`${key}.unnamed`, 90)], new Set(), options).doomed
    expect(mark?.key).toBe(`${key}.unnamed`)
    expect(takeStock([object('p/a/notes.unnamed', 90)], new Set(), options).others).toBe(1)
  })

  it('leaves lists of digests to the objects that they list', () => {
    const stock = takeStock([object('p/a/SHA256SUMS')], new Set(), options)
    expect(stock).toEqual({ doomed: [], named: 0, young: 0, others: 0 })
  })

  it('gives an unfinished upload a day, whatever the grace period', () => {
    const staging = object(stagingKey('p/a/20250101-a.raw', '0123456789ab'), 0.5)
    expect(takeStock([staging], new Set(), { ...options, grace: 0 }).young).toBe(1)
  })

  it('never dooms what is named, foreign or young, and nothing twice', () => {
    const part = fc.constantFrom('p', 'q', 'a', 'b', '20250101-a.raw', '20250101-b.raw', 'SHA256SUMS', '')
    const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    const objects = fc.uniqueArray(fc.tuple(key, fc.integer({ min: 0, max: 30 })), {
      selector: ([name]) => name,
    })
    fc.assert(
      fc.property(objects, fc.array(key), (all, named) => {
        const { doomed } = takeStock(
          all.map(([name, days]) => object(name, days)),
          new Set(named),
          options,
        )
        for (const { key: name, lastModified } of doomed) {
          expect(named).not.toContain(name)
          expect(name).toMatch(/^p\/(a\/20250101-a|b\/20250101-b)\.raw$/)
          expect(now.getTime() - Number(lastModified)).toBeGreaterThanOrEqual(options.grace)
        }
      }),
      { seed: 9, numRuns: 2000 },
    )
  })
})
