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

test('one that aborts leaves the others their answer', async () => {
  const server = await origin({ '/a': 'a' })
  server.fault('/a', { trickle: { bytes: 1, milliseconds: 50 } })
  const http = askOnce(client())
  const controller = new AbortController()
  const impatient = failure(http.text(`${server.url}/a`, { signal: controller.signal }))
  const patient = http.text(`${server.url}/a`)
  controller.abort()
  expect(await impatient).toMatchObject({ code: 'ABORTED' })
  expect((await patient).text).toBe('a')
  expect(server.requests).toHaveLength(1)
})

test('when the last asker has left the request ends, and the next one asks anew', async () => {
  const server = await origin({ '/a': 'a' })
  server.fault('/a', { stallAfter: 'headers' })
  const http = askOnce(client())
  const controller = new AbortController()
  const { signal } = controller
  const askers = [
    failure(http.text(`${server.url}/a`, { signal })),
    failure(http.text(`${server.url}/a`, { signal })),
  ]
  await expect.poll(() => server.requests.length).toBe(1)
  controller.abort()
  for (const asker of askers) expect(await asker).toMatchObject({ code: 'ABORTED' })
  await expect.poll(() => server.connections()).toBe(0)
  expect((await http.text(`${server.url}/a`)).text).toBe('a')
  expect(await failure(http.text(`${server.url}/a`, { signal }))).toMatchObject({ code: 'ABORTED' })
})

test('headers of its own make a request of its own', async () => {
  const server = await origin({ '/a': 'a' })
  const http = askOnce(client())
  await http.text(`${server.url}/a`, { headers: { accept: 'text/html' } })
  await http.text(`${server.url}/a`)
  expect(server.requests).toHaveLength(2)
})
