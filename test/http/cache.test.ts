import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { cacheFolder as ownCacheFolder } from '../../src/cache-folder.ts'
import { createDiscoveryHttp } from '../../src/http/discovery-http.ts'
import { client, failure, origin } from './world.ts'

async function cacheFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'image-updater-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  return join(parent, 'a', 'http')
}

/** A client as each run has its own. */
const run = (folder: string, mayWrite = true) =>
  createDiscoveryHttp(client(), { cache: { folder, mayWrite } })

const statesOf = (server: Awaited<ReturnType<typeof origin>>) =>
  server.requests.map(({ headers }) => headers['if-none-match'] ?? headers['if-modified-since'])

test('a text that has not changed is asked for in every run, and sent once', async () => {
  const server = await origin({ '/SHA256SUMS': 'sums' })
  const folder = await cacheFolder()
  const first = await run(folder).text(`${server.url}/SHA256SUMS`)
  const second = await run(folder).text(`${server.url}/SHA256SUMS`)
  expect(second.text).toBe('sums')
  expect({ ...second, bytes: [...second.bytes] }).toEqual({ ...first, bytes: [...first.bytes] })
  expect(statesOf(server)).toEqual([undefined, first.etag])
})

test('a text that has changed is the new one, and is kept', async () => {
  const server = await origin({ '/a': 'old' })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  server.put('/a', 'new')
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('new')
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('new')
  expect(new Set(statesOf(server)).size).toBe(3)
})

test('a date serves where there is no ETag', async () => {
  const server = await origin({ '/a': { body: 'a', etag: null } })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('a')
  expect(statesOf(server)).toEqual([undefined, 'Thu, 02 Jan 2025 03:04:05 GMT'])
})

const second = 'Thu, 02 Jan 2025 03:04:05 GMT'

test.each([
  ['a date of the very second of the answer', { etag: null }, { date: second }],
  ['a date later than the answer', { etag: null }, { date: 'Thu, 02 Jan 2025 03:04:04 GMT' }],
  ['a date, of an answer that has none', { etag: null }, { date: 'now' }],
  ['an ETag beside such a date, of which it may be made', {}, { date: second }],
])('%s proves nothing: the text is asked for in full', async (_, file, headers) => {
  const server = await origin({ '/a': { body: 'old', ...file } })
  const folder = await cacheFolder()
  server.fault('/a', { headers })
  await run(folder).text(`${server.url}/a`)
  server.put('/a', { body: 'new', ...file })
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('new')
  expect(statesOf(server)).toEqual([undefined, undefined])
})

test('a date of the second before the answer is asked with', async () => {
  const server = await origin({ '/a': { body: 'a', etag: null } })
  const folder = await cacheFolder()
  server.fault('/a', { headers: { date: 'Thu, 02 Jan 2025 03:04:06 GMT' } })
  await run(folder).text(`${server.url}/a`)
  await run(folder).text(`${server.url}/a`)
  expect(statesOf(server)).toEqual([undefined, second])
})

test.each([
  ['an entry of an earlier version', (text: string) => text.replace('"format":3,', '')],
  ['a file of other content', () => '{"asked":1}'],
  ['no JSON', () => 'sums'],
  ['nothing', () => ''],
  ['another body', (text: string) => text.replace(/"body":"[^"]*"/, '"body":"aGFjaw=="')],
  ['another URL', (text: string) => text.replace(/"asked":"[^"]*"/, '"asked":"http://elsewhere/"')],
  ['a header that is none', (text: string) => text.replace(/"etag":"[^,]*/, '"etag":"a\\r\\nx: y"')],
])('an entry that holds %s is ignored', async (_what, damage) => {
  const server = await origin({ '/a': { body: 'right', lastModified: null } })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  const [name = ''] = await readdir(folder)
  const path = join(folder, name)
  await writeFile(path, damage(await readFile(path, 'utf8')))
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('right')
  expect(statesOf(server)).toEqual([undefined, undefined])
})

test('what others can write is not read', async () => {
  const server = await origin({ '/a': 'a' })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  const [name = ''] = await readdir(folder)
  await chmod(join(folder, name), 0o666)
  await run(folder).text(`${server.url}/a`)
  await chmod(join(folder, name), 0o600)
  await chmod(folder, 0o777)
  await run(folder).text(`${server.url}/a`)
  expect(statesOf(server)).toEqual([undefined, undefined, undefined])
})

test('the folder is for its owner alone', async () => {
  const server = await origin({ '/a': 'a' })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
})

test('a folder that cannot be made costs nothing but the cache', async () => {
  const server = await origin({ '/a': 'a' })
  const parent = await cacheFolder()
  await mkdir(parent, { recursive: true })
  await writeFile(join(parent, 'file'), '')
  const folder = join(parent, 'file', 'http')
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('a')
})

test('a run that may not write leaves the cache as it is', async () => {
  const server = await origin({ '/a': 'a' })
  const folder = await cacheFolder()
  await run(folder, false).text(`${server.url}/a`)
  await expect(stat(folder)).rejects.toThrow()
})

test('credentials in a URL leave no trace', async () => {
  const server = await origin({ '/a': 'a' })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url.replace('//', '//user:secret@')}/a`)
  await run(folder).text(`${server.url}/a?signature=secret`)
  server.fault('/b', { redirect: '/a?signature=secret' })
  await run(folder).text(`${server.url}/b`)
  await expect(stat(folder)).rejects.toThrow()
})

test('a redirect to another place that says "not modified" is asked in full', async () => {
  const server = await origin({ '/a': 'first', '/b': { body: 'second', etag: '"b"' }, '/c': 'c' })
  server.put('/a', { body: 'first', etag: '"b"' })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  server.fault('/a', { redirect: '/b', times: 2 })
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('second')
})

test.each([
  ['date', { etag: null }, { 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT' }],
  ['ETag', {}, { etag: '"another"' }],
])('a "not modified" with another %s is asked in full', async (_, file, headers) => {
  const server = await origin({ '/a': { body: 'new', ...file } })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  server.put('/a', { body: 'old', ...file })
  server.fault('/a', { status: 304, headers })
  expect((await run(folder).text(`${server.url}/a`)).text).toBe('old')
})

test('an error is the error that it is', async () => {
  const server = await origin({ '/a': 'a' })
  const folder = await cacheFolder()
  await run(folder).text(`${server.url}/a`)
  server.remove('/a')
  expect((await failure(run(folder).text(`${server.url}/a`))).message).toContain('404')
})

test('it lies in the cache folder of the user', () => {
  expect(ownCacheFolder('http', { XDG_CACHE_HOME: '/x' })).toBe('/x/image-updater/http')
  expect(ownCacheFolder('http', { XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/image-updater\/http$/)
})

test('a folder that cannot be made is no error, and is not tried for ever', async () => {
  const server = await origin({ '/a': 'a' })
  for (const folder of [
    '/proc/no-such-process/image-updater/http',
    '/proc/self/fd/none/image-updater/http',
  ]) {
    expect((await run(folder).text(`${server.url}/a`)).text).toBe('a')
  }
  expect(statesOf(server)).toEqual([undefined, undefined])
})

test('several texts at once make the folder, and all are kept', async () => {
  const server = await origin({ '/a': 'a', '/b': 'b', '/c': 'c' })
  const folder = await cacheFolder()
  const cached = run(folder)
  await Promise.all(['a', 'b', 'c'].map((name) => cached.text(`${server.url}/${name}`)))
  expect(await readdir(folder)).toHaveLength(3)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
})
