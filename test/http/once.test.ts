import { expect, test } from 'vitest'
import { createDiscoveryHttp } from '../../src/http/discovery-http.ts'
import { client, failure, origin } from './world.ts'

test('each URL is asked once, at the same time and later', async () => {
  const server = await origin({ '/a': 'a', '/b': 'b' })
  const http = createDiscoveryHttp(client(), {})
  const texts = await Promise.all(Array.from({ length: 20 }, () => http.text(`${server.url}/a`)))
  expect(new Set(texts.map(({ text }) => text))).toEqual(new Set(['a']))
  await http.text(`${server.url}/a`)
  await http.facts(`${server.url}/a`)
  await http.facts(`${server.url}/a`)
  await http.text(`${server.url}/b`)
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /a',
    'HEAD /a',
    'GET /b',
  ])
})

test('a failure is shared too', async () => {
  const server = await origin()
  const http = createDiscoveryHttp(client(), {})
  const [one, two] = await Promise.all([
    failure(http.text(`${server.url}/none`)),
    failure(http.text(`${server.url}/none`)),
  ])
  expect(one).toBe(two)
  expect(await failure(http.text(`${server.url}/none`))).toBe(one)
  expect(server.requests).toHaveLength(1)
})

test('a request that nobody wants any more is aborted, and asked anew by the next', async () => {
  const server = await origin({ '/a': 'a' })
  server.fault('/a', { stallAfter: 'headers' })
  const http = createDiscoveryHttp(client(), {})
  const [one, two] = [new AbortController(), new AbortController()]
  const asked = [one, two].map(({ signal }) => failure(http.text(`${server.url}/a`, { signal })))
  await expect.poll(() => server.requests.length).toBe(1)
  one.abort()
  expect(await server.connections()).toBe(1)
  two.abort()
  expect((await Promise.all(asked)).map(({ code }) => code)).toEqual(['ABORTED', 'ABORTED'])
  await expect.poll(() => server.connections()).toBe(0)
  expect((await http.text(`${server.url}/a`)).text).toBe('a')
  one.abort()
  await http.text(`${server.url}/a`)
  expect(server.requests).toHaveLength(2)
})
