import { describe, expect, it, onTestFinished } from 'vitest'
import { parseContainerPage, parseJsonListing } from '../../src/discovery/documents.ts'
import { fetchListing } from '../../src/discovery/listing.ts'
import { parseBucketPage, parseNames, parseNginxList } from '../../src/discovery/listing-formats.ts'
import { HttpClient } from '../../src/http/client.ts'
import { createDiscoveryHttp } from '../../src/http/discovery-http.ts'
import { startOrigin } from '../support/origin.ts'
import { codeOf, type Exchange, fakeContext } from './fake-http.ts'

const file = (name: string) => ({ name, isFolder: false })
const folder = (name: string) => ({ name, isFolder: true })

describe('a listing in JSON', () => {
  it.each<[string, unknown]>([
    [
      'MirrorCache',
      { data: [{ name: '15.6/', size: null }, { name: 'x.iso' }, { name: '../' }, { name: 'a/b' }] },
    ],
    [
      'nginx',
      [
        { name: '15.6', type: 'directory', mtime: 'Sat, 01 Aug 2026 00:00:00 GMT' },
        { name: 'x.iso', type: 'file', mtime: 'Sat, 01 Aug 2026 00:00:00 GMT', size: 1 },
      ],
    ],
    [
      'Caddy',
      [
        { name: '15.6/', size: 0, url: './15.6/', mode: 2147484141, is_dir: true, is_symlink: false },
        { name: 'x.iso', size: 1, url: './x.iso', mode: 420, is_dir: false, is_symlink: false },
      ],
    ],
    [
      'Artifactory',
      {
        repo: 'images',
        children: [
          { uri: '/15.6', folder: true },
          { uri: '/x.iso', folder: false },
        ],
      },
    ],
  ])('of %s names files and folders', (_, json) => {
    expect(parseJsonListing(JSON.stringify(json))).toEqual({
      items: [folder('15.6'), file('x.iso')],
      strange: 0,
    })
  })

  it('of names alone may mean files or folders', () => {
    expect(parseJsonListing('["v1.9", "b/", "..", "x\\u0000"]')?.items).toEqual([
      file('v1.9'),
      folder('v1.9'),
      folder('b'),
    ])
  })

  it('with a strange entry names the rest, and counts it', () => {
    const json = '[{"name": "a", "type": 5}, {"name": 1}, null, {"name": "b"}]'
    expect(parseJsonListing(json)).toEqual({ items: [file('a'), file('b')], strange: 2 })
  })

  it.each([
    [''],
    ['null'],
    ['x'],
    ['{}'],
    ['{"data":{}}'],
    ['{"data":[{"name":1}]}'],
    ['[1]'],
    ['[{"id":1}]'],
  ])('of another form is none: %j', (json) => {
    expect(parseJsonListing(json)).toBeUndefined()
  })

  it('is asked for at the URL that the resolver says', async () => {
    const context = fakeContext([['GET https://h/leap/?jsontable', '{"data":[{"name":"16.0/"}]}']])
    const resolver = { name: 'x', listingUrl: (folder: string) => `${folder}?jsontable` }
    const listing = await fetchListing('https://h/leap/', { ...context, resolver })
    expect(listing).toEqual([folder('16.0')])
    context.http.done()
  })
})

it("nginx' listing in XML names files and folders", () => {
  const xml = `<?xml version="1.0"?>
<list>
<directory mtime="2026-08-01T00:00:00Z">15.6</directory>
<file mtime="2026-08-01T00:00:00Z" size="1">x &amp; y.iso</file>
<other mtime="2026-08-01T00:00:00Z">socket</other>
<file mtime="2026-08-01T00:00:00Z" size="1">..</file>
</list>`
  expect(parseNginxList(xml)).toEqual([folder('15.6'), file('x & y.iso')])
})

