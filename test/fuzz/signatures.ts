/**
 * Signed texts and signatures, cut, mixed and damaged: what is taken for signed is exactly what a pinned key has signed,
 * and gpgv takes it, too.
 */
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { readKey } from 'openpgp'
import {
  readFileSignature,
  verifyClearsigned,
  verifyDetached,
} from '../../src/discovery/signatures/verify.ts'
import { UpdaterError } from '../../src/errors.ts'
import { type Damage, damage, damaged } from './damage.ts'
import type { Target } from './target.ts'

type KeyName = 'one' | 'sub' | 'rsa' | 'stranger'
type TextName = 'a' | 'b'

/** Made once by tools of these tests, in 2025: keys without their private parts, and what they have signed. */
const signed = JSON.parse(readFileSync('test/fuzz/signed.json', 'utf8')) as {
  readonly keys: Readonly<Record<KeyName, string>>
  readonly texts: Readonly<Record<TextName, string>>
  readonly data: Readonly<Record<TextName, string>>
  readonly clearsigned: readonly {
    readonly text: TextName
    readonly key: KeyName
    readonly message: string
  }[]
  readonly detached: readonly {
    readonly data: TextName
    readonly key: KeyName
    /** What of a text's lines ends is not signed, but that they do. */
    readonly kind: 'binary' | 'text'
    /** Base64. */
    readonly signature: string
  }[]
}
const now = new Date('2025-06-01T00:00:00Z')
const keyNames = Object.keys(signed.keys) as KeyName[]
const keys = new Map(
  await Promise.all(
    keyNames.map(async (name) => [name, await readKey({ armoredKey: signed.keys[name] })] as const),
  ),
)

const folder = mkdtempSync(join(tmpdir(), 'fuzz-gpgv-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const hasGpgv = spawnSync('gpgv', ['--version']).status === 0
for (const [name, key] of keys) writeFileSync(join(folder, name), key.write())

interface ClearsignedCase {
  readonly form: 'clearsigned'
  readonly pinned: readonly KeyName[]
  /** Parts of messages: which one, and which part of it. */
  readonly parts: readonly (readonly [message: number, part: Part] | string)[]
  readonly damages: readonly Damage[]
}

interface DetachedCase {
  readonly form: 'detached'
  readonly pinned: readonly KeyName[]
  readonly data: TextName
  readonly dataDamages: readonly Damage[]
  readonly packets: readonly number[]
  readonly damages: readonly Damage[]
  readonly isArmored: boolean
}

type SignatureCase = ClearsignedCase | DetachedCase

const partNames = ['begin', 'headers', 'blank', 'text', 'signature'] as const
type Part = (typeof partNames)[number]

const parts = signed.clearsigned.map(({ message }): Readonly<Record<Part, string>> => {
  const [before = '', signature = ''] = message.split(/(?=^-----BEGIN PGP SIGNATURE)/m)
  const [, begin = '', headers = '', text = ''] = /^(.*\n)((?:.+\n)*)\r?\n([\s\S]*)$/.exec(before) ?? []
  return { begin, headers, blank: '\n', text, signature }
})

const strange = [
  `${'d'.repeat(64)}  disk.qcow2\n`,
  '- ',
  'Hash: SHA256\n',
  'Comment: x\n',
  '\n',
  ' \t\n',
  '\r',
  '-----BEGIN PGP SIGNED MESSAGE-----\n',
  '-----BEGIN PGP SIGNATURE-----\n',
  '-----END PGP SIGNATURE-----\n',
  '\u2028',
  '\u0000',
  '\u00e9',
]
const message = fc.nat(signed.clearsigned.length - 1)
const anyPart = fc.oneof(fc.tuple(message, fc.constantFrom(...partNames)), fc.constantFrom(...strange))
/** A whole message with a part put in, taken out, or in place of another. */
const clearsignedParts = fc
  .tuple(
    message,
    fc.array(fc.tuple(fc.nat(6), fc.nat(1), fc.option(anyPart, { nil: undefined })), { maxLength: 2 }),
  )
  .map(([whole, changes]) => {
    const all: (readonly [number, Part] | string)[] = partNames.map((part) => [whole, part] as const)
    for (const [at, removed, added] of changes)
      all.splice(at, removed, ...(added === undefined ? [] : [added]))
    return all
  })
const pinned = fc.subarray(
  keyNames.filter((name) => name !== 'stranger'),
  { minLength: 1 },
)
const few = fc.array(damage, { maxLength: 2 })

const cases: fc.Arbitrary<SignatureCase> = fc.oneof(
  fc.record({ form: fc.constant('clearsigned' as const), pinned, parts: clearsignedParts, damages: few }),
  fc.record({
    form: fc.constant('detached' as const),
    pinned,
    data: fc.constantFrom('a' as const, 'b' as const),
    dataDamages: few,
    packets: fc.array(fc.nat(signed.detached.length - 1), { minLength: 1, maxLength: 4 }),
    damages: few,
    isArmored: fc.boolean(),
  }),
)

async function check(one: SignatureCase): Promise<void> {
  await (one.form === 'clearsigned' ? checkClearsigned(one) : checkDetached(one))
}

/** What the action returns, or undefined if it refuses the signature. */
async function unlessRefused<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof UpdaterError && /^SIGNATURE_(?:BAD|KEY)$/.test(error.code)) return undefined
    throw error
  }
}

