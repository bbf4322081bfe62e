import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { parseUrl, redactUrl } from '../../src/http/url.ts'
import { client, failure, origin } from './world.ts'

test.each([
  ['https://user:pass@h.example/p?X-Amz-Signature=s#f', 'https://h.example/p?…'],
  ['https://h.example/p', 'https://h.example/p'],
  ['https://h.example/a@b', 'https://h.example/a@b'],
  ['http://user:pa/ss@h.example/p', 'http://h.example/p'],
  ['http://user:pa?ss@h.example/p', 'http://h.example/p'],
  ['user:pass@h.example/p', 'h.example/p'],
  ['ftp://user:pass@h.example/p?q', 'h.example/p?…'],
])('%s is shown as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown)
})

test.each([
  '',
  'nonsense',
  '/path',
  'ftp://h.example/',
  'file:///etc/passwd',
  'http://',
  'http://h.example/a\nb',
])('%j is no URL to ask', async (url) => {
  expect(await failure(client().text(url))).toMatchObject({ code: 'HTTP_URL' })
})

test('any text parses or fails with HTTP_URL, and never shows a password', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((x) => `http://u:SECRET${x}@h/`),
      ),
      (text) => {
        try {
          expect(parseUrl(text).url.href).not.toContain('SECRET')
        } catch (error) {
          expect(error).toBeInstanceOf(UpdaterError)
          expect((error as UpdaterError).code).toBe('HTTP_URL')
          expect((error as UpdaterError).message).not.toContain('SECRET')
        }
      },
    ),
    { seed: 2, numRuns: 500 },
  )
})

test('userinfo becomes Basic authorization for its origin and is never told', async () => {
  const [home, other] = [await origin({ '/a': 'a' }), await origin({ '/b': 'b' })]
  const url = `http://us%40er:p%3Ass@127.0.0.1:${new URL(home.url).port}/a`
  const http = client()
  const answer = await http.text(url)
  expect(answer.url).toBe(`${home.url}/a`)
  expect(home.requests[0]?.headers.authorization).toBe(
    `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`,
  )

  home.fault('/a', { redirect: `${other.url}/b` }, { status: 404 })
  await http.text(url)
  expect(other.requests[0]?.headers.authorization).toBeUndefined()
  const error = await failure(http.text(url))
  expect(error.message).toBe(`GET ${home.url}/a answered 404 Not Found`)
})
