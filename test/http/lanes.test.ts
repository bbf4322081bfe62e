import { expect, test } from 'vitest'
import type { HttpClient } from '../../src/http/client.ts'
import { client, origin } from './world.ts'

test('downloads that use all their connections keep no text waiting', async () => {
  const server = await origin({ '/image': { body: { size: 10_000_000 } }, '/text': 'text' })
  const http = client({ policy: { connections: 1, bulkConnections: 2 } })
  const downloads = [await http.download(`${server.url}/image`), await http.download(`${server.url}/image`)]
  expect((await http.text(`${server.url}/text`)).text).toBe('text')
  expect(await server.connections()).toBe(3)
  for (const download of downloads) await download.discard()
})

test.each<[string, (http: HttpClient, url: string) => Promise<unknown>]>([
  ['is read to its end', (http, url) => http.text(url)],
  ['is discarded', async (http, url) => (await http.send('GET', url)).discard()],
  ['has no body', async (http, url) => (await http.send('HEAD', url)).discard()],
])('an answer that %s leaves its connection to the next request', async (_, ask) => {
  const server = await origin({ '/a': 'a' })
  const http = client()
  for (let count = 0; count < 20; count++) await ask(http, `${server.url}/a`)
  expect(await server.connections()).toBe(1)
})

test('a large answer that is discarded is cut off', async () => {
  const server = await origin({ '/a': { body: { size: 50_000_000 } } })
  await (await client().send('GET', `${server.url}/a`)).discard()
  await expect.poll(() => server.connections()).toBe(0)
})

test('an upload gets the time that its size needs', async () => {
  const server = await origin()
  server.fault('/slow', { status: 200 })
  const http = client({ policy: { headersTimeout: 1, uploadRate: 1024, retries: 0 } })
  const answer = await http.send('PUT', `${server.url}/slow`, { body: Buffer.alloc(1024 * 1024) })
  expect(answer.status).toBe(200)
  await answer.discard()
})