const keysOf = (names: readonly KeyName[]) => names.flatMap((name) => keys.get(name) ?? [])

async function checkClearsigned(one: ClearsignedCase): Promise<void> {
  const whole = one.parts
    .map((part) => (typeof part === 'string' ? part : parts[part[0]]?.[part[1]]))
    .join('')
  const text = new TextDecoder().decode(damaged(Buffer.from(whole), one.damages))
  const found = await unlessRefused(() => verifyClearsigned(text, keysOf(one.pinned), { now }))
  if (found === undefined) return
  const { signedText, signer } = found
  const by = one.pinned.find((name) => keys.get(name)?.getFingerprint() === signer.fingerprint)
  const mayBe = signed.clearsigned
    .filter(({ key }) => key === by)
    .map(({ text }) => withoutBlanks(signed.texts[text]))
  assert(mayBe.includes(signedText), `${JSON.stringify(signedText)} counts as signed by ${by}`)
  // Without the header that all of them have, gpgv takes MD5 for the hash, whatever the signature says. It reads no
  // packet that has strange bytes behind it, and of damaged armour less than we do: what is signed is judged above.
  const isWhole = parts.some(({ signature }) =>
    text.replaceAll('\r', '').endsWith(signature.replaceAll('\r', '')),
  )
  const isDamaged = one.damages.length > 0
  if (!hasGpgv || isDamaged || !isWhole || !/^Hash: .*SHA512/m.test(text)) return
  assert(gpgvTakes(one.pinned, [write('text', text)]), 'gpgv refuses what we take for signed')
}

/** A clearsigned text's signature does not cover the blanks at the ends of lines. */
function withoutBlanks(text: string): string {
  return text.replaceAll(/[ \t\r]+$/gm, '')
}

async function checkDetached(one: DetachedCase): Promise<void> {
  const data = damaged(Buffer.from(signed.data[one.data]), one.dataDamages)
  const packets = one.packets.map((index) => Buffer.from(signed.detached[index]?.signature ?? '', 'base64'))
  const bytes = damaged(Buffer.concat(packets), one.damages)
  const signature = one.isArmored ? armored(bytes) : bytes
  const pinnedKeys = keysOf(one.pinned)
  const signer = await unlessRefused(() => verifyDetached(data, signature, pinnedKeys, { now }))
  const streamed = await unlessRefused(async () => {
    const file = await readFileSignature(Buffer.from(signature), pinnedKeys, { now })
    await file.prove(createHash(file.algorithm).update(data).update(file.trailer).digest())
    return file.signer
  })
  for (const found of [signer, streamed]) {
    if (found === undefined) continue
    const by = one.pinned.find((name) => keys.get(name)?.getFingerprint() === found.fingerprint)
    const isSigned = signed.detached.some(
      ({ key, data: of, kind }) => key === by && asSigned(signed.data[of], kind) === asSigned(data, kind),
    )
    assert(isSigned, `${JSON.stringify(Buffer.from(data).toString())} counts as signed by ${by}`)
  }
  // gpgv looks at the first of several signatures alone, and reads none that has strange bytes behind it.
  if (signer === undefined || !hasGpgv || one.packets.length > 1 || one.damages.length > 0) return
  const files = [write('signature', signature), write('data', data)]
  assert(gpgvTakes(one.pinned, files), 'gpgv refuses what we take for signed')
}

function asSigned(data: string | Uint8Array, kind: 'binary' | 'text'): string {
  const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
  return kind === 'text' ? text.replaceAll(/\r?\n/g, '\r\n') : text
}

function armored(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN PGP SIGNATURE-----\n\n${lines}\n-----END PGP SIGNATURE-----\n`
}

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** Whether gpgv finds a good signature by one of the keys, whatever it says of others beside it. */
function gpgvTakes(names: readonly KeyName[], files: readonly string[]): boolean {
  const rings = names.flatMap((name) => ['--keyring', join(folder, name)])
  const { stdout } = spawnSync('gpgv', [...rings, '--status-fd', '1', ...files], { encoding: 'utf8' })
  return /^\[GNUPG:\] VALIDSIG /m.test(stdout)
}

export const signatures: Target<SignatureCase> = {
  name: 'signatures',
  missing: hasGpgv ? [] : ['gpgv, which is not installed'],
  cases,
  check,
  kept: [],
  batch: 50,
}
