import { expect, it } from 'vitest'
import { fetchVerified } from '../../src/discovery/manifest.ts'
import type { ResolverContext } from '../../src/discovery/resolver.ts'

/** Tells in which order a text is had and verified. */
function watch() {
  const order: string[] = []
  const context: ResolverContext = {
    tell: () => undefined,
    http: {
      text: async (url) => {
        await new Promise(setImmediate)
        order.push('arrived')
        return { url, text: 'text', bytes: Buffer.from('text') }
      },
      facts: () => Promise.reject(new Error('nobody asks for facts')),
    },
    verify: async ({ bytes }) => {
      order.push('verifying')
      return { text: `${await bytes}`, trust: 'checksum', warnings: [] }
    },
  }
  return { order, context }
}

it('a text that is the first of its server is verified while it comes, a later one when it is there', async () => {
  const url = 'https://server.example/CHECKSUM'
  for (const [isFirst, expected] of [
    [true, ['verifying', 'arrived']],
    [false, ['arrived', 'verifying']],
  ] as const) {
    const { order, context } = watch()
    expect(await fetchVerified(url, context, isFirst)).toEqual({ url, text: 'text', trust: 'checksum' })
    expect(order).toEqual(expected)
  }
})
