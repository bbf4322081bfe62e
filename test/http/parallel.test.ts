import { expect, test } from 'vitest'
import { spanSize } from '../../src/http/download.ts'
import { generatedBytes } from '../support/bytes.ts'
import { client, collect, failure, origin } from './world.ts'

const size = 3 * spanSize + 12_345
const body = { size, seed: 3 }

const rangesOf = (server: Awaited<ReturnType<typeof origin>>) =>
  server.requestsOf('/image').map(({ headers }) => headers.range)

test('a file comes over several connections, each byte once and in order', async () => {
  const server = await origin({ '/image': { body } })
  const { body: bytes, facts } = await client().download(`${server.url}/image`, { connections: 2 })
  expect(facts.size).toBe(size)
  expect((await collect(bytes)).equals(generatedBytes(size, 3))).toBe(true)
  expect(rangesOf(server)).toEqual([
    undefined,
    `bytes=${spanSize}-${2 * spanSize - 1}`,
    `bytes=${2 * spanSize}-${3 * spanSize - 1}`,
    `bytes=${3 * spanSize}-${size - 1}`,
  ])
  const conditions = server.requestsOf('/image').map(({ headers }) => headers['if-range'])
  expect(new Set(conditions.slice(1)).size).toBe(1)
})

test('no more is read ahead than one span for each connection', async () => {
  const server = await origin({ '/image': { body: { size: 20 * spanSize } } })
  const { body: bytes, discard } = await client().download(`${server.url}/image`, { connections: 3 })
  const iterator = bytes[Symbol.asyncIterator]()
  await iterator.next()
  await expect.poll(() => rangesOf(server).length).toBe(4)
  for (let count = 0; count < 10; count++) await iterator.next()
  expect(rangesOf(server)).toHaveLength(4)
  await iterator.return?.()
  await discard()
})

test.each([
  ['a small file', { body: { size: spanSize - 1 } }],
  ['a server without ranges', { body, headers: { 'accept-ranges': 'none' } }],
  ['a file without ETag and date', { body, etag: null, lastModified: null }],
])('%s comes over one connection', async (_what, file) => {
  const server = await origin({ '/image': file })
  const { body: bytes } = await client().download(`${server.url}/image`, { connections: 4 })
  expect((await collect(bytes)).length).toBe(file.body.size)
  expect(rangesOf(server)).toEqual([undefined])
})

test('a server that announces ranges but sends the whole file is left at one connection', async () => {
  const server = await origin({ '/image': { body } })
  server.fault('/image', {}, { ignoreRange: true })
  const { body: bytes } = await client().download(`${server.url}/image`, { connections: 4 })
  expect((await collect(bytes)).equals(generatedBytes(size, 3))).toBe(true)
  expect(rangesOf(server)).toHaveLength(2)
})

test('a part that breaks off is resumed where it broke off', async () => {
  const server = await origin({ '/image': { body } })
  server.fault('/image', {}, {}, { dropAfter: 100_000 })
  const { body: bytes } = await client().download(`${server.url}/image`, { connections: 2 })
  expect((await collect(bytes)).equals(generatedBytes(size, 3))).toBe(true)
  const starts = rangesOf(server).map((range) => Number(/\d+/.exec(range ?? '')?.[0] ?? 0))
  expect(starts.filter((start) => start % spanSize !== 0)).toHaveLength(1)
})

test.each([
  ['another file', { replace: { body: { size, seed: 4 } } }],
  ['the whole file', { ignoreRange: true }],
  ['another place', { shiftRange: 1 }],
])('a later part that is of %s ends the download', async (_what, fault) => {
  const server = await origin({ '/image': { body } })
  server.fault('/image', {}, {}, fault)
  const { body: bytes } = await client().download(`${server.url}/image`, { connections: 2 })
  expect((await failure(collect(bytes))).code).toBe('HTTP_TRUNCATED')
})

test('an abort ends all parts', async () => {
  const server = await origin({ '/image': { body } })
  server.fault('/image', { stallAfter: 1000, times: 3 })
  const controller = new AbortController()
  const { body: bytes } = await client().download(`${server.url}/image`, {
    connections: 3,
    signal: controller.signal,
  })
  const ended = failure(collect(bytes))
  await expect.poll(() => rangesOf(server).length).toBe(3)
  controller.abort(new Error('enough'))
  expect((await ended).code).toBe('ABORTED')
  await expect.poll(() => server.connections()).toBe(0)
})
