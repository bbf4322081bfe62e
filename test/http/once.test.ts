import { expect, test } from 'vitest'
import { askOnce } from '../../src/http/once.ts'
import { client, failure, origin } from './world.ts'

test('each URL is asked once, at the same time and later', async () => {
  const server = await origin({ '/a': 'a', '/b': 'b' })
  const http = askOnce(client())
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
  const http = askOnce(client())
  const [one, two] = await Promise.all([
    failure(http.text(`${server.url}/none`)),
    failure(http.text(`${server.url}/none`)),
  ])
  expect(one).toBe(two)
  expect(await failure(http.text(`${server.url}/none`))).toBe(one)
  expect(server.requests).toHaveLength(1)
})

test('headers of its own make a request of its own', async () => {
  const server = await origin({ '/a': 'a' })
  const http = askOnce(client())
  await http.text(`${server.url}/a`, { headers: { accept: 'text/html' } })
  await http.text(`${server.url}/a`)
  expect(server.requests).toHaveLength(2)
})
