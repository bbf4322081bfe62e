import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseBuildMetadata, parseDocument } from '../../src/discovery/documents.ts'
import { codeOf, type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const hex = 'ab'.repeat(32)
const told = (json: unknown, url = 'https://h/streams/v1/x.json') => parseDocument(JSON.stringify(json), url)
const files = (json: unknown, url?: string) => told(json, url).items

describe('documents', () => {
  it('of simplestreams: paths count from above streams/, digests may be several', () => {
    const items = {
      a: { path: 'server/x.img', sha256: hex, md5: 'c'.repeat(32), size: 5 },
      b: { ftype: 'none' },
    }
    const products = { p: { versions: { '20260705.1': { items }, serial: { items: {} } } } }
    expect(files({ format: 'products:1.0', products }, 'https://h/releases/streams/v1/x.sjson')).toEqual([
      {
        url: 'https://h/releases/server/x.img',
        digests: [
          { algorithm: 'sha256', hex },
          { algorithm: 'md5', hex: 'c'.repeat(32) },
        ],
        size: 5,
        date: '20260705',
      },
    ])
  })

  it('of Fedora: an empty digest is none', () => {
    const release = {
      version: '44 Beta',
      arch: 'x86_64',
      link: 'https://h/x.qcow2',
      subvariant: 'Cloud_Base',
    }
    expect(
      files([
        { ...release, sha256: '', size: '7' },
        { ...release, sha256: hex },
      ]),
    ).toEqual([
      { url: 'https://h/x.qcow2', digests: [], size: 7 },
      { url: 'https://h/x.qcow2', digests: [{ algorithm: 'sha256', hex }], size: undefined },
    ])
  })

  it.each([
    ['https://h/OL9/u8/x86_64', 'https://h/OL9/u8/x86_64/x.qcow2'],
    ['/OL9/u8/x86_64/', 'https://h/OL9/u8/x86_64/x.qcow2'],
  ])('of Oracle: base_url %s', (base_url, url) => {
    expect(files({ base_url, kvm: { image: 'x.qcow2', sha256: hex }, text: 'x' })).toEqual([
      { url, digests: [{ algorithm: 'sha256', hex }] },
    ])
  })

  it('of GitHub: one release or several, no drafts, digests only where there are some', () => {
    const asset = (name: string, digest: string | null) => ({
      browser_download_url: `https://h/${name}`,
      digest,
      size: 1,
    })
    const release = {
      tag_name: 'v1',
      published_at: '2026-02-03T00:00:00Z',
      assets: [asset('a', `sha256:${hex}`), asset('b', null)],
    }
    const expected = [
      { url: 'https://h/a', digests: [{ algorithm: 'sha256', hex }], size: 1, date: '20260203' },
      { url: 'https://h/b', digests: [], size: 1, date: '20260203' },
    ]
    expect(files(release)).toEqual(expected)
    expect(files([release, { ...release, draft: true }, { ...release, prerelease: true }])).toEqual(expected)
  })

  it('of GitLab: links without digests', () => {
    const links = [{ url: 'https://h/a' }, { url: 'https://h/b', direct_asset_url: 'https://h/c' }]
    expect(files([{ tag_name: '1', released_at: '2026-02-03T00:00:00Z', assets: { links } }])).toEqual([
      { url: 'https://h/a', digests: [], date: '20260203' },
      { url: 'https://h/c', digests: [], date: '20260203' },
    ])
  })

  it.each([[''], ['x'], ['null'], ['[]'], ['{}'], ['[{"tag_name":1}]'], ['{"format":"products:2.0"}']])(
    'of no known kind tell of nothing: %j',
    (text) => {
      expect(parseDocument(text, 'https://h/x.json').items).toEqual([])
    },
  )

  const item = (path: unknown, more = {}) => ({ path, sha256: hex, ...more })
  const simplestreams = (versions: unknown, other?: unknown) => ({
    format: 'products:1.0',
    products: { p: { versions }, ...(other === undefined ? {} : { other }) },
  })
  const asset = (name: unknown) => ({ browser_download_url: name, digest: `sha256:${hex}` })
  it.each<[string, unknown, number, number]>([
    ['a product', simplestreams({ 1: { items: { a: item('x') } } }, { versions: null }), 1, 1],
    ['a version', simplestreams({ 1: { items: { a: item('x') } }, 2: 'none' }), 1, 1],
    ['an item', simplestreams({ 1: { items: { a: item('x'), b: item(7), c: null } } }), 1, 2],
    ['a size', simplestreams({ 1: { items: { a: item('x', { size: 'big' }) } } }), 1, 0],
    ['a digest', simplestreams({ 1: { items: { a: item('x', { md5: 5 }) } } }), 1, 0],
    ['a release', [{ tag_name: 'v1', assets: [asset('https://h/a')] }, { tag_name: 2 }], 1, 1],
    ['a file', [{ tag_name: 'v1', assets: [asset('https://h/a'), asset(null)] }], 1, 1],
    [
      'a link',
      [{ tag_name: '1', assets: { links: [{ url: 'https://h/a' }, { url: {} }] } }, { tag_name: '2' }],
      1,
      2,
    ],
    [
      'an image',
      [
        { version: '44', link: 'https://h/a' },
        { version: 45, link: 'https://h/b' },
      ],
      1,
      1,
    ],
    [
      'a flavour',
      { releases: [{ flavors: { a: { image: 'https://h/a' }, b: { image: 1 } } }, 'none'] },
      1,
      2,
    ],
    [
      'an artifact',
      {
        stream: 's',
        architectures: {
          a: {
            artifacts: {
              o: { release: '1', formats: { q: { disk: { location: 'https://h/a' } }, r: 'none' } },
              p: { release: 2 },
            },
          },
          b: 'none',
        },
      },
      1,
      3,
    ],
  ])('with a strange entry tell of the rest, and count it: %s', (_, json, count, strange) => {
    const { items, strange: counted } = told(json)
    expect([items.length, counted]).toEqual([count, strange])
  })

  it('never throw', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        parseDocument(text, 'https://h/x.json')
      }),
    )
  })
})

