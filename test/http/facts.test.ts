import { expect, test } from 'vitest'
import { parseContentRange } from '../../src/http/answer.ts'
import { statusOf } from '../../src/http/failure.ts'
import { client, failure, origin } from './world.ts'

const file = { body: { size: 5_000_000 }, lastModified: new Date('2025-03-04T05:06:07Z'), etag: '"e"' }

test('HEAD tells the size, the date, the ETag and the type', async () => {
  const server = await origin({ '/image': file })
  expect(await client().facts(`${server.url}/image`)).toEqual({
    url: `${server.url}/image`,
    size: 5_000_000,
    lastModified: file.lastModified,
    etag: '"e"',
    contentType: 'application/octet-stream',
  })
  expect(server.requests.map(({ method }) => method)).toEqual(['HEAD'])
})

test.each([
  { status: 400 },
  { status: 401 },
  { status: 403 },
  { status: 404 },
  { status: 405 },
  { status: 411 },
  { status: 429, headers: { 'retry-after': '3600' } },
  { status: 500 },
  { status: 501 },
  { status: 503 },
  { status: 301 },
  { redirect: 'ftp://elsewhere.example/' },
  { contentLength: 0 },
])('where HEAD is answered by %o, a GET of one byte tells the same', async (fault) => {
  const server = await origin({ '/image': file })
  server.fault('/image', fault)
  const facts = await client().facts(`${server.url}/image`)
  expect(facts).toMatchObject({ size: 5_000_000, lastModified: file.lastModified, etag: '"e"' })
  expect(server.requests.map(({ method, headers }) => [method, headers.range])).toEqual([
    ['HEAD', undefined],
    ['GET', 'bytes=0-0'],
  ])
})

test.each([{ dropAfter: 'headers' }, { stallAfter: 'headers' }] as const)(
  'where HEAD gets no answer (%o), it is a GET that is tried again',
  async (fault) => {
    const server = await origin({ '/image': file })
    server.fault('/image', fault)
    const http = client({ policy: { headersTimeout: 200 } })
    expect(await http.facts(`${server.url}/image`)).toMatchObject({ size: 5_000_000, etag: '"e"' })
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  },
)

test('a file without a byte is one', async () => {
  const server = await origin({ '/image': { ...file, body: '' } })
  expect(await client().facts(`${server.url}/image`)).toMatchObject({ size: 0, etag: '"e"' })
})

test('a server that ignores the range tells the size by Content-Length, and the body is not read', async () => {
  const server = await origin({ '/image': file })
  server.fault('/image', { status: 405 }, { ignoreRange: true })
  expect((await client().facts(`${server.url}/image`)).size).toBe(5_000_000)
})

test('a length beyond what numbers hold is a size, the largest one', async () => {
  const server = await origin({ '/image': file })
  server.fault('/image', { contentLength: 1e19 })
  expect((await client().facts(`${server.url}/image`)).size).toBe(Number.MAX_SAFE_INTEGER)
})

test('without a length the size is unknown', async () => {
  const server = await origin({ '/image': { ...file, etag: null, lastModified: null } })
  server.fault('/image', { chunked: true })
  expect(await client().facts(`${server.url}/image`)).toMatchObject({
    size: undefined,
    lastModified: undefined,
    etag: undefined,
  })
})

test('404 to HEAD and GET is an error and not asked again', async () => {
  const server = await origin()
  const error = await failure(client().facts(`${server.url}/none`))
  expect(error.code).toBe('HTTP_STATUS')
  expect(statusOf(error)).toBe(404)
  expect(error.message).toBe(`GET ${server.url}/none answered 404 Not Found`)
  expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
})

test.each([
  ['bytes 0-0/10', { first: 0, last: 0, total: 10 }],
  ['bytes 5-9/*', { first: 5, last: 9, total: undefined }],
  ['bytes 5-10/10', undefined],
  ['bytes 6-5/10', undefined],
  ['bytes */10', undefined],
  ['items 0-1/10', undefined],
  [undefined, undefined],
])('Content-Range %s', (header, range) => {
  expect(parseContentRange(header)).toEqual(range)
})