it.each([
  ['a list in XML', '<list>'.repeat(100_000)],
  ['a page', `${'<div>'.repeat(100_000)}<a href="x/">`],
])('%s that is nested without end is an error', async (_, text) => {
  const context = fakeContext([['GET https://h/images/', text]])
  expect(await codeOf(() => fetchListing('https://h/images/', context))).toBe('DISCOVERY_LISTING')
})

describe('names in plain text', () => {
  it('are files, and folders of deeper ones', () => {
    expect(parseNames('a/x.img\na/y.img\r\n./b/\n\nx y.img\n../z\n')).toEqual({
      entries: [folder('a'), folder('b'), file('x y.img')],
      next: undefined,
    })
    expect(parseNames('')?.entries).toEqual([])
  })

  it.each([
    ['a table of ls', 'total 4\n-rw-r--r-- 1 root root 1 Aug  1 00:00 x.img\n'],
    ['a table of rsync', 'drwxr-xr-x          4,096 2026/08/01 00:00:00 x\n'],
    ['bytes that are no text', 'x\ufffd\u0000'],
    ['a long line', 'x'.repeat(2000)],
    ['something like HTML', 'x <b>y</b>'],
  ])('are not read from %s', (_, text) => {
    expect(parseNames(text)).toBeUndefined()
  })
})

const bucket = (body: string) => `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>a/</Prefix>${body}</ListBucketResult>`