describe("a build's metadata in YAML", () => {
  const metadata = `paths:\n- name: x.qcow2\n  sha256sum: ${hex}\n- name: y\n`

  it('tells the digests of its file', () => {
    expect(parseBuildMetadata(metadata, 'x.qcow2')).toEqual([{ algorithm: 'sha256', hex }])
    expect(parseBuildMetadata(metadata, 'y')).toEqual([])
  })

  it('with a line without end tells nothing', () => {
    const endless = `${metadata}- {}${'{"a": 1}'.repeat(10_000)}\n`
    expect(parseBuildMetadata(endless, 'x.qcow2')).toEqual([])
    expect(parseBuildMetadata(`${metadata}#${' '.repeat(100_000)}`, 'x.qcow2')).toEqual([])
  })

  it('puts no word of the server on the terminal', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    parseBuildMetadata(`a: ${'['.repeat(100_000)}`, 'x.qcow2')
    parseBuildMetadata('a: &x 1\nb: *x:\n  c', 'x.qcow2')
    parseBuildMetadata('a: !\u001b[31mtag 1', 'x.qcow2')
    await new Promise(setImmediate)
    expect(warnings).toEqual([])
  })
})

describe('the build that a document tells of', () => {
  const releases = 'https://api.github.com/repos/o/r/releases'
  const latestUrl =
    'https://github.com/o/r/releases/download/vHEREBE[\\d.]+DRAGONS/x-HEREBE[\\d.]+DRAGONS.img'
  const image = imageOf({ latestUrl, latestChecksumUrl: releases })
  const answer = (...assets: { browser_download_url: string; digest?: string | null }[]): Exchange => [
    `GET ${releases}`,
    JSON.stringify([{ tag_name: 'v1', assets }]),
  ]
  const at = (path: string) => ({
    browser_download_url: `https://github.com/o/r/releases/download/${path}`,
    digest: `sha256:${hex}`,
  })

  it.each([
    [
      'on another server',
      { ...at('x'), browser_download_url: 'https://evil.example/o/r/releases/download/v9/x-9.img' },
    ],
    ['with two versions', at('v9/x-8.img')],
    ['with a query', at('v9/x-9.img?x')],
    ['that climbs', at('v9/../../x-9.img')],
    ['of another name', at('v9/y-9.img')],
  ])('is none %s', async (_, asset) => {
    expect((await find(image, fakeContext([answer(asset, at('v1.2/x-1.2.img'))]))).url).toBe(
      'https://github.com/o/r/releases/download/v1.2/x-1.2.img',
    )
    expect(await codeOf(() => find(image, fakeContext([answer(asset)])))).toBe('DISCOVERY_NOTHING_FOUND')
  })

  it('is an error where its checksum is missing, not an older build', async () => {
    const bare = { ...at('v2/x-2.img'), digest: null }
    expect(await codeOf(() => find(image, fakeContext([answer(bare, at('v1/x-1.img'))])))).toBe(
      'CHECKSUM_NOT_PUBLISHED',
    )
  })

  it('is told with a warning where its digest is weak', async () => {
    const context = fakeContext([
      [
        'GET https://h/streams/v1/x.json',
        JSON.stringify({
          format: 'products:1.0',
          products: { p: { versions: { v: { items: { i: { path: 'x-1.img', md5: 'c'.repeat(32) } } } } } },
        }),
      ],
    ])
    const md5 = imageOf({
      latestUrl: 'https://h/x-HEREBE\\d+DRAGONS.img',
      latestChecksumUrl: 'https://h/streams/v1/x.json',
    })
    const found = await find(md5, context)
    expect(found.digest).toEqual({ algorithm: 'md5', hex: 'c'.repeat(32) })
    expect(context.told).toContainEqual({
      type: 'warning',
      message: expect.stringContaining('Nothing better than MD5'),
    })
  })
})

