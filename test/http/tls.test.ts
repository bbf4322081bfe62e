import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { client, failure } from './world.ts'

const certificate = makeCertificate()

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
    })

    /** What a process of its own gets, one line per URL: Node reads NODE_EXTRA_CA_CERTS when it starts. */
    async function ask(urls: string[], env: Record<string, string>): Promise<string[]> {
      const script = `
      import { createHttpClient } from './src/http/client.ts'
      const http = createHttpClient()
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
  },
)
