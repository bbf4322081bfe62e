import { createHash } from 'node:crypto'
import fc from 'fast-check'
import * as openpgp from 'openpgp'
import { beforeAll, describe, expect, it } from 'vitest'
import { readPublicKeys } from '../../src/discovery/signatures/public-keys.ts'
import { readFileSignature, verifyDetached } from '../../src/discovery/signatures/verify.ts'
import { UpdaterError } from '../../src/errors.ts'
import { anyText } from '../support/any-text.ts'
import {
  armored,
  day,
  encode,
  keysMade,
  makeKey,
  now,
  publicOf,
  refusal,
  signedAt,
  signWith,
  v3Signature,
} from './signature-keys.ts'

const data = encode(`${'a'.repeat(64)}  image.qcow2\n`)
const { enums } = openpgp
let edwards: openpgp.PrivateKey
let rsa: openpgp.PrivateKey
let withSubkey: openpgp.PrivateKey

beforeAll(async () => {
  edwards = await makeKey()
  rsa = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
  withSubkey = await makeKey({ subkeys: [{ sign: true }] })
})

/** As a transfer verifies the signature of a file: by a hash that was computed while its bytes came. */
async function verifyHash(file: Uint8Array, ...[signature, ...rest]: Parameters<typeof readFileSignature>) {
  const { algorithm, trailer, signer, prove } = await readFileSignature(signature, ...rest)
  await prove(createHash(algorithm).update(file).update(trailer).digest())
  return signer
}

/** Both ways come to the same. */
async function verify(signature: Uint8Array | string, keys: openpgp.Key[], at = now) {
  const options = { name: 'SHA256SUMS', now: at }
  const outcome = (judged: Promise<unknown>) =>
    judged.catch(({ code, message, remedy }: UpdaterError) => ({ code, message, remedy }))
  const judged = verifyDetached(data, signature, publicOf(...keys), options)
  const ofHash = verifyHash(data, Buffer.from(signature), publicOf(...keys), options)
  const [one, other] = await Promise.all([outcome(judged), outcome(ofHash)])
  expect(other).toEqual(one)
  return judged
}

describe('a good detached signature', () => {
  it('by one of several keys is taken, armored or binary, by string or bytes', async () => {
    const signature = await signWith(data, edwards)
    for (const form of [signature, armored(signature), encode(armored(signature))]) {
      await verify(form, [rsa, edwards])
    }
  })

  it('may be made by RSA of 2048 and 3072 bits', async () => {
    const larger = await makeKey({ type: 'rsa', rsaBits: 3072, subkeys: [] })
    for (const key of [rsa, larger]) await verify(await signWith(data, key), [key])
  })

  it('may be over the data as text', async () => {
    const signature = await signWith(encode('a\r\nb\r\n'), edwards, { type: enums.signature.text })
    await verifyDetached(encode('a\nb\n'), signature, publicOf(edwards), { now })
  })

  it('may be made by a signing subkey of the pinned key', async () => {
    const [subkey] = withSubkey.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    await verify(await signWith(data, subkey), [withSubkey])
  })

  it('suffices among others, in any place', async () => {
    const good = await signWith(data, edwards)
    const bad = await signWith(encode('other data'), rsa)
    const stranger = await signWith(data, await makeKey())
    for (const signatures of [
      [good, bad, stranger],
      [stranger, bad, good],
    ]) {
      await verifyDetached(data, Buffer.concat(signatures), publicOf(rsa, edwards), { now })
    }
  })

  it('may be dated up to a day ahead of our clock', async () => {
    await verify(await signWith(data, edwards), [edwards], new Date(signedAt.getTime() - 20 * 3600_000))
  })
})

