import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'

const underWay = new Map<string, Promise<LookupAddress[]>>()

/**
 * Looks a name up once for all connections that ask for it meanwhile. The system would ask the name server for each of
 * them, four at a time, and wait for each of them if it does not answer. Nothing is kept: a retry asks anew.
 */
export const sharedLookup: LookupFunction = (name, options, callback) => {
  addressesOf(name, options).then(
    (addresses) => {
      const [first] = addresses
      // What the callback throws must not become a rejected promise.
      if (options.all) process.nextTick(callback, null, addresses)
      else process.nextTick(callback, null, first?.address, first?.family)
    },
    (error: unknown) => process.nextTick(callback, error),
  )
}

function addressesOf(name: string, { family, hints }: LookupOptions): Promise<LookupAddress[]> {
  const key = `${name} ${family} ${hints}`
  const known = underWay.get(key)
  if (known !== undefined) return known
  const asked = lookup(name, { family, hints, all: true }).finally(() => underWay.delete(key))
  underWay.set(key, asked)
  return asked
}

/** Looks names up as `resolve` does, and leaves out the addresses that may not be asked. A name without others fails. */
export function guardedLookup(
  resolve: LookupFunction,
  mayAsk: (address: string) => boolean,
  refusal: (address: string) => Error,
): LookupFunction {
  return (name, options, callback) =>
    resolve(name, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const addresses = [found]
        .flat()
        .map((one) => (typeof one === 'string' ? { address: one, family: isIP(one) } : one))
      const fitting = addresses.filter(({ address }) => mayAsk(address))
      const [first] = fitting
      if (first === undefined) return callback(refusal(addresses[0]?.address ?? name), '')
      if (options.all) callback(null, fitting)
      else callback(null, first.address, first.family)
    })
}
