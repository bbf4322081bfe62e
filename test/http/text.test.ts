import { deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readText } from '../../src/http/answer.ts'
import { version } from '../../src/package.ts'
import { client, failure, origin } from './world.ts'

test('a text comes decoded, with its bytes and its address', async () => {
  const server = await origin({ '/SHA256SUMS': 'abc  file.img\n' })
  const answer = await client().text(`${server.url}/SHA256SUMS`)
  expect(answer.text).toBe('abc  file.img\n')
  expect(Buffer.from(answer.bytes).toString()).toBe('abc  file.img\n')
  expect(answer.url).toBe(`${server.url}/SHA256SUMS`)
})

test('a byte order mark is dropped, invalid UTF-8 becomes U+FFFD, the bytes stay', async () => {
  const body = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62])
  const server = await origin({ '/odd': body })
  const answer = await client().text(`${server.url}/odd`)
  expect(answer.text).toBe('a\ufffdb')
  expect(Buffer.from(answer.bytes)).toEqual(body)
})

const utf16 = Buffer.from('\ufeffabc  größe.img\n', 'utf16le')
test.each([
  ['little-endian', utf16],
  ['big-endian', Buffer.from(utf16).swap16()],
])('UTF-16 with a byte order mark is read: %s', async (_, body) => {
  const server = await origin({ '/SHA256SUMS': body })
  expect((await client().text(`${server.url}/SHA256SUMS`)).text).toBe('abc  größe.img\n')
})

test.each([
  ['</a?page=2>; rel="next"', '/a?page=2'],
  ['<http://h/1>; rel="prev", <http://h/3>; rel="next", <http://h/9>; rel="last"', 'http://h/3'],
  ['<http://h/3>; title="x"; rel=next', 'http://h/3'],
  ['<http://h/1>; rel="prev"', undefined],
  ['<http://[>; rel="next"', undefined],
  ['next', undefined],
])('the next page of a list is that of its Link header: %s', async (link, expected) => {
  const server = await origin({ '/a': { body: 'a', headers: { link } } })
  const { next } = await client().text(`${server.url}/a`)
  expect(next).toBe(expected?.startsWith('/') ? server.url + expected : expected)
})

test('requests say who asks and want no encoding', async () => {
  const server = await origin({ '/a': 'a' })
  await client().text(`${server.url}/a`, { headers: { Accept: 'text/html' } })
  expect(server.requests[0]?.headers).toMatchObject({
    'user-agent': `openstack-image-updater/${version()}`,
    'accept-encoding': 'identity',
    accept: 'text/html',
  })
})

test('an announced length over the limit is refused before the body is read', async () => {
  const server = await origin({ '/big': { body: { size: 64 * 1024 * 1024 } } })
  const error = await failure(client().text(`${server.url}/big`))
  expect(error.code).toBe('HTTP_TOO_LARGE')
  expect(error.message).toBe(`${server.url}/big is larger than 8388608 bytes`)
})

test('a body without a length is refused while it streams', async () => {
  const server = await origin({ '/big': { body: { size: 1024 * 1024 * 1024 } } })
  server.fault('/big', { chunked: true })
  const error = await failure(client({ policy: { textLimit: 100_000 } }).text(`${server.url}/big`))
  expect(error.code).toBe('HTTP_TOO_LARGE')
  expect(server.requests).toHaveLength(1)
})

test('a text of exactly the limit is taken', async () => {
  const server = await origin({ '/edge': 'x'.repeat(1000), '/over': 'x'.repeat(1001) })
  const http = client({ policy: { textLimit: 1000 } })
  expect((await http.text(`${server.url}/edge`)).text).toHaveLength(1000)
  expect((await failure(http.text(`${server.url}/over`))).code).toBe('HTTP_TOO_LARGE')
})

test('gzip that nobody asked for is decoded', async () => {
  const server = await origin({ '/manifest': 'hello\n' })
  server.fault('/manifest', { gzip: true })
  expect((await client().text(`${server.url}/manifest`)).text).toBe('hello\n')
})

test.each([
  'aws-chunked',
  'identity',
  'none',
  'UTF-8',
  'utf8',
  'binary',
  'text/plain',
  '',
  'identity, aws-chunked',
])('the encoding "%s" changes nothing', async (encoding) => {
  const server = await origin({ '/SHA256SUMS': { body: 'sums', headers: { 'content-encoding': encoding } } })
  expect((await client().text(`${server.url}/SHA256SUMS`)).text).toBe('sums')
})

test.each(['aws-chunked,gzip', 'gzip, identity', 'X-GZIP'])(
  'of the encodings "%s", gzip is decoded',
  async (encoding) => {
    const body = gzipSync('sums')
    const server = await origin({ '/SHA256SUMS': { body, headers: { 'content-encoding': encoding } } })
    expect((await client().text(`${server.url}/SHA256SUMS`)).text).toBe('sums')
  },
)

test('several encodings are undone, the last one first', async () => {
  const body = gzipSync(deflateSync('sums'))
  const server = await origin({ '/SHA256SUMS': { body, headers: { 'content-encoding': 'deflate, gzip' } } })
  expect((await client().text(`${server.url}/SHA256SUMS`)).text).toBe('sums')
})

test('a gzip bomb is refused', async () => {
  const body = gzipSync(Buffer.alloc(20 * 1024 * 1024))
  const server = await origin({ '/bomb': { body, headers: { 'content-encoding': 'gzip' } } })
  expect((await failure(client().text(`${server.url}/bomb`))).code).toBe('HTTP_TOO_LARGE')
})

test('an unknown encoding and broken gzip are errors', async () => {
  const server = await origin({
    '/zstd': { body: 'x', headers: { 'content-encoding': 'zstd' } },
    '/broken': { body: 'x', headers: { 'content-encoding': 'gzip' } },
  })
  const unknown = await failure(client().text(`${server.url}/zstd`))
  expect(unknown.code).toBe('HTTP_NETWORK')
  expect(unknown.message).toContain('"zstd"')
  expect((await failure(client().text(`${server.url}/broken`))).message).toContain('cannot be decoded')
})

test('a text that breaks off half-way is asked for again, whole', async () => {
  const server = await origin({ '/manifest': 'x'.repeat(5000) })
  server.fault('/manifest', { dropAfter: 2500 }, { contentLength: 6000 })
  expect((await client().text(`${server.url}/manifest`)).text).toBe('x'.repeat(5000))
  expect(server.requests).toHaveLength(3)
})

test('readText bounds the body of any answer', async () => {
  const server = await origin({ '/answer': '<Error/>' })
  const http = client()
  expect(await readText(await http.send('GET', `${server.url}/answer`), 100)).toBe('<Error/>')
  const open = await http.send('GET', `${server.url}/answer`)
  expect((await failure(readText(open, 4))).code).toBe('HTTP_TOO_LARGE')
})
