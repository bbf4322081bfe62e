import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type * as openpgp from 'openpgp'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { v3Signatures } from '../../src/discovery/signatures/v3-signature.ts'
import { verifyDetached } from '../../src/discovery/signatures/verify.ts'
import {
  armored,
  encode,
  makeKey,
  now,
  pinned,
  refusal,
  signedAt,
  signWith,
  v3Signature,
} from './signature-keys.ts'

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
  verifyDetached(bytes, signature, pinned(signer), { name: 'image.qcow2.sha256', now })

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
    expect((await verify(both)).created).toEqual(signedAt)
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
    const by = { fingerprint: key.getFingerprint(), signingKey: key.getFingerprint(), created: signedAt }
    expect(await verify(signature)).toEqual(by)
    expect(await verify(armored(signature))).toEqual(by)
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
    const error = await refusal(verifyDetached(data, v3Signature(data, key), pinned(key), { now, signal }))
    expect(error.code).toBe('ABORTED')
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe('packets', () => {
  it('of version 3 are found among others', async () => {
    const old = v3Signature(data, key)
    const found = v3Signatures(Buffer.concat([await signWith(data, key), old, old]))
    expect(found).toHaveLength(2)
    expect(found[0]).toMatchObject({ type: 0, hash: 10, created: signedAt, keyId: key.getKeyID().toHex() })
    expect(Buffer.from(found[0]?.bytes ?? []).equals(old)).toBe(true)
    expect(v3Signatures(await signWith(data, key))).toEqual([])
  })

  it('in the new format are found by each of its lengths', () => {
    const body = (length: number) => Buffer.concat([Buffer.from([3, 5]), Buffer.alloc(length - 2)])
    const forms = [
      Buffer.concat([Buffer.from([0xc2, 100]), body(100)]),
      Buffer.concat([Buffer.from([0xc2, 192, 8]), body(200)]),
      Buffer.concat([Buffer.from([0xc2, 255, 0, 0, 1, 0]), body(256)]),
      Buffer.concat([Buffer.from([0x88, 100]), body(100)]),
      Buffer.concat([Buffer.from([0x8a, 0, 0, 1, 0]), body(256)]),
    ]
    expect(v3Signatures(Buffer.concat(forms)).map(({ bytes }) => bytes.length)).toEqual(
      forms.map((form) => form.length),
    )
  })

  it('of any kind never make it throw or read beyond the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const total = v3Signatures(bytes).reduce((sum, packet) => sum + packet.bytes.length, 0)
        expect(total).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 500, seed: 20250601 },
    )
  })
})
