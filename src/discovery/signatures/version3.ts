import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Key, Subkey } from 'openpgp'

/** Names by number (RFC 9580, section 9.5) of the hashes that are good enough. */
export const hashNames: ReadonlyMap<number, string> = new Map([
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
  [11, 'sha224'],
])
const rsa = new Set([1, 3])

/**
 * A signature packet of version 3 (RFC 4880, section 5.2.2), as openSUSE makes them. The OpenPGP library finds them,
 * but does not read them. Numbers are those of the packet.
 */
export interface Version3 {
  readonly type: number
  readonly created: Date
  readonly keyId: string
  readonly algorithm: number
  readonly hash: number
  /** What is signed behind the data: type and time. */
  readonly trailer: Uint8Array
  /** An RSA signature, a number without leading zeros. */
  readonly value: Uint8Array
}

/** @returns undefined if the body of the packet is of another version, or cut */
export function readVersion3(body: Buffer): Version3 | undefined {
  if (body[0] !== 3 || body[1] !== 5 || body.length < 21) return undefined
  const value = body.subarray(21)
  if (value.length !== Math.ceil(body.readUInt16BE(19) / 8)) return undefined
  return {
    type: body.readUInt8(2),
    created: new Date(body.readUInt32BE(3) * 1000),
    keyId: body.toString('hex', 7, 15),
    algorithm: body.readUInt8(15),
    hash: body.readUInt8(16),
    trailer: body.subarray(2, 7),
    value,
  }
}

/** Whether the key, whose right to sign has been looked at, made this signature over the data. */
export function isByKey(
  { type, algorithm, hash, trailer, value }: Version3,
  { keyPacket }: Key | Subkey,
  data: Uint8Array,
): boolean {
  const name = hashNames.get(hash)
  const key = rsa.has(algorithm) ? rsaKey(keyPacket.publicParams) : undefined
  const length = (key?.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  if (name === undefined || key === undefined || value.length > length) return false
  const covered = type === 1 ? asText(data) : data
  const padded = Buffer.concat([Buffer.alloc(Math.ceil(length) - value.length), value])
  return verify(name, Buffer.concat([covered, trailer]), key, padded)
}

function rsaKey(parameters: object): KeyObject | undefined {
  const { n, e } = parameters as { readonly n?: Uint8Array; readonly e?: Uint8Array }
  if (n === undefined || e === undefined) return undefined
  const text = (number: Uint8Array) => Buffer.from(number).toString('base64url')
  return createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: text(n), e: text(e) } })
}

/** A signature of type 1 covers text whose lines end in CR and LF. */
function asText(data: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(data).toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1')
}
