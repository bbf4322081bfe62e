import fc from 'fast-check'
import type * as openpgp from 'openpgp'
import { beforeAll, describe, expect, it } from 'vitest'
import { splitClearsigned } from '../../src/discovery/signatures/clearsigned.ts'
import { verifyClearsigned } from '../../src/discovery/signatures/verify.ts'
import { UpdaterError } from '../../src/errors.ts'
import { armored, clearsign, makeKey, now, publicOf, refusal, signWith } from './signature-keys.ts'

const text = `# image.qcow2: 10 bytes\nSHA256 (image.qcow2) = ${'a'.repeat(64)}`
const forgery = `SHA256 (image.qcow2) = ${'b'.repeat(64)}\n`
let key: openpgp.PrivateKey
let message: string

beforeAll(async () => {
  key = await makeKey()
  message = await clearsign(text, key)
})

const verify = async (signed: string) =>
  (await verifyClearsigned(signed, publicOf(key), { name: 'CHECKSUM', now })).signedText

describe('a good clearsigned message', () => {
  it('gives the text that its signature covers', async () => {
    expect(await verify(message)).toBe(text)
  })

  it('may have blank lines around it, CR LF, and trailing blanks', async () => {
    for (const form of [
      `\n\n${message}\n \n`,
      message.replaceAll(/\r?\n/g, '\r\n'),
      message.replaceAll('\n', ' \t\n'),
    ]) {
      expect(await verify(form)).toBe(text)
    }
  })

  it('gives escaped lines back unescaped', async () => {
    const dashed = '- a list\n-----BEGIN PGP SIGNATURE-----\n--\nFrom here\n\n- - twice'
    const signed = await clearsign(dashed, key)
    expect(signed).toContain('- -----BEGIN')
    expect(await verify(signed)).toBe(dashed)
  })

  it('may be empty', async () => {
    const signature = armored(await signWith(new Uint8Array(), key))
    const empty = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${signature}`
    expect(await verify(empty)).toBe('')
  })
})

describe('text that the signature does not cover', () => {
  const refused = async (signed: string) => {
    const error = await refusal(verify(signed))
    expect(error.code).toBe('SIGNATURE_BAD')
    expect(error.message).toContain('CHECKSUM')
    return error
  }

  it('is refused before the message', async () => {
    expect((await refused(forgery + message)).message).toContain('before')
  })

  it('is refused after the message', async () => {
    expect((await refused(message + forgery)).message).toContain('after')
  })

  it('is refused among the armor headers', async () => {
    const lines = [
      forgery.trim(),
      'Comment: harmless',
      `Hash: SHA512\n${forgery.trim()}`,
      `Hash: ${forgery.trim()}`,
      'Hash: SHA256 (image.qcow2)',
      'Hash: SHA512SHA256',
      'Hash: deadbeef  image.qcow2',
    ]
    for (const line of lines) {
      const injected = message.replace('Hash: SHA512\n', `Hash: SHA512\n${line}\n`)
      expect(injected).not.toBe(message)
      expect((await refused(injected)).message).toContain('header')
    }
  })

  it('is refused in a message that has no blank line after its headers', async () => {
    await refused(message.replace('Hash: SHA512\n\n', 'Hash: SHA512\n'))
  })

  it('is refused between the text and its signature, and inside the text', async () => {
    await refused(message.replace('-----BEGIN PGP SIGNATURE-----', `${forgery}-----BEGIN PGP SIGNATURE-----`))
    await refused(message.replace('SHA256 (', `${forgery}SHA256 (`))
    await refused(message.replace('aaaa', 'baaa'))
  })

  it('is refused in a line that is not escaped', async () => {
    await refused(message.replace('SHA256 (', `-----BEGIN SOMETHING-----\nSHA256 (`))
    await refused(message.replace('SHA256 (', '-SHA256 ('))
  })

  it('is refused in a second message, good or not', async () => {
    await refused(message + message)
    await refused(message + (await clearsign(forgery, key)))
    await refused((await clearsign(forgery, await makeKey())) + message)
  })

  it('is refused without a signature or without its end', async () => {
    const [head = ''] = message.split('-----BEGIN PGP SIGNATURE-----')
    await refused(head)
    await refused(text)
    await refused('')
    await refused(message.replace('-----END PGP SIGNATURE-----', ''))
    await refused('-----BEGIN PGP SIGNED MESSAGE-----')
  })
})

it('a clearsigned message by someone else is refused for its signer', async () => {
  expect((await refusal(verify(await clearsign(text, await makeKey())))).code).toBe('SIGNATURE_KEY')
})

it('long runs of blanks take no longer than their length', () => {
  const blanks = `${' '.repeat(1024 * 1024)}x`
  const split = splitClearsigned(
    `-----BEGIN PGP SIGNED MESSAGE-----\n\n${blanks}\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----`,
  )
  expect(split.signedText).toBe(blanks)
})

describe('any text', () => {
  it('signed and split again comes out as it went in', async () => {
    const line = fc.string({ maxLength: 30, unit: fc.constantFrom('-', ' ', 'a', 'F', 'é', '=', ':') })
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 6 }), async (lines) => {
        const covered = lines.map((one) => one.trimEnd()).join('\n')
        fc.pre(covered !== '')
        expect(await verify(await clearsign(covered, key))).toBe(covered)
      }),
      { numRuns: 60, seed: 20250601 },
    )
  })

  it('put anywhere into a message is refused or left out', async () => {
    const junk = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constant(forgery),
      fc.constant('\n'),
      fc.constant('Hash: SHA256\n'),
    )
    await fc.assert(
      fc.asyncProperty(junk, fc.nat(message.length), async (inserted, at) => {
        const changed = message.slice(0, at) + inserted + message.slice(at)
        const outcome = await verify(changed).catch((error: unknown) => error)
        if (outcome instanceof UpdaterError) expect(outcome.code).toMatch(/^SIGNATURE_/)
        else expect(outcome).toBe(text)
      }),
      { numRuns: 200, seed: 20250601 },
    )
  })
})