describe('the signer', () => {
  it('must be one of the keys', async () => {
    const error = await refusal(verify(await signWith(data, edwards), [rsa]))
    expect(error.code).toBe('SIGNATURE_KEY')
    expect(error.message).toContain(edwards.getFingerprint())
    expect(error.message).toContain('SHA256SUMS')
    expect(error.remedy).toBeTruthy()
  })

  it('must not be an RSA key under 2048 bits', async () => {
    const weak = await makeKey({ type: 'rsa', rsaBits: 1024, subkeys: [], config: { minRSABits: 1024 } })
    const error = await refusal(verify(await signWith(data, weak), [weak]))
    expect(error.code).toBe('SIGNATURE_KEY')
    expect(error.message).toContain('2048')
  })

  it('must not have been expired when it signed', async () => {
    const key = await makeKey({ keyExpirationTime: 100 * day })
    const error = await refusal(verify(await signWith(data, key), [key], signedAt))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('expired')])
  })

  it('must not have expired since', async () => {
    const key = await makeKey({ keyExpirationTime: 400 * day })
    const signature = await signWith(data, key)
    await verify(signature, [key], new Date(signedAt.getTime() + 1000))
    const error = await refusal(verify(signature, [key]))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('expired')])
  })

  it('must not be revoked, before or after it signed', async () => {
    for (const date of [new Date('2024-06-01'), new Date('2025-03-01')]) {
      const { publicKey } = await openpgp.revokeKey({ key: edwards, date, format: 'object' })
      const error = await refusal(verify(await signWith(data, edwards), [publicKey]))
      expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('revoked')])
    }
  })

  it('must not be a revoked subkey', async () => {
    const [subkey] = withSubkey.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    const signature = await signWith(data, subkey)
    const [copy] = await readPublicKeys(withSubkey.toPublic().write())
    if (copy === undefined) throw new Error('no key')
    const primary = withSubkey.keyPacket as openpgp.SecretKeyPacket
    copy.subkeys = [await subkey.revoke(primary, {}, new Date('2025-03-01'))]
    const error = await refusal(verify(signature, [copy]))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('revoked')])
  })

  it('must not be an expired subkey', async () => {
    const key = await makeKey({ subkeys: [{ sign: true, keyExpirationTime: 400 * day }] })
    const [subkey] = key.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    const error = await refusal(verify(await signWith(data, subkey), [key]))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('expired')])
  })

  it('must not be a subkey for encryption', async () => {
    const key = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [{}] })
    const [subkey] = key.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    expect((await refusal(verify(await signWith(data, subkey), [key]))).code).toBe('SIGNATURE_KEY')
  })

  it('must not be a subkey that someone else hung onto the pinned key', async () => {
    const stranger = await makeKey({ subkeys: [{ sign: true }] })
    const [foreign] = stranger.subkeys
    if (foreign === undefined) throw new Error('no subkey')
    const subkeyAndBinding = stranger
      .toPublic()
      .toPacketList()
      .slice(3) as unknown as openpgp.PacketList<openpgp.AnyPacket>
    const forged = Buffer.concat([edwards.toPublic().write(), subkeyAndBinding.write()])
    const keys = await readPublicKeys(forged)
    expect(keys.map((key) => key.getSubkeys().length)).toEqual([2])
    const error = await refusal(verify(await signWith(data, foreign), [...keys]))
    expect(error.code).toBe('SIGNATURE_KEY')
  })
})

