import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as openpgp from 'openpgp'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeySource } from '../../src/discovery/signatures/keys.ts'
import { readPublicKeys } from '../../src/discovery/signatures/public-keys.ts'
import { verifyClearsigned, verifyDetached } from '../../src/discovery/signatures/verify.ts'
import { HttpClient } from '../../src/http/client.ts'
import { createDiscoveryHttp } from '../../src/http/discovery-http.ts'
import { type KeyAnswer, KeyServer } from '../support/key-server.ts'
import {
  clearsign,
  day,
  encode,
  makeKey,
  now,
  refusal,
  signWith,
  v3Signature,
  withoutUserIds,
} from './signature-keys.ts'

const data = encode(`${'a'.repeat(64)}  image.qcow2\n`)
const hour = 60 * 60 * 1000
const armor = (one: openpgp.Key) => one.toPublic().armor()
const fingerprints = (keys: readonly openpgp.Key[]) => keys.map((one) => one.getFingerprint())
const hkp = (one: openpgp.Key) =>
  `/pks/lookup?op=get&options=mr&search=0x${one.getFingerprint().toUpperCase()}`
const vks = (one: openpgp.Key) => `/vks/v1/by-fingerprint/${one.getFingerprint().toUpperCase()}`

let key: openpgp.PrivateKey
let stranger: openpgp.PrivateKey
let folder: string
let http: HttpClient
let servers: KeyServer[]

beforeAll(async () => {
  key = await makeKey({ subkeys: [{ sign: true }] })
  stranger = await makeKey({ subkeys: [{ sign: true }] })
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signature-key-servers-'))
  http = new HttpClient({ policy: { retries: 0, nameRetries: 0 } })
  servers = []
})
afterEach(async () => {
  await http.close()
  for (const server of servers) await server.close()
  await rm(folder, { recursive: true })
})

async function serve(answer: KeyAnswer | ((path: string) => KeyAnswer)): Promise<KeyServer> {
  const server = await new KeyServer(typeof answer === 'function' ? answer : () => answer).start()
  servers.push(server)
  return server
}

interface Options {
  readonly at?: Date
  readonly cached?: boolean
  readonly patience?: number
}

/** As a run has one, which asks each URL once. */
const source = ({ at = now, cached = true, patience = 60_000 }: Options = {}) =>
  createKeySource({
    keyring: join(folder, 'keys'),
    cacheDir: cached ? join(folder, 'cache') : undefined,
    keyservers: servers.map(({ url }) => url),
    http: createDiscoveryHttp(http, {}),
    patience,
    now: () => at,
  })
const wanted = (...keys: openpgp.Key[]) => ({ fingerprints: fingerprints(keys) })
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds)

describe('a pinned key without a URL', () => {
  it('comes from a key server, by its whole fingerprint', async () => {
    const server = await serve(armor(key))
    expect(fingerprints((await source().find(wanted(key))).keys)).toEqual([key.getFingerprint()])
    expect(server.asked).toEqual([hkp(key)])
  })

  it('comes by the other protocol where the server has none by the first', async () => {
    const server = await serve((path) => (path === vks(key) ? armor(key) : 404))
    expect((await source().find(wanted(key))).keys).toHaveLength(1)
    expect(server.asked).toEqual([hkp(key), vks(key)])
  })

  it('is asked for once by many, of all servers at once, and then is in the cache', async () => {
    const [first, second] = [await serve(armor(key)), await serve(armor(key))]
    const one = source()
    await Promise.all(Array.from({ length: 8 }, () => one.find(wanted(key))))
    expect((await source().find(wanted(key))).keys).toHaveLength(1)
    expect([first.asked, second.asked]).toEqual([[hkp(key)], [hkp(key)]])
    expect(await readdir(join(folder, 'cache'))).toEqual([`${key.getFingerprint()}.asc`])
  })

  it('is put together of what the servers have, so a revocation in any of them counts', async () => {
    const { publicKey } = await openpgp.revokeKey({ key, date: new Date('2025-03-01'), format: 'object' })
    await serve(armor(key))
    await serve(publicKey.armor())
    const { keys } = await source().find(wanted(key))
    expect(await Promise.all(keys.map((one) => one.isRevoked()))).toEqual([true])
    const error = await refusal(verifyDetached(data, await signWith(data, key), keys, { now }))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('revoked')])
  })

  it('keeps a revocation that a later copy lacks', async () => {
    const { publicKey } = await openpgp.revokeKey({ key, date: new Date('2025-03-01'), format: 'object' })
    const server = await serve(publicKey.armor())
    await source().find(wanted(key))
    server.answer = () => armor(key)
    const { keys } = await source().renew(wanted(key))
    expect(await keys[0]?.isRevoked()).toBe(true)
  })

  it('is asked for nowhere without servers', async () => {
    expect(await source().find(wanted(key))).toEqual({
      keys: [],
      problems: ['It is not in the keyring folder'],
    })
  })

  it('is asked for where the distribution has it no more', async () => {
    const server = await serve((path) => (path === '/KEY' ? 404 : armor(key)))
    const { keys } = await source().find({ ...wanted(key), keyUrl: `${server.url}/KEY` })
    expect(keys).toHaveLength(1)
    expect(server.asked).toEqual(['/KEY', hkp(key)])
  })
})

