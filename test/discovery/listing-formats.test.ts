import { describe, expect, it } from 'vitest'
import { parseJsonListing } from '../../src/discovery/documents.ts'
import { fetchListing } from '../../src/discovery/listing.ts'
import { parseBucketPage } from '../../src/discovery/listing-formats.ts'
import { codeOf, fakeContext } from './fake-http.ts'

describe("MirrorCache's JSON", () => {
  it('names files and folders, and drops what is no plain name', () => {
    const data = ['15.6/', '16.0/', 'x.iso', '../', '..', 'a/b', '/etc/', 'x\u0000', ''].map((name) => ({
      name,
      size: null,
    }))
    expect(parseJsonListing(JSON.stringify({ data }))).toEqual([
      { name: '15.6', isFolder: true },
      { name: '16.0', isFolder: true },
      { name: 'x.iso', isFolder: false },
    ])
  })

  it.each([[''], ['null'], ['x'], ['{}'], ['{"data":{}}'], ['{"data":[{"name":1}]}'], ['[1]']])(
    'of another form names nothing: %j',
    (json) => {
      expect(parseJsonListing(json)).toEqual([])
    },
  )

  it('is asked for at the URL that the resolver says', async () => {
    const context = fakeContext([['GET https://h/leap/?jsontable', '{"data":[{"name":"16.0/"}]}']])
    const resolver = { name: 'x', listingUrl: (folder: string) => `${folder}?jsontable` }
    const listing = await fetchListing('https://h/leap/', { ...context, resolver })
    expect(listing).toEqual([{ name: '16.0', isFolder: true }])
    context.http.done()
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
      next: undefined,
    })
  })

  it.each([[''], ['<html><body>x'], ['<Error><Code>AccessDenied</Code></Error>'], ['{'], [bucket('')]])(
    'of another form names nothing: %j',
    (xml) => {
      expect(parseBucketPage(xml, 'a/')).toEqual({ entries: [], next: undefined })
    },
  )

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
      const text = bucket('<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>')
      return { url, text, bytes: Buffer.from(text) }
    }
    expect(await codeOf(() => fetchListing(`${root}/a/`, context))).toBe('DISCOVERY_NOTHING_FOUND')
    expect(asked).toBe(20)
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

  it('are none on another page', async () => {
    expect(
      await fetchListing('https://github.com/o/r/releases/download/', fakeContext([[api, '<html>']])),
    ).toEqual([])
  })
})
