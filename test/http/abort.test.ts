import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { sleep } from '../../src/http/abort.ts'
import { HttpClient } from '../../src/http/client.ts'
import { client, collect, failure, origin } from './world.ts'

test('an aborted signal asks nothing', async () => {
  const server = await origin({ '/a': 'a' })
  const signal = AbortSignal.abort()
  const http = client()
  const url = `${server.url}/a`
  for (const asked of [
    http.text(url, { signal }),
    http.facts(url, { signal }),
    http.download(url, { signal }),
  ]) {
    expect(await failure(asked)).toMatchObject({ code: 'ABORTED' })
  }
  expect(await failure(http.send('PUT', url, { signal, body: 'x' }))).toMatchObject({ code: 'ABORTED' })
  expect(server.requests).toHaveLength(0)
})

test('an abort ends the waiting for an answer and frees the connection', async () => {
  const server = await origin({ '/a': 'a' })
  server.fault('/a', { stallAfter: 'headers', times: 9 })
  const controller = new AbortController()
  const asked = failure(client().text(`${server.url}/a`, { signal: controller.signal }))
  await expect.poll(() => server.requests.length).toBe(1)
  controller.abort(new Error('enough'))
  expect(await asked).toMatchObject({ code: 'ABORTED' })
  await expect.poll(() => server.connections()).toBe(0)
  expect(server.requests).toHaveLength(1)
})

test('an abort ends a body, a download and does not resume', async () => {
  const server = await origin({ '/a': { body: { size: 10_000_000 } } })
  server.fault('/a', { stallAfter: 1000, times: 9 })
  const http = client()
  const [one, two] = [new AbortController(), new AbortController()]
  const text = failure(http.text(`${server.url}/a`, { signal: one.signal }))
  one.abort()
  expect(await text).toMatchObject({ code: 'ABORTED' })

  const download = await http.download(`${server.url}/a`, { signal: two.signal })
  const body = failure(collect(download.body))
  two.abort()
  expect(await body).toMatchObject({ code: 'ABORTED' })
  await expect.poll(() => server.connections()).toBe(0)
})

test('an abort ends the pause between attempts', async () => {
  const server = await origin()
  server.fault('/a', { status: 503, headers: { 'retry-after': '50' }, times: 9 })
  const controller = new AbortController()
  const http = new HttpClient({ note: () => controller.abort() })
  onTestFinished(() => http.close())
  expect(await failure(http.text(`${server.url}/a`, { signal: controller.signal }))).toMatchObject({
    code: 'ABORTED',
  })
  expect(server.requests).toHaveLength(1)
})

test('an abort ends the making of a connection', async () => {
  const silent = createServer(() => undefined)
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  const controller = new AbortController()
  const http = client()
  const connected = once(silent, 'connection')
  const asked = failure(http.text(`https://127.0.0.1:${port}/`, { signal: controller.signal }))
  await connected
  controller.abort()
  expect(await asked).toMatchObject({ code: 'ABORTED' })
  await http.close()
})

test('a handshake that does not end is a timeout', async () => {
  const silent = createServer(() => undefined)
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  const http = client({ policy: { connectTimeout: 50, retries: 0 } })
  expect(await failure(http.text(`https://127.0.0.1:${port}/`))).toMatchObject({
    code: 'HTTP_TIMEOUT',
    message: `GET https://127.0.0.1:${port}/ failed: no connection in time`,
  })
})

test('one signal serves many requests without a warning or a leak', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const server = await origin({ '/a': 'a' })
  const http = client()
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 40 }, () => http.text(`${server.url}/a`, { signal })))
  await new Promise((resolve) => setImmediate(resolve))
  expect(warnings).toEqual([])
  expect(await server.connections()).toBeLessThanOrEqual(6)
})

test('sleep wakes for an abort', async () => {
  const controller = new AbortController()
  const asleep = failure(sleep(60_000, controller.signal))
  controller.abort()
  expect(await asleep).toMatchObject({ code: 'ABORTED' })
})

test('a closed client asks nothing more, and tries nothing again', async () => {
  const server = await origin({ '/a': 'a' })
  const notes: string[] = []
  const http = client({ note: (message) => notes.push(message) })
  await http.text(`${server.url}/a`)
  await http.close()
  expect(await failure(http.text(`${server.url}/a`))).toMatchObject({
    code: 'HTTP_NETWORK',
    message: `GET ${server.url}/a failed: the client is closed`,
  })
  await expect.poll(() => server.connections()).toBe(0)
  expect(notes).toEqual([])
})

test.each([['headers'], [1000]] as const)(
  'a client that is closed ends what waits after %s, and does not try it again',
  async (stallAfter) => {
    const server = await origin({ '/a': { body: { size: 100_000 } } })
    server.fault('/a', { stallAfter, times: 9 })
    const notes: string[] = []
    const http = client({ note: (message) => notes.push(message) })
    const asked = failure(http.text(`${server.url}/a`))
    await expect.poll(() => server.requests.length).toBe(1)
    await http.close()
    expect((await asked).message).toBe(`GET ${server.url}/a failed: the client is closed`)
    expect(notes).toEqual([])
  },
)

test('a client that is closed ends the pause between attempts', async () => {
  const server = await origin()
  server.fault('/a', { status: 503, headers: { 'retry-after': '50' }, times: 9 })
  let paused = () => {}
  const pausing = new Promise<void>((resolve) => {
    paused = resolve
  })
  const http = new HttpClient({ note: () => paused() })
  const asked = failure(http.text(`${server.url}/a`))
  await pausing
  await http.close()
  expect(await asked).toMatchObject({ code: 'ABORTED', cause: { message: 'the client is closed' } })
  expect(server.requests).toHaveLength(1)
})