describe('an answer of a key server', () => {
  const tampered = async () => {
    const packets = key.toPublic().toPacketList()
    const binding = packets.at(-1)
    if (!(binding instanceof openpgp.SignaturePacket)) throw new Error('no binding')
    const bytes = packets.write()
    return bytes.map((byte, index) => (index === bytes.length - 40 ? byte ^ 1 : byte))
  }
  const grafted = async () => {
    const subkey = new openpgp.PacketList<openpgp.AnyPacket>()
    subkey.push(...stranger.toPublic().toPacketList().slice(3))
    return Buffer.concat([key.toPublic().write(), subkey.write()])
  }

  it.each<[string, () => KeyAnswer | Promise<KeyAnswer>]>([
    ['of another key', () => armor(stranger)],
    ['of several keys', () => `${armor(key)}\n${armor(stranger)}`],
    ['of the same key twice', () => `${armor(key)}\n${armor(key)}`],
    ['of a key whose subkey is bound by changed bytes', tampered],
    ["of a key with another key's subkey", grafted],
    ['that is a page', () => '<html>Not Found</html>'],
    ['that is empty', () => ''],
    ['of more bytes than a key has', () => `${armor(key)}${' '.repeat(1024 * 1024)}`],
    ['of more bytes than a text has', () => Buffer.alloc(9 * 1024 * 1024, ' ')],
    ['that there is none', () => 404],
  ])('%s is refused, told, and not kept', async (_, answer) => {
    const content = await answer()
    const server = await serve(() => content)
    const { keys, problems } = await source().find(wanted(key))
    expect(keys).toEqual([])
    expect(problems.at(-1)).toContain(server.url)
    expect(await readdir(join(folder, 'cache'))).toEqual(['failures.json'])
    servers = [server, await serve(armor(key))]
    expect(fingerprints((await source().find(wanted(key))).keys)).toEqual([key.getFingerprint()])
  })

  it('of a key that has only the long key ID of the pinned one is refused', async () => {
    await serve(armor(key))
    const pinned = `${'0'.repeat(24)}${key.getKeyID().toHex()}`
    const { keys, problems } = await source().find({ fingerprints: [pinned] })
    expect([keys, problems.at(-1)]).toEqual([[], expect.stringContaining(key.getFingerprint().toUpperCase())])
  })
})

describe('a failure of a key server', () => {
  it('is remembered for a day, for that key', async () => {
    const server = await serve(404)
    const first = await source().find(wanted(key))
    expect((await source({ at: later(23 * hour) }).find(wanted(key))).problems).toEqual([
      'It is not in the keyring folder',
      `${first.problems.at(-1)} (at ${now.toISOString()}; it is asked again after a day)`,
    ])
    expect(server.asked).toHaveLength(2)
    await source({ at: later(23 * hour) }).find(wanted(stranger))
    expect(server.asked).toHaveLength(4)
    server.answer = () => armor(key)
    expect((await source({ at: later(25 * hour) }).find(wanted(key))).keys).toHaveLength(1)
  })

  it('that cannot be reached is remembered for every key', async () => {
    const server = await serve(503)
    await source().find(wanted(key))
    await source().find(wanted(stranger))
    expect(server.asked).toEqual([hkp(key)])
    await source({ at: later(25 * hour) }).find(wanted(stranger))
    expect(server.asked).toEqual([hkp(key), hkp(stranger)])
  })

  it('is remembered for the run where there is no cache', async () => {
    const server = await serve(503)
    const one = source({ cached: false })
    await one.find(wanted(key))
    await one.find(wanted(stranger))
    expect(server.asked).toEqual([hkp(key)])
  })

  it('takes nothing from another server, which is asked for every key', async () => {
    const slow = await serve('hangs')
    await serve((path) => armor(path === hkp(key) ? key : stranger))
    const one = source({ patience: 100 })
    for (const each of [key, stranger]) {
      expect(fingerprints((await one.find(wanted(each))).keys)).toEqual(fingerprints([each]))
    }
    expect(slow.asked).toEqual([hkp(key)])
  })

  it('says how long was waited', async () => {
    const { url } = await serve('hangs')
    const { problems } = await source({ patience: 100 }).find(wanted(key))
    expect(problems.at(-1)).toBe(`${url}/ did not answer within 0.1 s`)
  })

  it('is none where the run is aborted', async () => {
    const controller = new AbortController()
    const server = await serve(() => {
      controller.abort()
      return 'hangs'
    })
    expect((await refusal(source().find(wanted(key), controller.signal))).code).toBe('ABORTED')
    server.answer = () => armor(key)
    expect((await source().find(wanted(key))).keys).toHaveLength(1)
  })

  it('in a file that is none of ours is no failure', async () => {
    await serve(armor(key))
    await source().find(wanted(stranger))
    const file = join(folder, 'cache', 'failures.json')
    expect(Object.keys(JSON.parse(await readFile(file, 'utf8')))).toHaveLength(1)
    for (const text of ['', 'null', '[1]', '{"a":{"at":1}}', 'x'.repeat(300_000)]) {
      await writeFile(file, text)
      expect((await source().find(wanted(key))).keys).toHaveLength(1)
    }
  })
})

