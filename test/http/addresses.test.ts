import type { LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { reachOf, reachOfHost } from '../../src/http/addresses.ts'
import { guardedLookup } from '../../src/http/lookup.ts'
import { startProxy } from '../support/proxy.ts'
import { client, failure, origin } from './world.ts'

describe('where an address leads', () => {
  it.each([
    ...['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::101:101'].map((one) => [
      one,
      'public',
    ]),
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.31.0.1', '192.168.0.1', '100.64.0.1'].map(
      (one) => [one, 'inside'],
    ),
    ...['169.254.1.1', '224.0.0.1', '255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::127.0.0.1'].map(
      (one) => [one, 'inside'],
    ),
    ...['fe80::1%eth0', 'fd00::1', 'fec0::1', 'ff02::1', '2002:7f00:1::', '64:ff9b::7f00:1'].map((one) => [
      one,
      'inside',
    ]),
    ...['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', 'fd00:ec2::254'].map((one) => [
      one,
      'metadata',
    ]),
    ...['fe80::a9fe:a9fe%2', '169.254.170.2', '168.63.129.16', '100.100.100.200'].map((one) => [
      one,
      'metadata',
    ]),
    ...['::ffff:0:7f00:1', '64:ff9b:1::7f00:1', '2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:a00:1'].map(
      (one) => [one, 'inside'],
    ),
    ...['::ffff:0:a9fe:a9fe', '64:ff9b:1:a9fe:a9:fe00::', '64:ff9b:1::a9fe:a9fe', '2002:a9fe:a9fe::1'].map(
      (one) => [one, 'metadata'],
    ),
    ...['::169.254.169.254', '2606:4700::5efe:a9fe:a9fe'].map((one) => [one, 'metadata']),
    ...['::ffff:0:8.8.8.8', '2606:4700:0:5efe:a9fe:a9fe:0:1'].map((one) => [one, 'public']),
  ])('%s is %s', (address, reach) => expect(reachOf(address)).toBe(reach))

  it.each([
    ...['2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.16689662', '[::ffff:a9fe:a9fe]'],
    ...['[64:ff9b:1::a9fe:a9fe]', '[2002:a9fe:a9fe::1]', 'metadata.google.internal', 'instance-data.'],
    ...['169.254.169.254.', '\u2460\u2465\u2468.254.169.254', '%31%36%39.254.169.254'],
  ])('the host %s is that of a metadata service', async (host) => {
    expect(reachOfHost(new URL(`http://${host}/`))).toBe('metadata')
    const error = await failure(client({ allowPrivate: true }).text(`http://${host}/latest/meta-data/`))
    expect(error).toMatchObject({
      code: 'HTTP_URL',
      message: expect.stringContaining("a machine's credentials"),
    })
  })

  it.each(['localhost', 'LOCALHOST.', 'localhost..', 'a.localhost'])('the host %s is this machine', (host) =>
    expect(reachOfHost(new URL(`http://${host}/`))).toBe('inside'),
  )
})

/** Names and the addresses that they have, one for each look-up. */
function hosts(known: Readonly<Record<string, readonly string[]>>): {
  lookup: LookupFunction
  asked: string[]
} {
  const asked: string[] = []
  const lookup: LookupFunction = (name, _options, callback) => {
    asked.push(name)
    callback(
      null,
      (known[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { lookup, asked }
}

describe('a redirect', () => {
  /** A server of the internet, behind a proxy, which leads to a name or address of the network within. */
  async function led(to: (port: string) => string, hosts: { lookup: LookupFunction }, allowPrivate = false) {
    const server = await origin({ '/secret': 'the secret' })
    const { port } = new URL(server.url)
    server.fault('/image', { redirect: to(port), times: 9 })
    const proxy = await startProxy()
    onTestFinished(() => proxy.close())
    vi.stubEnv('http_proxy', proxy.url)
    vi.stubEnv('no_proxy', '127.0.0.1,.within')
    onTestFinished(() => void vi.unstubAllEnvs())
    const http = client({ lookup: hosts.lookup, allowPrivate })
    return { server, ask: http.text(`http://images.example:${port}/image`) }
  }

  const names = { 'files.within': ['127.0.0.1'] }
  it.each([
    ['an address of this machine', (port: string) => `http://127.0.0.1:${port}/secret`],
    ['this machine', (port: string) => `http://localhost:${port}/secret`],
    ['a name that has such an address', (port: string) => `http://files.within:${port}/secret`],
    ['a private address', () => 'http://10.0.0.1/secret'],
    ['a metadata service', () => 'http://[fd00:ec2::254]/secret'],
  ])('of a server of the internet to %s is refused', async (_, to) => {
    const { server, ask } = await led(to, hosts(names))
    expect(await failure(ask)).toMatchObject({
      code: 'HTTP_REDIRECT',
      message: expect.stringContaining('and a server of the internet has led there'),
      remedy: expect.stringContaining('--allow-private'),
    })
    expect(server.requestsOf('/secret')).toEqual([])
  })

  it('goes to an address of this network if that is allowed', async () => {
    const { ask } = await led((port) => `http://files.within:${port}/secret`, hosts(names), true)
    expect((await ask).text).toBe('the secret')
  })

  it('of a server of this network goes where it leads', async () => {
    const server = await origin({ '/b': 'b' })
    const { lookup } = hosts({ 'a.within': ['127.0.0.1'], 'b.within': ['127.0.0.1'] })
    const { port } = new URL(server.url)
    server.fault('/a', { redirect: `http://b.within:${port}/b` })
    expect((await client({ lookup }).text(`http://a.within:${port}/a`)).text).toBe('b')
  })

  it('is told in the debug log', async () => {
    const server = await origin({ '/b': 'b' })
    server.fault('/a', { redirect: '/b?token=secret' })
    const notes: string[] = []
    await client({ note: (message) => notes.push(message) }).text(`${server.url}/a`)
    expect(notes).toEqual([`GET ${server.url}/a led to ${server.url}/b?…`])
  })
})

it('of the addresses of a name only those are tried that may be asked', () => {
  const { lookup } = hosts({ 'mixed.within': ['127.0.0.1', '192.0.2.1', '::1'] })
  const mayAsk = (address: string) => reachOf(address) === 'public'
  const found = vi.fn()
  guardedLookup(lookup, mayAsk, Error)('mixed.within', { all: true }, found)
  guardedLookup(lookup, mayAsk, Error)('mixed.within', {}, found)
  expect(found.mock.calls).toEqual([
    [null, [{ address: '192.0.2.1', family: 4 }]],
    [null, '192.0.2.1', 4],
  ])
})

it('a name whose address becomes that of a metadata service is not asked', async () => {
  const { lookup } = hosts({ 'rebind.within': ['169.254.169.254'] })
  const error = await failure(client({ lookup }).text('http://rebind.within/'))
  expect(error).toMatchObject({ code: 'HTTP_URL', message: expect.stringContaining('169.254.169.254') })
})
