import { expect, it, onTestFinished } from 'vitest'
import { fetchVerified } from '../../src/discovery/manifest.ts'
import type { ResolverContext } from '../../src/discovery/resolver.ts'
import { createKeySource } from '../../src/discovery/signatures/keys.ts'
import { HttpClient } from '../../src/http/client.ts'
import { createDiscoveryHttp } from '../../src/http/discovery-http.ts'
import { HttpError } from '../../src/http/failure.ts'
import { startOrigin } from '../support/origin.ts'

const url = 'https://server.example/CHECKSUM'

/** Tells in which order a text and its signature are asked for. */
function watch() {
  const order: string[] = []
  const http: ResolverContext['http'] = {
    text: async (asked) => {
      order.push(`asked ${asked}`)
      await new Promise(setImmediate)
      if (asked !== url) throw new HttpError('HTTP_STATUS', 'There is none', { status: 404 })
      order.push('arrived')
      return { url, text: 'text', bytes: Buffer.from('text') }
    },
    facts: () => Promise.reject(new Error('nobody asks for facts')),
  }
  const none = async () => ({ keys: [], problems: [] })
  const keys = { find: none, renew: none }
  const signature = {
    form: ['.asc'],
    knownToSign: false,
    hosts: [],
    fingerprints: ['A'.repeat(40)],
    keyHint: '',
  }
  const context: ResolverContext = {
    now: new Date(),
    tell: () => undefined,
    http,
    resolver: { name: 'example', signature },
    signatures: { policy: 'prefer', keys },
  }
  return { order, context }
}

it('a text that is the first of its server is verified while it comes, a later one when it is there', async () => {
  for (const [isFirst, expected] of [
    [true, [`asked ${url}`, `asked ${url}.asc`, 'arrived']],
    [false, [`asked ${url}`, 'arrived', `asked ${url}.asc`]],
  ] as const) {
    const { order, context } = watch()
    expect(await fetchVerified(url, context, isFirst)).toEqual({ url, text: 'text', trust: 'checksum' })
    expect(order).toEqual(expected)
  }
})

it('a text that cannot be had ends the requests for its signature and its key', async () => {
  const server = await startOrigin({ files: {} })
  onTestFinished(() => server.close())
  for (const path of ['/9/SUMS.asc', '/KEY-9']) server.fault(path, { stallAfter: 'headers', times: 9 })
  const http = new HttpClient()
  onTestFinished(() => http.close())
  const discovery = createDiscoveryHttp(http, {})
  const keys = createKeySource({ keyring: '/none', cacheDir: undefined, http: discovery })
  const context: ResolverContext = {
    now: new Date(),
    tell: () => undefined,
    // The text's failure comes when its signature and its key have been asked for.
    http: {
      ...discovery,
      text: async (asked, options) => {
        if (!asked.endsWith('/SUMS')) return discovery.text(asked, options)
        await expect.poll(() => server.requests.length).toBe(2)
        throw new HttpError('HTTP_STATUS', 'There is none', { status: 404 })
      },
    },
    resolver: {
      name: 'example',
      signature: {
        form: ['.asc'],
        knownToSign: true,
        hosts: ['127.0.0.1'],
        fingerprints: ['A'.repeat(40)],
        manifestPath: /^(?<root>)\/(?<release>9)\//,
        keyFile: 'KEY-',
        keyHint: '',
      },
    },
    signatures: { policy: 'prefer', keys },
  }
  await expect(fetchVerified(`${server.url}/9/SUMS`, context, true)).rejects.toThrow('There is none')
  await expect.poll(() => server.connections()).toBe(0)
  expect(server.requests.map(({ path }) => path).sort()).toEqual(['/9/SUMS.asc', '/KEY-9'])
})