describe('a key without user ids, as keys.openpgp.org serves it', () => {
  it('verifies signatures of a subkey and of the primary key, in the cache too', async () => {
    const [subkey] = key.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    const server = await serve(withoutUserIds(key))
    for (const turn of [1, 2]) {
      const { keys } = await source().find(wanted(key))
      expect(keys.map(({ users }) => users.length)).toEqual([0])
      await verifyDetached(data, await signWith(data, subkey), keys, { now })
      await verifyDetached(data, await signWith(data, key), keys, { now })
      const { signedText } = await verifyClearsigned(await clearsign('text', key), keys, { now })
      expect([signedText, server.asked.length, turn]).toEqual(['text', 1, turn])
      const other = await signWith(encode('other data'), subkey)
      expect((await refusal(verifyDetached(data, other, keys, { now }))).code).toBe('SIGNATURE_BAD')
    }
  })

  it('verifies signatures of version 3', async () => {
    const rsa = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
    await serve(withoutUserIds(rsa))
    const { keys } = await source().find(wanted(rsa))
    await verifyDetached(data, v3Signature(data, rsa), keys, { now })
  })

  it('loses nothing of what a server has that serves all of it', async () => {
    const ending = await makeKey({ keyExpirationTime: 400 * day })
    await serve(withoutUserIds(ending))
    await serve(armor(ending))
    const { keys } = await source().find(wanted(ending))
    const error = await refusal(verifyDetached(data, await signWith(data, ending), keys, { now }))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('expired')])
  })

  it('is refused when it, or the subkey that signed, is revoked or expired', async () => {
    const ending = await makeKey({ subkeys: [{ sign: true, keyExpirationTime: 400 * day }] })
    const [subkey] = ending.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    const signature = await signWith(data, subkey)
    const bare = await readPublicKeys(withoutUserIds(ending))
    const expired = await refusal(verifyDetached(data, signature, bare, { now }))
    expect([expired.code, expired.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('expired')])
    const { publicKey } = await openpgp.revokeKey({
      key: ending,
      date: new Date('2025-03-01'),
      format: 'object',
    })
    const revoked = await readPublicKeys(withoutUserIds(publicKey))
    const error = await refusal(verifyDetached(data, signature, revoked, { now }))
    expect([error.code, error.message]).toEqual(['SIGNATURE_KEY', expect.stringContaining('revoked')])
  })
})

describe('a key of the cache', () => {
  it('is asked for again when it has expired, and is none where it cannot be had', async () => {
    const ending = await makeKey({ keyExpirationTime: 600 * day })
    const server = await serve(armor(ending))
    await source().find(wanted(ending))
    const past = later(365 * 24 * hour)
    server.answer = () => 404
    expect((await source({ at: past }).find(wanted(ending))).keys).toEqual([])
    server.answer = () => armor(ending)
    expect((await source({ at: later(367 * 24 * hour) }).find(wanted(ending))).keys).toHaveLength(1)
  })

  it('serves until then where no server can be reached any more', async () => {
    const server = await serve(armor(key))
    await source().find(wanted(key))
    server.answer = () => 503
    const year = new Date(Date.now() + 365 * 24 * hour)
    expect((await source({ at: year }).find(wanted(key))).keys).toHaveLength(1)
    expect((await source({ at: year }).find(wanted(key))).keys).toHaveLength(1)
    expect(server.asked).toHaveLength(2)
  })

  it('gets a subkey that the distribution has made since, when it is renewed', async () => {
    const whole = key.toPublic()
    const [before] = await readPublicKeys(whole.write())
    if (before === undefined) throw new Error('no key')
    before.subkeys = []
    const server = await serve(before.armor())
    await source().find(wanted(key))
    server.answer = () => whole.armor()
    const one = source()
    expect((await one.find(wanted(key))).keys[0]?.subkeys).toHaveLength(0)
    expect((await one.renew(wanted(key))).keys[0]?.subkeys).toHaveLength(1)
    expect((await source().find(wanted(key))).keys[0]?.subkeys).toHaveLength(1)
  })
})