describe("a bucket's listing", () => {
  it('names what is right below the prefix', () => {
    const xml = bucket(
      '<IsTruncated>false</IsTruncated><Contents><Key>a/x.img</Key></Contents><Contents><Key>b/y.img</Key></Contents><CommonPrefixes><Prefix>a/1.10/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>a/../</Prefix></CommonPrefixes>',
    )
    expect(parseBucketPage(xml, 'a/')).toEqual({
      entries: [
        { name: '1.10', isFolder: true },
        { name: 'x.img', isFolder: false },
      ],
    })
  })

  it.each([
    ['a token', '<NextContinuationToken>t</NextContinuationToken>', { 'continuation-token': 't' }],
    ['a marker', '<NextMarker>a/y</NextMarker>', { marker: 'a/y' }],
    ['its last key', '', { marker: 'a/x' }],
  ])('that is cut off goes on at %s', (_, next, query) => {
    const xml = bucket(`<IsTruncated>true</IsTruncated>${next}<Contents><Key>a/x</Key></Contents>`)
    expect(parseBucketPage(xml, 'a/')?.next).toEqual(query)
  })

  it('may have encoded names, and deeper ones', () => {
    const xml = bucket(
      '<EncodingType>url</EncodingType><Contents><Key>a/x%2By+z.img</Key></Contents><Contents><Key>a/b/c</Key></Contents>',
    )
    expect(parseBucketPage(xml, 'a/')?.entries).toEqual([file('x+y z.img'), folder('b')])
  })

  it.each([[''], ['<html><body>x'], ['<Error><Code>AccessDenied</Code></Error>'], ['{']])(
    'of another form is none: %j',
    (xml) => {
      expect(parseBucketPage(xml, 'a/')).toBeUndefined()
    },
  )

  it('has no name of a damaged element', () => {
    const xml = bucket(
      '<Contents><Key>a/x</b><b>y</b></Key></Contents><Contents><Key>a/z</Contents><Contents><Key>a/k</Key></Contents>',
    )
    expect(parseBucketPage(xml, 'a/')?.entries).toEqual([file('k')])
  })

  it('that is nested without end is none', () => {
    expect(parseBucketPage(bucket('<a>'.repeat(100_000)), 'a/')).toBeUndefined()
  })

  it('whose pages lead to each other is none', async () => {
    const root = 'https://b.s3.eu-central-1.amazonaws.com'
    const query = 'list-type=2&delimiter=%2F&prefix=a%2F'
    const page = (token: string) =>
      bucket(`<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`)
    const context = fakeContext([
      [`GET ${root}/?${query}`, page('t')],
      [`GET ${root}/?${query}&continuation-token=t`, page('u')],
      [`GET ${root}/?${query}&continuation-token=u`, page('t')],
    ])
    expect(await codeOf(() => fetchListing(`${root}/a/`, context))).toBe('DISCOVERY_LISTING')
    context.http.done()
  })

  it('that is cut off and names no next page is none', () => {
    expect(parseBucketPage(bucket('<IsTruncated>true</IsTruncated>'), 'a/')).toBeUndefined()
  })

  it('is asked for page by page, where the host is a bucket', async () => {
    const root = 'https://b.s3.eu-central-1.amazonaws.com'
    const context = fakeContext([
      [
        `GET ${root}/?list-type=2&delimiter=%2F&prefix=a%2F`,
        bucket(
          '<IsTruncated>true</IsTruncated><NextContinuationToken>t=1</NextContinuationToken><Contents><Key>a/x</Key></Contents>',
        ),
      ],
      [
        `GET ${root}/?list-type=2&delimiter=%2F&prefix=a%2F&continuation-token=t%3D1`,
        bucket('<Contents><Key>a/y</Key></Contents>'),
      ],
    ])
    expect((await fetchListing(`${root}/a/`, context)).map(({ name }) => name)).toEqual(['x', 'y'])
    context.http.done()
  })

  it('is asked for where the page of a folder is one', async () => {
    const context = fakeContext([
      ['GET https://h/b/', bucket('<Contents><Key>a/x</Key></Contents>')],
      [
        'GET https://h/b/?list-type=2&delimiter=%2F&prefix=',
        bucket('<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>'),
      ],
    ])
    expect(await fetchListing('https://h/b/', context)).toEqual([{ name: 'a', isFolder: true }])
    context.http.done()
  })

  it('is asked for by a path as it stands where that cannot be decoded', async () => {
    const root = 'https://b.s3.amazonaws.com'
    const context = fakeContext([[`GET ${root}/?list-type=2&delimiter=%2F&prefix=%25zz%2F`, bucket('')]])
    expect(await fetchListing(`${root}/%zz/`, context)).toEqual([])
    context.http.done()
  })

  it('is not asked for where the host is none', async () => {
    expect(await codeOf(() => fetchListing('https://h%zz/a/', fakeContext([])))).toBe('HTTP_URL')
  })

  it('has an end', async () => {
    const root = 'https://b.s3.amazonaws.com'
    const context = fakeContext([])
    let asked = 0
    context.http.text = async (url) => {
      asked += 1
      const token = `<NextContinuationToken>${asked}</NextContinuationToken>`
      const text = bucket(`<IsTruncated>true</IsTruncated>${token}`)
      return { url, text, bytes: Buffer.from(text) }
    }
    expect(await codeOf(() => fetchListing(`${root}/a/`, context))).toBe('DISCOVERY_LISTING')
    expect(asked).toBe(100)
  })
})

describe("GitHub's releases as folders", () => {
  const api = 'GET https://api.github.com/repos/o/r/releases?per_page=30'
  const json = JSON.stringify([
    {
      tag_name: 'v1.9',
      assets: [{ browser_download_url: 'https://github.com/o/r/releases/download/v1.9/SHA256SUMS' }],
    },
    { tag_name: 'v1.10', assets: [] },
    { tag_name: '../x', assets: [] },
    { tag_name: 'v2-rc1', prerelease: true, assets: [] },
    { tag_name: 'v3', draft: true, assets: [] },
  ])

  it('are the tags', async () => {
    const context = fakeContext([[api, json]])
    expect(await fetchListing('https://github.com/o/r/releases/download/', context)).toEqual([
      { name: 'v1.9', isFolder: true },
      { name: 'v1.10', isFolder: true },
    ])
    context.http.done()
  })

  it('and the files of a tag', async () => {
    expect(
      await fetchListing('https://github.com/o/r/releases/download/v1.9/', fakeContext([[api, json]])),
    ).toEqual([{ name: 'SHA256SUMS', isFolder: false }])
  })

  it('are an error on another page', async () => {
    const context = fakeContext([[api, '<html>']])
    expect(await codeOf(() => fetchListing('https://github.com/o/r/releases/download/', context))).toBe(
      'DISCOVERY_LISTING',
    )
  })

  it('are read to the end of their pages, the files of a tag until it is found', async () => {
    const next = 'https://api.github.com/repositories/1/releases?page=2'
    const pages: Exchange[] = [
      [api, { text: json, next }],
      [`GET ${next}`, JSON.stringify([{ tag_name: 'v0.1', assets: [] }])],
    ]
    const context = fakeContext(pages)
    const listed = await fetchListing('https://github.com/o/r/releases/download/', context)
    expect(listed).toContainEqual(folder('v0.1'))
    context.http.done()
    const first = fakeContext(pages.slice(0, 1))
    expect(await fetchListing('https://github.com/o/r/releases/download/v1.9/', first)).toHaveLength(1)
  })
})

