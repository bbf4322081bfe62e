import { expect, test } from 'vitest'
import { nextRequest } from '../../src/http/redirect.ts'
import { client, collect, failure, origin } from './world.ts'

test('redirects are followed and the last address is told', async () => {
  const server = await origin({ '/c': 'here' })
  server.fault('/a', { redirect: '/b', status: 301 })
  server.fault('/b', { redirect: `${server.url}/c?token=1`, status: 307 })
  const answer = await client().text(`${server.url}/a`)
  expect(answer).toMatchObject({ text: 'here', url: `${server.url}/c?token=1` })
})

test('five are followed, a sixth is not', async () => {
  const server = await origin({ '/6': 'here' })
  const link = (from: number) => server.fault(`/${from}`, { redirect: `/${from + 1}` })
  for (const from of [1, 2, 3, 4, 5]) link(from)
  expect((await client().text(`${server.url}/1`)).text).toBe('here')
  for (const from of [0, 1, 2, 3, 4, 5]) link(from)
  const error = await failure(client().text(`${server.url}/0`))
  expect(error).toMatchObject({
    code: 'HTTP_REDIRECT',
    message: `The redirect of GET ${server.url}/0 does not end within 5 redirects`,
  })
})

test('a loop is noticed', async () => {
  const server = await origin()
  server.fault('/a', { redirect: '/b' })
  server.fault('/b', { redirect: '/a' })
  const error = await failure(client().text(`${server.url}/a`))
  expect(error.code).toBe('HTTP_REDIRECT')
  expect(error.message).toContain('comes back to')
  expect(server.requests).toHaveLength(2)
})

test.each([
  ['ftp://example.org/x', 'leads to "ftp://example.org/x"'],
  ['file:///etc/passwd', 'leads to "file:///etc/passwd"'],
  ['http://[nonsense', 'leads to "http://[nonsense"'],
  ['javascript:alert(1)', 'leads to "javascript:alert(1)"'],
])('a redirect to %s is refused', async (location, message) => {
  const server = await origin()
  server.fault('/a', { redirect: location })
  const error = await failure(client().text(`${server.url}/a`))
  expect(error.code).toBe('HTTP_REDIRECT')
  expect(error.message).toContain(message)
})

test('a redirect without a Location is refused', async () => {
  const server = await origin()
  server.fault('/a', { status: 302 })
  const error = await failure(client().text(`${server.url}/a`))
  expect(error).toMatchObject({ code: 'HTTP_REDIRECT' })
  expect(error.message).toContain('without a Location')
})

test('https never leads to http', () => {
  const request = { method: 'GET', url: new URL('https://a.example/x'), headers: {} }
  const to = (location: string) => () =>
    nextRequest(request, { status: 302, headers: { location }, reach: 'public' })
  expect(to('http://a.example/x')).toThrow('leads from https to http://a.example/x')
  expect(to('https://b.example/x')().url.href).toBe('https://b.example/x')
  expect(to('//b.example/x')().url.href).toBe('https://b.example/x')
})

test('another origin sees no credentials, the same one does', async () => {
  const [home, other] = [await origin({ '/a': 'here' }), await origin({ '/a': 'there' })]
  home.fault('/same', { redirect: '/a' })
  home.fault('/other', { redirect: `http://eve:eve@127.0.0.1:${new URL(other.url).port}/a` })
  const http = client()
  const headers = { Authorization: 'Bearer secret', 'X-Auth-Token': 'secret', Accept: 'text/plain' }
  await http.text(`${home.url}/same`, { headers })
  await http.text(`${home.url}/other`, { headers })
  expect(home.requestsOf('/a')[0]?.headers).toMatchObject({
    authorization: 'Bearer secret',
    'x-auth-token': 'secret',
  })
  const [seen] = other.requests
  expect(seen?.headers.authorization).toBeUndefined()
  expect(seen?.headers['x-auth-token']).toBeUndefined()
  expect(seen?.headers.accept).toBe('text/plain')
})

test('send follows none where it is told so, and none for a body', async () => {
  const server = await origin({ '/b': 'b' })
  server.fault('/a', { redirect: '/b' }, { redirect: '/b' }, { redirect: '/b' })
  const http = client()
  const answer = await http.send('GET', `${server.url}/a`, { redirects: 0 })
  expect([answer.status, answer.headers.location]).toEqual([302, '/b'])
  await answer.discard()
  const followed = await http.send('GET', `${server.url}/a`)
  expect((await collect(followed.body)).toString()).toBe('b')
  expect(await failure(http.send('POST', `${server.url}/a`, { body: 'x' }))).toMatchObject({
    code: 'HTTP_REDIRECT',
  })
})
