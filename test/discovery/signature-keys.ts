import { createHash, createPrivateKey, sign as rsaSign } from 'node:crypto'
import * as openpgp from 'openpgp'
import { UpdaterError } from '../../src/errors.ts'

export const keysMade = new Date('2024-01-01T00:00:00Z')
export const signedAt = new Date('2025-01-01T00:00:00Z')
export const now = new Date('2025-06-01T00:00:00Z')

export const encode = (text: string) => new TextEncoder().encode(text)
export const day = 24 * 60 * 60

type KeyOptions = Partial<openpgp.KeyOptions>

export async function makeKey(options: KeyOptions = {}): Promise<openpgp.PrivateKey> {
  const { privateKey } = await openpgp.generateKey({
    type: 'ecc',
    userIDs: [{ name: 'A distribution' }],
    date: keysMade,
    ...options,
    format: 'object',
  } as openpgp.KeyOptions & { format: 'object' })
  return privateKey
}

export interface PacketOptions {
  date?: Date
  hash?: openpgp.enums.hash
  type?: openpgp.enums.signature
  /** Seconds. */
  lifetime?: number
}

/** The library's way of signing, which it does not declare. */
interface Signable {
  sign(
    key: openpgp.SecretKeyPacket,
    data: { text: null; getBytes(): Uint8Array },
    date: Date,
    detached: boolean,
    config: openpgp.Config,
  ): Promise<void>
}

/** A detached binary signature made by one key packet, with no check of whether that is wise. */
export async function signWith(
  data: Uint8Array,
  key: openpgp.PrivateKey | openpgp.Subkey,
  options: PacketOptions = {},
): Promise<Uint8Array> {
  const packet = new openpgp.SignaturePacket()
  const keyPacket = key.keyPacket as openpgp.SecretKeyPacket
  packet.signatureType = options.type ?? openpgp.enums.signature.binary
  packet.publicKeyAlgorithm = keyPacket.algorithm
  packet.hashAlgorithm = options.hash ?? openpgp.enums.hash.sha512
  if (options.lifetime !== undefined) {
    Object.assign(packet, { signatureExpirationTime: options.lifetime, signatureNeverExpires: false })
  }
  const literal = { text: null, getBytes: () => data }
  const date = options.date ?? signedAt
  const config = { ...openpgp.config, nonDeterministicSignaturesViaNotation: false }
  await (packet as unknown as Signable).sign(keyPacket, literal, date, true, config)
  const list = new openpgp.PacketList<openpgp.SignaturePacket>()
  list.push(packet)
  return list.write()
}

export function armored(signature: Uint8Array): string {
  return openpgp.armor(openpgp.enums.armor.signature, signature) as unknown as string
}

export async function clearsign(text: string, key: openpgp.PrivateKey, date = signedAt): Promise<string> {
  const message = await openpgp.createCleartextMessage({ text })
  return openpgp.sign({ message, signingKeys: key, date })
}

export function publicOf(...keys: openpgp.Key[]): openpgp.PublicKey[] {
  return keys.map((key) => key.toPublic())
}

/** The key as keys.openpgp.org serves it: without user ids and what certifies them. */
export function withoutUserIds(key: openpgp.Key): Uint8Array {
  const { userID, userAttribute, signature } = openpgp.enums.packet
  const left = new openpgp.PacketList<openpgp.AnyPacket>()
  let isUser = false
  for (const packet of key.toPublic().toPacketList()) {
    const { tag } = packet.constructor as unknown as { readonly tag: number }
    isUser = tag === signature ? isUser : tag === userID || tag === userAttribute
    if (!isUser) left.push(packet)
  }
  return left.write()
}

/** A version 3 signature packet (RFC 4880, section 5.2.2) by the primary key, which must be RSA. */
export function v3Signature(
  data: Uint8Array,
  key: openpgp.PrivateKey,
  { date = signedAt, hash = 10, digest = 'sha512', type = 0 } = {},
): Uint8Array {
  const hashed = Buffer.alloc(5)
  hashed.writeUInt8(type)
  hashed.writeUInt32BE(date.getTime() / 1000, 1)
  const signature = rsaSign(digest, Buffer.concat([data, hashed]), rsaPrivateKey(key))
  const body = Buffer.concat([
    Buffer.from([3, 5]),
    hashed,
    Buffer.from(key.getKeyID().toHex(), 'hex'),
    Buffer.from([1, hash]),
    leftBits(data, hashed, digest),
    multiprecision(signature),
  ])
  const header = Buffer.from([0x89, 0, 0])
  header.writeUInt16BE(body.length, 1)
  return Buffer.concat([header, body])
}

function rsaPrivateKey(key: openpgp.PrivateKey) {
  const { publicParams, privateParams } = key.keyPacket as unknown as {
    publicParams: Record<'n' | 'e', Uint8Array>
    privateParams: Record<'d' | 'p' | 'q' | 'u', Uint8Array>
  }
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  const remainder = (prime: Uint8Array) => {
    const hex = (number(privateParams.d) % (number(prime) - 1n)).toString(16)
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
  }
  // OpenPGP's u is the inverse of p modulo q; JWK's qi that of q modulo p: the primes change places.
  const { d, p, q, u } = privateParams
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: text(publicParams.n),
      e: text(publicParams.e),
      d: text(d),
      p: text(q),
      q: text(p),
      dp: remainder(q),
      dq: remainder(p),
      qi: text(u),
    },
  })
}

function leftBits(data: Uint8Array, hashed: Uint8Array, digest: string): Buffer {
  return createHash(digest).update(data).update(hashed).digest().subarray(0, 2)
}

function multiprecision(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const value = bytes.subarray(start)
  const bits = value.length * 8 - Math.clz32(value[0] ?? 0) + 24
  return Buffer.concat([Buffer.from([bits >> 8, bits & 0xff]), value])
}

/** What the promise was refused with: one of our own errors, or the test fails. */
export async function refusal(promise: Promise<unknown>): Promise<UpdaterError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome && outcome.error instanceof UpdaterError) return outcome.error
  throw new Error('This was not refused by an error of ours', {
    cause: 'error' in outcome ? outcome.error : undefined,
  })
}