describe('a container of Swift or Ceph', () => {
  const container = 'https://h/swift/v1/AUTH_b1/images/'
  const ask = (prefix: string, marker = '') =>
    `GET ${container}?format=json&delimiter=%2F&prefix=${prefix}${marker}`

  it('is asked for page by page, below the prefix of the folder', async () => {
    const context = fakeContext([
      [ask('a+b%2F'), '[{"subdir":"a b/1/"},{"name":"a b/x.img","bytes":1}]'],
      [ask('a+b%2F', '&marker=a+b%2Fx.img'), '[{"name":"a b/y.img","bytes":1}]'],
      [ask('a+b%2F', '&marker=a+b%2Fy.img'), '[]'],
    ])
    expect(await fetchListing(`${container}a%20b/`, context)).toEqual([
      folder('1'),
      file('x.img'),
      file('y.img'),
    ])
    context.http.done()
  })

  it.each([
    'https://h/v1/AUTH_b1/c/',
    'https://h/x/v1/AUTH_b1/c/',
    'https://h/swift/v1/0123456789abcdef0123456789abcdef/c/',
    'https://h/swift/v1/c/',
  ])('is known by its URL: %s', async (url) => {
    const context = fakeContext([
      [`GET ${url}?format=json&delimiter=%2F&prefix=d%2F`, '[{"name":"d/x"}]'],
      [`GET ${url}?format=json&delimiter=%2F&prefix=d%2F&marker=d%2Fx`, '[{"name":"d/x"}]'],
    ])
    expect(await fetchListing(`${url}d/`, context)).toEqual([file('x')])
    context.http.done()
  })

  it('may have a page of its own', async () => {
    const context = fakeContext([
      [ask(''), '<a href="x.img">x.img</a>'],
      [`GET ${container}`, '<a href="x.img">x.img</a>'],
    ])
    expect(await fetchListing(container, context)).toEqual([file('x.img')])
  })

  it('at another URL sends names, and more of them if there are many', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `x-${1000 + index}.img`)
    const context = fakeContext([
      ['GET https://h/images/', `${names.join('\n')}\n`],
      ['GET https://h/images/?marker=x-1999.img', 'x-2000.img\n'],
    ])
    expect(await fetchListing('https://h/images/', context)).toContainEqual(file('x-2000.img'))
    context.http.done()
  })

  it('of a server that knows no pages is read once', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `x-${1000 + index}.img`).join('\n')
    const context = fakeContext([
      ['GET https://h/images/', names],
      ['GET https://h/images/?marker=x-1999.img', names],
    ])
    expect(await fetchListing('https://h/images/', context)).toHaveLength(1000)
    context.http.done()
  })

  it('has pages of one form', async () => {
    const context = fakeContext([
      [ask(''), '[{"name":"x.img"}]'],
      [ask('', '&marker=x.img'), '<html>'],
    ])
    expect(await codeOf(() => fetchListing(container, context))).toBe('DISCOVERY_LISTING')
  })

  it.each([['{"error":"x"}'], ['x'], ['[{"nothing":1}]']])('is not %j', (json) => {
    expect(parseContainerPage(json, '')).toBeUndefined()
  })
})

