import { expect, it } from 'vitest'
import { fetchVerified } from '../../src/discovery/manifest.ts'
import type { ResolverContext } from '../../src/discovery/resolver.ts'
import { HttpError } from '../../src/http/failure.ts'

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
  const keys = { find: async () => ({ keys: [], problems: [] }) }
  const signature = {
    form: ['.asc'],
    knownToSign: false,
    hosts: [],
    fingerprints: ['A'.repeat(40)],
    keyHint: '',
  }
  const context: ResolverContext = {
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
