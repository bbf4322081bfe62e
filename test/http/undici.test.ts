import undici from 'undici'
import { expect, test } from 'vitest'
import * as part from '../../src/http/undici.ts'

test('the part of undici that is loaded is undici', () => {
  const { Agent, Pool, ProxyAgent } = undici
  expect(part).toMatchObject({ Agent, Pool, ProxyAgent })
  expect(new part.Agent().request).toBe(new Agent().request)
})