describe('the signature', () => {
  it('must be over these bytes', async () => {
    const signature = await signWith(encode('other data'), edwards)
    const error = await refusal(verify(signature, [edwards]))
    expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('does not match')])
  })

  it.each([
    ['MD5', enums.hash.md5],
    ['SHA-1', enums.hash.sha1],
    ['RIPEMD-160', enums.hash.ripemd],
  ])('must not be made with %s', async (name, hash) => {
    const error = await refusal(verify(await signWith(data, rsa, { hash }), [rsa]))
    expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining(name)])
  })

  it('must not be dated more than a day ahead', async () => {
    const at = new Date(signedAt.getTime() - 25 * 3600_000)
    const error = await refusal(verify(await signWith(data, edwards), [edwards], at))
    expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('future')])
  })

  it('must not be older than its key', async () => {
    const date = new Date(keysMade.getTime() - day * 1000)
    expect((await refusal(verify(await signWith(data, edwards, { date }), [edwards]))).code).toBe(
      'SIGNATURE_KEY',
    )
  })

  it('must not have expired', async () => {
    const signature = await signWith(data, edwards, { lifetime: 30 * day })
    await verify(signature, [edwards], new Date(signedAt.getTime() + 1000))
    const error = await refusal(verify(signature, [edwards]))
    expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('expired')])
  })

  it('must be of a kind that covers the data', async () => {
    for (const type of [enums.signature.standalone, enums.signature.timestamp]) {
      const error = await refusal(verify(await signWith(data, edwards, { type }), [edwards]))
      expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('kind')])
    }
  })

  it('of a file that is still to come must not be over text, nor with a hash that Node may lack', async () => {
    const kinds = [{ type: enums.signature.text }, { hash: enums.hash.sha3_256 }]
    for (const options of kinds) {
      const signature = await signWith(data, rsa, options)
      const error = await refusal(readFileSignature(signature, publicOf(rsa), { now }))
      expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('of a kind')])
    }
    const old = v3Signature(data, rsa)
    expect((await refusal(readFileSignature(old, publicOf(rsa), { now }))).code).toBe('SIGNATURE_BAD')
  })

  it('of a file may be compared again, as another transfer of it is', async () => {
    for (const key of [rsa, edwards, await makeKey({ curve: 'nistP256' })]) {
      for (const hash of [enums.hash.sha256, enums.hash.sha384, enums.hash.sha512]) {
        const signature = await readFileSignature(await signWith(data, key, { hash }), publicOf(key), { now })
        const hashOf = (file: Uint8Array) =>
          createHash(signature.algorithm).update(file).update(signature.trailer).digest()
        expect((await refusal(signature.prove(hashOf(encode('other'))))).code).toBe('SIGNATURE_BAD')
        await signature.prove(hashOf(data))
        expect((await refusal(signature.prove(hashOf(encode('other'))))).code).toBe('SIGNATURE_BAD')
      }
    }
  })

  it('must be a signature', async () => {
    const key = edwards.toPublic()
    const texts = ['', 'Not Found', '<html></html>', key.armor(), '-----BEGIN PGP SIGNATURE-----\n\n']
    for (const text of [...texts, encode(texts.join('\n')), key.write(), new Uint8Array([0xc2, 0])]) {
      expect((await refusal(verify(text, [edwards]))).code).toBe('SIGNATURE_BAD')
    }
  })

  it('must not be drowned in others, or in bytes', async () => {
    const good = await signWith(data, edwards)
    const many = Array.from({ length: 17 }, () => good)
    expect((await refusal(verify(Buffer.concat(many), [edwards]))).code).toBe('SIGNATURE_BAD')
    const long = armored(good).replace('\n\n', `\nComment: ${'x'.repeat(64 * 1024)}\n\n`)
    expect((await refusal(verify(long, [edwards]))).code).toBe('SIGNATURE_BAD')
  })
})

describe('anything else', () => {
  const run = { numRuns: 150, seed: 20250601 }

  it('as a signature is refused by an error of ours', async () => {
    const keys = publicOf(edwards)
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.of(0x88, bytes.length & 0xff, ...bytes)),
      fc
        .uint8Array({ maxLength: 300 })
        .map((bytes) => Uint8Array.of(0xc2, Math.min(bytes.length, 191), 4, ...bytes)),
      anyText({ maxLength: 200 }),
      fc
        .string({ maxLength: 200 })
        .map((text) => `-----BEGIN PGP SIGNATURE-----\n\n${text}\n-----END PGP SIGNATURE-----\n`),
    )
    await fc.assert(
      fc.asyncProperty(junk, async (signature) => {
        expect(await refusal(verifyDetached(data, signature, keys, { now }))).toBeInstanceOf(UpdaterError)
      }),
      run,
    )
  })

  it('as data under a good signature is refused', async () => {
    const signature = await signWith(data, edwards)
    const keys = publicOf(edwards)
    await fc.assert(
      fc.asyncProperty(fc.nat(data.length - 1), fc.integer({ min: 1, max: 255 }), async (index, change) => {
        const changed = data.map((byte, position) => (position === index ? byte ^ change : byte))
        expect((await refusal(verifyDetached(changed, signature, keys, { now }))).code).toBe('SIGNATURE_BAD')
      }),
      { ...run, numRuns: 50 },
    )
  })

  it('as a damaged signature never lets other data through', async () => {
    const signature = await signWith(encode('signed'), edwards)
    const keys = publicOf(edwards)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(signature.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (index, change) => {
          const damaged = signature.map((byte, position) => (position === index ? byte ^ change : byte))
          expect(await refusal(verifyDetached(data, damaged, keys, { now }))).toBeInstanceOf(UpdaterError)
        },
      ),
      run,
    )
  })
})
