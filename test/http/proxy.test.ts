import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { proxyFor } from '../../src/http/proxy.ts'
import { startProxy } from '../support/proxy.ts'
import { client, failure, origin } from './world.ts'

const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']

beforeEach(() => {
  for (const name of names) for (const spelling of [name, name.toUpperCase()]) vi.stubEnv(spelling, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

async function proxy(credentials?: string) {
  const started = await startProxy(credentials === undefined ? {} : { credentials })
  onTestFinished(() => started.close())
  return started
}

test.each(['HTTP_PROXY', 'http_proxy'])('plain http goes through %s', async (name) => {
  const [server, via] = [await origin({ '/a': 'a' }), await proxy()]
  vi.stubEnv(name, via.url)
  const http = client()
  expect((await http.text(`${server.url}/a?q=1`)).text).toBe('a')
  expect((await http.facts(`${server.url}/a`)).size).toBe(1)
  expect(via.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
    `GET ${server.url}/a?q=1`,
    `HEAD ${server.url}/a`,
  ])
})

test('a download resumes through the proxy', async () => {
  const [server, via] = [await origin({ '/a': { body: { size: 200_000 } } }), await proxy()]
  vi.stubEnv('HTTP_PROXY', via.url)
  server.fault('/a', { dropAfter: 100_000 })
  let bytes = 0
  for await (const chunk of (await client().download(`${server.url}/a`)).body) bytes += chunk.length
  expect(bytes).toBe(200_000)
  expect(via.requests).toHaveLength(2)
})

test('NO_PROXY keeps a host away from it', async () => {
  const [server, via] = [await origin({ '/a': 'a' }), await proxy()]
  vi.stubEnv('HTTP_PROXY', via.url)
  vi.stubEnv('NO_PROXY', 'other.example,127.0.0.1')
  expect((await client().text(`${server.url}/a`)).text).toBe('a')
  expect(via.requests).toHaveLength(0)
})

test.each<[noProxy: string, ...urls: string[]]>([
  ['*', 'https://a.example/', 'http://10.1.2.3/', 'http://[::1]/'],
  [
    'a.example',
    'https://a.example/',
    'https://a.example./',
    'https://b.a.example/',
    'https://A.EXAMPLE:8443/',
  ],
  ['.a.example', 'https://a.example/', 'https://b.a.example/'],
  ['a.example.', 'https://a.example/', 'https://a.example./'],
  ['A.Example', 'https://a.example/'],
  ['x, a.example  y', 'https://a.example/', 'https://x/', 'https://y/'],
  ['*.a.example', 'https://b.a.example/'],
  ['*-in.example', 'https://b-in.example/'],
  ['a.example:8443', 'https://a.example:8443/'],
  ['a.example:443', 'https://a.example/'],
  ['a.example:80', 'http://a.example/'],
  ['10.1.2.3', 'http://10.1.2.3/', 'http://10.1.2.3:8080/'],
  ['10.1.2.3:8080', 'http://10.1.2.3:8080/'],
  ['127.0.0.0/8', 'http://127.0.0.1/', 'http://127.1/', 'http://[::ffff:127.0.0.1]/'],
  ['10.1.2.3/8', 'http://10.9.9.9/'],
  ['10.1.2.3/32', 'http://10.1.2.3/'],
  ['0.0.0.0/0', 'http://10.1.2.3/'],
  ['::1', 'http://[::1]/', 'http://[0:0:0:0:0:0:0:1]:8080/'],
  ['0:0:0:0:0:0:0:1', 'http://[::1]/'],
  ['[::1]', 'http://[::1]/'],
  ['[::1]:8080', 'http://[::1]:8080/'],
  ['fd00::/8', 'http://[fd12::3]/'],
  ['[fd00::]/8', 'http://[fd12::3]/'],
])('NO_PROXY=%s excepts %s', (noProxy, ...urls) => {
  vi.stubEnv('ALL_PROXY', 'http://proxy.example')
  vi.stubEnv('NO_PROXY', noProxy)
  for (const url of urls) expect(proxyFor(new URL(url)), url).toBeUndefined()
})

test.each<[noProxy: string, ...urls: string[]]>([
  ['a.example', 'https://ba.example/', 'https://a.example.org/', 'https://example/'],
  ['*.a.example', 'https://a.example/'],
  ['a.example:8443', 'https://a.example/'],
  ['.', 'https://a.example/'],
  [',', 'https://a.example/'],
  ['0.0.1', 'http://127.0.0.1/'],
  ['*.0.0.1', 'http://127.0.0.1/'],
  ['10.0.0.0/8', 'http://11.0.0.1/', 'http://[::1]/', 'https://a.example/'],
  ['10.0.0.0/33', 'http://10.0.0.0/'],
  ['10.0.0.0/', 'http://10.0.0.0/'],
  ['10.0.0.0/-1', 'http://10.0.0.0/'],
  ['10.0.0.0/x', 'http://10.0.0.0/'],
  ['fe80::1%eth0', 'http://[fe80::1]/'],
  ['[::1]:8080', 'http://[::1]/'],
  ['fd00::/129', 'http://[fd00::]/'],
  ['::1', 'http://[::2]/', 'http://127.0.0.1/'],
])('NO_PROXY=%s does not except %s', (noProxy, ...urls) => {
  vi.stubEnv('ALL_PROXY', 'http://proxy.example')
  vi.stubEnv('NO_PROXY', noProxy)
  for (const url of urls) expect(proxyFor(new URL(url)), url).toBeDefined()
})

test('a variable in lower case goes over the same in upper case', () => {
  vi.stubEnv('HTTPS_PROXY', 'upper.example')
  vi.stubEnv('https_proxy', 'lower.example')
  vi.stubEnv('NO_PROXY', '*')
  vi.stubEnv('no_proxy', 'other.example')
  expect(proxyFor(new URL('https://server.example/'))?.uri).toBe('http://lower.example/')
})

/** Takes connections and says nothing. */
async function silentServer(): Promise<string> {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  return `127.0.0.1:${(silent.address() as AddressInfo).port}`
}

const hasty = { policy: { connectTimeout: 100, headersTimeout: 100, retries: 1 } }

test.each(['http', 'https'])('a proxy that says nothing is not waited for (%s)', async (scheme) => {
  vi.stubEnv('ALL_PROXY', await silentServer())
  expect((await failure(client(hasty).text(`${scheme}://server.example/a`))).code).toBe('HTTP_TIMEOUT')
})

test.each(['http', 'https'])(
  'a server that says nothing through a proxy is not waited for (%s)',
  async (scheme) => {
    vi.stubEnv('ALL_PROXY', (await proxy()).url)
    expect((await failure(client(hasty).text(`${scheme}://${await silentServer()}/a`))).code).toBe(
      'HTTP_TIMEOUT',
    )
  },
)

test('the proxy gets its user and password, the server does not', async () => {
  const [server, via] = [await origin({ '/a': 'a' }), await proxy('us:er%:pass')]
  vi.stubEnv('HTTP_PROXY', via.url.replace('//', '//us%3Aer%25:pass@'))
  expect((await client().text(`${server.url}/a`)).text).toBe('a')
  expect(via.requests[0]?.headers['proxy-authorization']).toBeDefined()
  expect(server.requests[0]?.headers.authorization).toBeUndefined()
})

test.each(['http', 'https'])('a refusal of the proxy is told without the password (%s)', async (scheme) => {
  const via = await proxy('user:right')
  vi.stubEnv(`${scheme.toUpperCase()}_PROXY`, via.url.replace('//', '//user:SECRET@'))
  const error = await failure(client().text(`${scheme}://server.example/a`))
  expect(error.code).toBe('HTTP_NETWORK')
  expect(error.message).toContain('407')
  expect(error.remedy).toContain('HTTPS_PROXY')
  expect(JSON.stringify([error, error.message, String(error.cause)])).not.toContain('SECRET')
  expect(via.requests).toHaveLength(1)
})

test('a proxy that is not there is named, without its password', async () => {
  const via = await startProxy()
  await via.close()
  vi.stubEnv('HTTP_PROXY', via.url.replace('//', '//user:SECRET@'))
  const error = await failure(client().text('http://server.example/a'))
  expect(error).toMatchObject({
    code: 'HTTP_NETWORK',
    message: `GET http://server.example/a failed through the proxy ${via.url}/: the connection was refused`,
  })
})

test.each(['socks5://user:SECRET@proxy.example', 'http://user:SECRET@[bad'])(
  '%s is a wrong setting',
  (setting) => {
    vi.stubEnv('https_proxy', setting)
    const asked = () => proxyFor(new URL('https://server.example/'))
    expect(asked).toThrow('is not an http(s) URL')
    expect(asked).not.toThrow('SECRET')
  },
)

test('a proxy without a scheme is an http one', () => {
  vi.stubEnv('HTTP_PROXY', 'proxy.example:3128')
  expect(proxyFor(new URL('http://server.example/'))).toEqual({
    uri: 'http://proxy.example:3128/',
    authorization: undefined,
  })
  expect(proxyFor(new URL('https://server.example/'))).toBeUndefined()
  vi.stubEnv('HTTPS_PROXY', 'proxy.example:3128')
  expect(proxyFor(new URL('https://server.example/'))?.uri).toBe('http://proxy.example:3128/')
  vi.stubEnv('HTTPS_PROXY', 'https://proxy.example:3128')
  expect(proxyFor(new URL('https://server.example/'))?.uri).toBe('https://proxy.example:3128/')
})
