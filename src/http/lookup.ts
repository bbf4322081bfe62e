import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'

type Ask = (name: string, options: LookupOptions & { all: true }) => Promise<LookupAddress[]>

/** Milliseconds for which addresses count. A retry is to ask anew: servers move when they fail. */
const lifetime = 1000

/**
 * Looks a name up once for all connections that are opened at about the same time. The system would do it for each of
 * them, and four at once. What fails is not kept.
 * @param now milliseconds
 */
export function createLookup(ask: Ask = lookup, now = () => performance.now()): LookupFunction {
  const kept = new Map<string, { readonly since: number; readonly addresses: Promise<LookupAddress[]> }>()

  function addressesOf(name: string, { family, hints }: LookupOptions): Promise<LookupAddress[]> {
    const key = `${name} ${family} ${hints}`
    const known = kept.get(key)
    if (known !== undefined && now() - known.since < lifetime) return known.addresses
    const addresses = ask(name, { family, hints, all: true })
    const entry = { since: now(), addresses }
    kept.set(key, entry)
    addresses.catch(() => {
      if (kept.get(key) === entry) kept.delete(key)
    })
    return addresses
  }

  return (name, options, callback) => {
    addressesOf(name, options).then(
      (addresses) => {
        const [first] = addresses
        if (options.all) process.nextTick(callback, null, addresses)
        else process.nextTick(callback, null, first?.address, first?.family)
      },
      (error: unknown) => process.nextTick(callback, error),
    )
  }
}