it('a listing that goes on at another page is read to its end', async () => {
  const context = fakeContext([
    ['GET https://h/a/', { text: '[{"name":"x-1.img"}]', next: 'https://h/a/?page=2' }],
    ['GET https://h/a/?page=2', '[{"name":"x-2.img"}]'],
  ])
  expect(await fetchListing('https://h/a/', context)).toEqual([file('x-1.img'), file('x-2.img')])
  context.http.done()
})

describe('a listing that cannot be read', () => {
  it.each([
    ['JSON of a form that is not known', '{"paths":[{"path":"/a"}]}'],
    [
      'XML, which begins with <EnumerationResults>',
      '<?xml version="1.0"?><EnumerationResults><Blobs/></EnumerationResults>',
    ],
    ['XML, which begins with <Error>', '<Error><Code>AccessDenied</Code></Error>'],
    [
      'a page of HTML without links',
      '<!DOCTYPE html><html><script src="app.js"></script><body></body></html>',
    ],
    ['bytes that are no text', '\u001f\ufffd\u0000'],
    ['plain text, and not one name on each line', '-rw-r--r-- 1 root root 1 Aug  1 00:00 x.img'],
  ])('is an error that tells what came: %s', async (form, text) => {
    const listing = fetchListing('https://h/a/', fakeContext([['GET https://h/a/', text]]))
    await expect(listing).rejects.toThrow(`https://h/a/ is no listing that can be read: it is ${form}`)
  })

  it('may be an empty folder', async () => {
    const python = '<!DOCTYPE HTML><html><title>Directory listing for /a/</title><ul>\n</ul></html>'
    expect(await fetchListing('https://h/a/', fakeContext([['GET https://h/a/', python]]))).toEqual([])
  })
})

describe('a server that has no page of a folder', () => {
  async function serve(files: Readonly<Record<string, string>>) {
    const origin = await startOrigin({ files })
    const http = new HttpClient()
    onTestFinished(async () => {
      await http.close()
      await origin.close()
    })
    return { origin, context: { ...fakeContext([]), http: createDiscoveryHttp(http, {}) } }
  }
  const refusal = { status: 404, headers: { 'content-type': 'application/xml' } }

  it.each([
    ['the first segment of the path', '/b/', 'a/'],
    ['the host', '/', 'b/a/'],
  ])('and answers in XML is asked for a bucket: %s', async (_, path, prefix) => {
    const { origin, context } = await serve({
      [path]: bucket(`<Contents><Key>${prefix}x.img</Key></Contents>`),
    })
    origin.fault('/b/a/', refusal)
    if (path === '/') origin.fault('/b/', refusal)
    expect(await fetchListing(`${origin.url}/b/a/`, context)).toEqual([file('x.img')])
  })

  it('and no bucket either says what it said first', async () => {
    const { origin, context } = await serve({ '/b/': '<Error/>', '/': '<a href="b/">b</a>' })
    origin.fault('/b/a/', refusal)
    origin.fault('/b/a', refusal)
    await expect(fetchListing(`${origin.url}/b/a/`, context)).rejects.toThrow('/b/a/ answered 404')
  })

  it('may be a Nexus, which has one elsewhere', async () => {
    const { origin, context } = await serve({})
    const href = `${origin.url}/repository/images/a/x.img`
    origin.put('/service/rest/repository/browse/images/a/', `<a href="${href}">x.img</a><a href="b/">b</a>`)
    for (const path of ['/repository/images/a/', '/repository/images/a']) origin.fault(path, { status: 404 })
    expect(await fetchListing(`${origin.url}/repository/images/a/`, context)).toEqual([
      file('x.img'),
      folder('b'),
    ])
  })
})
