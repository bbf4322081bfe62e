import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type * as openpgp from 'openpgp'
import { beforeAll, describe, expect, it } from 'vitest'
import { verifyDetached } from '../../src/discovery/signatures/verify.ts'
import {
  armored,
  encode,
  makeKey,
  now,
  publicOf,
  refusal,
  signedAt,
  signWith,
  v3Signature,
} from './signature-keys.ts'

const data = encode(`${'a'.repeat(64)} image.qcow2\n`)
let key: openpgp.PrivateKey
let other: openpgp.PrivateKey

beforeAll(async () => {
  key = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
  other = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
})

const verify = (signature: Uint8Array | string, signer = key, bytes = data) =>
  verifyDetached(bytes, signature, publicOf(signer), { name: 'image.qcow2.sha256', now })

describe('a version 3 signature', () => {
  it('is verified, armored or binary, whatever hash it is made with', async () => {
    for (const [hash, digest] of [
      [8, 'sha256'],
      [9, 'sha384'],
      [10, 'sha512'],
    ] as const) {
      const signature = v3Signature(data, key, { hash, digest })
      for (const form of [signature, armored(signature)]) {
        expect(await verify(form)).toEqual({
          fingerprint: key.getFingerprint(),
          signedAt,
          keyEnds: undefined,
        })
      }
    }
  })

  it('over text covers its lines, however they end', async () => {
    const signature = v3Signature(encode('a\r\nb\r\n'), key, { type: 1 })
    for (const text of ['a\nb\n', 'a\r\nb\r\n']) await verify(signature, key, encode(text))
    expect((await refusal(verify(signature, key, encode('a\nc\n')))).code).toBe('SIGNATURE_BAD')
  })

  it('over other data is refused', async () => {
    const error = await refusal(verify(v3Signature(data, key), key, encode('other data')))
    expect([error.code, error.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('does not match')])
  })

  it('of another key under the pinned key ID is refused', async () => {
    const forged = Buffer.from(v3Signature(data, other))
    Buffer.from(key.getKeyID().toHex(), 'hex').copy(forged, 3 + 7)
    expect((await refusal(verify(forged))).code).toBe('SIGNATURE_BAD')
  })

  it('is refused by a weak hash, a date in the future, another signer, an expired key', async () => {
    expect((await refusal(verify(v3Signature(data, key), other))).code).toBe('SIGNATURE_KEY')
    const weak = await refusal(verify(v3Signature(data, key, { hash: 2, digest: 'sha1' })))
    expect([weak.code, weak.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('SHA-1')])
    const early = await refusal(verify(v3Signature(data, key, { date: new Date('2030-01-01') })))
    expect([early.code, early.message]).toEqual(['SIGNATURE_BAD', expect.stringContaining('future')])
    const old = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [], keyExpirationTime: 400 * 86_400 })
    expect((await refusal(verify(v3Signature(data, old), old))).code).toBe('SIGNATURE_KEY')
  })

  it('of which a single bit is changed is refused', async () => {
    const good = v3Signature(data, key)
    const bits = fc.record({ at: fc.nat(good.length - 1), bit: fc.nat(7) })
    await fc.assert(
      fc.asyncProperty(bits, async ({ at, bit }) => {
        const changed = Uint8Array.from(good, (byte, index) => (index === at ? byte ^ (1 << bit) : byte))
        // Two bits of its hash tell nothing of the proof: readers may look at them.
        const isHint = at === 3 + 17 || at === 3 + 18
        if (!isHint) expect((await refusal(verify(changed))).code).toMatch(/^SIGNATURE_/)
      }),
      { numRuns: 100, seed: 20250601 },
    )
  })

  it('beside one of version 4 is enough, and the other way round', async () => {
    const stranger = await makeKey()
    await verify(Buffer.concat([v3Signature(data, key), await signWith(data, stranger)]))
    await verify(Buffer.concat([v3Signature(data, other), await signWith(data, key)]))
  })

  const hasGpgv = spawnSync('gpgv', ['--version']).status === 0
  it.skipIf(!hasGpgv)('is one for gpgv, too (skipped where it is not installed)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signature-v3-'))
    try {
      const files = { keyring: key.toPublic().write(), signature: v3Signature(data, key), data }
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
      const args = ['--homedir', '.', '--keyring', './keyring', 'signature', 'data']
      expect(spawnSync('gpgv', args, { cwd: folder }).status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a packet of version 3', () => {
  it('is found among others, in the old format and by each length of the new one', async () => {
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
    for (const form of forms) await verify(Buffer.concat([stranger, form]))
  })

  it('that is cut, or of any other bytes, is refused by an error of ours', async () => {
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