describe('a list of releases in pages', () => {
  const releases = 'https://api.github.com/repos/o/r/releases'
  const image = imageOf({
    latestUrl: 'https://github.com/o/r/releases/download/vHEREBE[\\d.]+DRAGONS/x.img',
    latestChecksumUrl: releases,
  })
  const page = (...tags: unknown[]) =>
    JSON.stringify(
      tags.map((tag_name) => ({
        tag_name,
        assets: [
          {
            browser_download_url: `https://github.com/o/r/releases/download/${tag_name}/x.img`,
            digest: `sha256:${hex}`,
          },
        ],
      })),
    )

  it('is read to its end', async () => {
    const context = fakeContext([
      [
        `GET ${releases}`,
        { text: page('v1.9'), next: 'https://api.github.com/repositories/1/releases?page=2' },
      ],
      [
        'GET https://api.github.com/repositories/1/releases?page=2',
        { text: page('v2.0'), next: 'https://api.github.com/repositories/1/releases?page=3' },
      ],
      ['GET https://api.github.com/repositories/1/releases?page=3', page('v1.8')],
    ])
    expect((await find(image, context)).url).toBe('https://github.com/o/r/releases/download/v2.0/x.img')
    context.http.done()
  })

  it('is not followed to another server', async () => {
    const context = fakeContext([[`GET ${releases}`, { text: page('v1.9'), next: 'https://evil.example/2' }]])
    expect(await codeOf(() => find(image, context))).toBe('DISCOVERY_LISTING')
  })

  it('has an end, and is an error where that is not reached', async () => {
    const exchanges = Array.from(
      { length: 100 },
      (): Exchange => [`GET ${releases}`, { text: page('v1'), next: releases }],
    )
    expect(await codeOf(() => find(image, fakeContext(exchanges)))).toBe('DISCOVERY_LISTING')
  })

  it('with a strange entry warns', async () => {
    const context = fakeContext([[`GET ${releases}`, page('v1', 7)]])
    await find(image, context)
    expect(context.told).toContainEqual({
      type: 'warning',
      message: expect.stringContaining('has an entry of a form that is not known'),
    })
  })
})

describe('packages of GitLab', () => {
  const packages = 'https://gitlab.example/api/v4/projects/o%2Fr/packages'
  const generic = `${packages}/generic/images/`
  const image = imageOf({
    latestUrl: `${generic}vHEREBE\\d{8}\\.\\d+DRAGONS/x-HEREBE\\d{8}\\.\\d+DRAGONS.qcow2`,
    latestChecksumUrl: packages,
  })
  const list: Exchange = [
    `GET ${packages}?order_by=created_at&sort=desc&per_page=100`,
    JSON.stringify([
      { id: 9, name: 'other', version: 'v20270101.1' },
      { id: 7, name: 'images', version: 'v20260715.99' },
      { id: 8, name: 'images', version: 'v20260715.100' },
    ]),
  ]
  const filesUrl = `GET ${packages}/8/package_files?per_page=100`

  it('tell the newest by name', async () => {
    const context = fakeContext([
      list,
      [
        filesUrl,
        JSON.stringify([
          { file_name: 'x-20260715.100.qcow2', file_sha256: hex, size: 4 },
          { file_name: 'y', file_sha256: null },
        ]),
      ],
    ])
    const found = await find(image, context)
    context.http.done()
    expect(found).toMatchObject({
      url: `${generic}v20260715.100/x-20260715.100.qcow2`,
      digest: { algorithm: 'sha256', hex },
      size: 4,
      date: '20260715',
    })
  })

  it.each<[string, Exchange[], string]>([
    ['that are none', [[list[0], '<html>']], 'CHECKSUM_MALFORMED'],
    [
      'of other names',
      [[list[0], JSON.stringify([{ id: 9, name: 'other', version: '1' }])]],
      'DISCOVERY_NOTHING_FOUND',
    ],
    ['whose files are none', [list, [filesUrl, '{}']], 'CHECKSUM_MALFORMED'],
    ['without the file', [list, [filesUrl, '[]']], 'DISCOVERY_NOTHING_FOUND'],
    ['that are forbidden', [[list[0], 403]], 'HTTP_STATUS'],
  ])('%s are an error', async (_, exchanges, code) => {
    expect(await codeOf(() => find(image, fakeContext(exchanges)))).toBe(code)
  })
})
