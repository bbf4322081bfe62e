import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { client, failure } from './world.ts'

const certificate = makeCertificate()
const named = makeCertificate('DNS:localhost')
const codeOf = ({ code }: { code: string }) => code

describe.skipIf(certificate === undefined)(
  `https${certificate === undefined ? ' (needs openssl)' : ''}`,
  () => {
    let server: Origin
    let proxy: TestProxy
    beforeAll(async () => {
      server = await startOrigin({ files: { '/a': 'secret' }, tls: certificate })
      proxy = await startProxy()
    })
    afterAll(async () => {
      await Promise.all([server.close(), proxy.close()])
      certificate?.remove()
      named?.remove()
    })

    /** What a process of its own gets, one line per URL: Node reads NODE_EXTRA_CA_CERTS when it starts. */
    async function ask(urls: string[], env: Record<string, string>): Promise<string[]> {
      const script = `
      import { HttpClient } from './src/http/client.ts'
      const http = new HttpClient()
      for (const url of ${JSON.stringify(urls)})
        await http.text(url).then(({ text }) => console.log(text), ({ code }) => console.log(code))
      await http.close()`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', script],
        { env: { PATH: process.env.PATH, ...env } },
      )
      return stdout.trim().split('\n')
    }

    test('a certificate that nobody vouches for is refused at once, with the way out', async () => {
      const http = client()
      const error = await failure(http.text(`${server.url}/a`))
      expect(error.code).toBe('HTTP_NETWORK')
      expect(error.message).toContain('certificate is not trusted')
      expect(error.remedy).toContain('NODE_EXTRA_CA_CERTS')
      expect(http.pauses).toEqual([])
    })

    test('an authority of our own is trusted, https never leads to http, and a tunnel works', async () => {
      server.fault('/down', { redirect: 'http://127.0.0.1:9/a' })
      const trusted = { NODE_EXTRA_CA_CERTS: certificate?.certFile ?? '' }
      expect(await ask([`${server.url}/a`, `${server.url}/down`], trusted)).toEqual([
        'secret',
        'HTTP_REDIRECT',
      ])
      expect(await ask([`${server.url}/a`], { ...trusted, HTTPS_PROXY: proxy.url })).toEqual(['secret'])
      expect(proxy.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
        `CONNECT ${server.url.slice('https://'.length)}`,
      ])
    })

    test.each([
      ['an authority of its own', { ca: certificate?.cert }, 'secret'],
      ['another authority', { ca: named?.cert }, 'HTTP_NETWORK'],
      ['no look at certificates', { rejectUnauthorized: false }, 'secret'],
    ])('a client with %s: %s', async (_, tls, expected) => {
      const got = client({ tls }).text(`${server.url}/a`)
      expect(await got.then(({ text }) => text, codeOf)).toBe(expected)
    })

    test('a client shows the certificate that it was given, through a tunnel too, and trusts a proxy no more for it', async () => {
      const asking = { ...certificate, requestCert: true, ca: named?.cert }
      const strict = await startOrigin({ files: { '/a': 'known' }, tls: asking as typeof certificate })
      const secureProxy = await startProxy({ tls: certificate })
      onTestFinished(() => Promise.all([strict.close(), secureProxy.close()]).then(() => {}))
      const ask = (tls: object) =>
        client({ tls: { ca: certificate?.cert, ...tls } })
          .text(`${strict.url}/a`)
          .then(({ text }) => text, codeOf)
      expect(await ask({})).toBe('HTTP_NETWORK')
      expect(await ask(named ?? {})).toBe('known')
      onTestFinished(() => void vi.unstubAllEnvs())
      vi.stubEnv('HTTPS_PROXY', proxy.url)
      expect(await ask(named ?? {})).toBe('known')
      vi.stubEnv('HTTPS_PROXY', secureProxy.url)
      expect(await ask({ ...named, rejectUnauthorized: false })).toBe('HTTP_NETWORK')
    })

    test.each([
      ['its own address', '127.0.0.1', certificate, 'localhost', named, ['plain', 'tunnelled']],
      ['its own name', 'localhost', named, '127.0.0.1', certificate, ['plain', 'tunnelled']],
      ["the server's name", '127.0.0.1', named, 'localhost', named, ['HTTP_NETWORK', 'HTTP_NETWORK']],
    ])('a proxy of https with a certificate for %s', async (_, proxyHost, proxyTls, host, tls, expected) => {
      const plain = await startOrigin({ files: { '/a': 'plain' } })
      const secure = await startOrigin({ files: { '/a': 'tunnelled' }, tls })
      const via = await startProxy({ tls: proxyTls })
      onTestFinished(() => Promise.all([plain.close(), secure.close(), via.close()]).then(() => {}))
      const authorities = `${certificate?.certFile}.all`
      writeFileSync(authorities, `${certificate?.cert}${named?.cert}`)
      const at = (url: string, name: string) => url.replace('127.0.0.1', name)
      const setting = at(via.url, proxyHost)
      expect(
        await ask([`${at(plain.url, host)}/a`, `${at(secure.url, host)}/a`], {
          NODE_EXTRA_CA_CERTS: authorities,
          HTTP_PROXY: setting,
          HTTPS_PROXY: setting,
        }),
      ).toEqual(expected)
    })
  },
)

describe('a server that speaks something else', () => {
  test.each([
    ['plain HTTP', 'https', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'does not speak TLS', 'http://'],
    ['TLS', 'http', '\x15\x03\x01\x00\x02\x02\x46', 'is not HTTP', 'https://'],
    ['another TLS', 'https', '\x15\x03\x01\x00\x02\x02\x46', 'alert protocol version', 'versions of TLS'],
  ])('%s, asked by %s, is told in plain words', async (_, protocol, answer, words, remedy) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(answer, 'latin1'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const error = await failure(client().text(`${protocol}://127.0.0.1:${port}/a`))
    expect(error.code).toBe('HTTP_NETWORK')
    expect(error.message).toContain(words)
    expect(error.message).not.toMatch(/openssl|SSL routines/i)
    expect(error.remedy).toContain(remedy)
  })
})
