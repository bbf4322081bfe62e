import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type * as openpgp from 'openpgp'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { verifyDetached } from '../../src/discovery/signatures/verify.ts'
import { armored, encode, makeKey, now, publicOf, refusal, signWith, v3Signature } from './signature-keys.ts'

const data = encode(`${'a'.repeat(64)} image.qcow2\n`)
let key: openpgp.PrivateKey
let other: openpgp.PrivateKey
let temporary: string

beforeAll(async () => {
  key = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
  other = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
})
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'signature-v3-'))
  vi.stubEnv('TMPDIR', temporary)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(temporary, { recursive: true })
})

const verify = (signature: Uint8Array | string, signer = key, bytes = data) =>
  verifyDetached(bytes, signature, publicOf(signer), { name: 'image.qcow2.sha256', now })

describe('without gpgv', () => {
  it('a version 3 signature is refused by saying just that', async () => {
    vi.stubEnv('PATH', temporary)
    const error = await refusal(verify(v3Signature(data, key)))
    expect(error.code).toBe('SIGNATURE_BAD')
    expect(error.message).toBe(
      'The signature of image.qcow2.sha256 is an OpenPGP v3 packet, which the OpenPGP library does not read',
    )
    expect(error.remedy).toContain('Install gpgv')
    expect(readdirSync(temporary)).toEqual([])
  })

  it('a version 4 signature beside it is enough', async () => {
    vi.stubEnv('PATH', temporary)
    const both = Buffer.concat([v3Signature(data, key), await signWith(data, key)])
    await verify(both)
  })

  it('what is refused anyway is refused for that', async () => {
    vi.stubEnv('PATH', temporary)
    expect((await refusal(verify(v3Signature(data, key), other))).code).toBe('SIGNATURE_KEY')
    const weak = await refusal(verify(v3Signature(data, key, { hash: 2, digest: 'sha1' })))
    expect([weak.code, weak.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('SHA-1')])
    const early = await refusal(verify(v3Signature(data, key, { date: new Date('2030-01-01') })))
    expect([early.code, early.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('future')])
  })
})

const hasGpgv = spawnSync('gpgv', ['--version']).status === 0
describe.skipIf(!hasGpgv)('with gpgv (skipped where it is not installed)', () => {
  it('a version 3 signature is verified, and no file is left behind', async () => {
    const signature = v3Signature(data, key)
    await verify(signature)
    await verify(armored(signature))
    expect(readdirSync(temporary)).toEqual([])
  })

  it('a version 3 signature over other data is refused', async () => {
    const error = await refusal(verify(v3Signature(data, key), key, encode('other data')))
    expect(error.code).toBe('SIGNATURE_BAD')
    expect(readdirSync(temporary)).toEqual([])
  })

  it('a version 3 signature of another key under the pinned key ID is refused', async () => {
    const forged = Buffer.from(v3Signature(data, other))
    Buffer.from(key.getKeyID().toHex(), 'hex').copy(forged, 3 + 7)
    expect((await refusal(verify(forged))).code).toBe('SIGNATURE_BAD')
  })

  it('an abort stops it', async () => {
    const signal = AbortSignal.abort()
    const error = await refusal(verifyDetached(data, v3Signature(data, key), publicOf(key), { now, signal }))
    expect(error.code).toBe('ABORTED')
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe('a packet of version 3', () => {
  it('is found among others, in the old format and by each length of the new one', async () => {
    vi.stubEnv('PATH', temporary)
    const old = v3Signature(data, key)
    const body = old.subarray(3)
    const long = Buffer.alloc(4)
    long.writeUInt32BE(body.length)
    const forms = [
      old,
      Buffer.concat([Buffer.from([0x8a]), long, body]),
      Buffer.concat([Buffer.from([0xc2, 255]), long, body]),
      Buffer.concat([
        Buffer.from([0xc2, 192 + ((body.length - 192) >> 8), (body.length - 192) & 0xff]),
        body,
      ]),
    ]
    const stranger = await signWith(data, await makeKey())
    for (const form of forms) {
      const error = await refusal(verify(Buffer.concat([stranger, form])))
      expect(error.message).toContain('is an OpenPGP v3 packet')
    }
  })

  it('that is cut, or of any other bytes, is refused by an error of ours', async () => {
    vi.stubEnv('PATH', temporary)
    const old = v3Signature(data, key)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.nat(old.length - 1), async (bytes, length) => {
        const short = Uint8Array.of(0xc2, bytes.length + 2, 3, 5, ...bytes)
        for (const junk of [short, old.subarray(0, length)]) {
          expect((await refusal(verify(junk))).code).toMatch(/^SIGNATURE_/)
        }
      }),
      { numRuns: 200, seed: 20250601 },
    )
  })
})
