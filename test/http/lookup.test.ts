import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { expect, test } from 'vitest'
import { createLookup } from '../../src/http/lookup.ts'
import { client, origin } from './world.ts'

const addresses: LookupAddress[] = [
  { address: '192.0.2.1', family: 4 },
  { address: '2001:db8::1', family: 6 },
]
const ask = (lookup: LookupFunction, all: boolean, family = 0) =>
  new Promise((resolve, reject) => {
    lookup('server.example', { all, family }, (error, address, family) =>
      error === null ? resolve([address, family]) : reject(error),
    )
  })

test('connections that are opened at about the same time ask for a name once, and later ones again', async () => {
  let asked = 0
  let time = 0
  const lookup = createLookup(
    async () => {
      asked += 1
      return addresses
    },
    () => time,
  )
  const all = await Promise.all([ask(lookup, true), ask(lookup, true), ask(lookup, false)])
  expect(all).toEqual([
    [addresses, undefined],
    [addresses, undefined],
    ['192.0.2.1', 4],
  ])
  expect(asked).toBe(1)
  await ask(lookup, true, 4)
  expect(asked).toBe(2)
  time = 999
  await ask(lookup, true)
  expect(asked).toBe(2)
  time = 1000
  await ask(lookup, true)
  expect(asked).toBe(3)
})

test('a failure is told to all who wait, and not kept', async () => {
  let asked = 0
  const missing = Object.assign(new Error('getaddrinfo ENOTFOUND server.example'), { code: 'ENOTFOUND' })
  const lookup = createLookup(async () => {
    asked += 1
    if (asked === 1) throw missing
    return addresses
  })
  const results = await Promise.allSettled([ask(lookup, true), ask(lookup, true)])
  expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual([missing, missing])
  expect(await ask(lookup, true)).toEqual([addresses, undefined])
})

test('a failure that comes late takes nothing away from who asked after it', async () => {
  let time = 0
  let asked = 0
  let fail = () => {}
  const lookup = createLookup(
    () => {
      asked += 1
      if (asked > 1) return Promise.resolve(addresses)
      return new Promise((_, reject) => {
        fail = () => reject(new Error('too late'))
      })
    },
    () => time,
  )
  const first = ask(lookup, true)
  time = 1000
  await ask(lookup, true)
  fail()
  await expect(first).rejects.toThrow('too late')
  await ask(lookup, true)
  expect(asked).toBe(2)
})

test('a server is found by its name', async () => {
  const { url } = await origin({ '/a': 'a' })
  expect((await client().text(`${url.replace('127.0.0.1', 'localhost')}/a`)).text).toBe('a')
})
