import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as openpgp from 'openpgp'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cacheFolder } from '../../src/cache-folder.ts'
import { createKeySource } from '../../src/discovery/signatures/keys.ts'
import { loadKeyring, readPublicKeys } from '../../src/discovery/signatures/public-keys.ts'
import { encode, makeKey, refusal } from './signature-keys.ts'
import { discoveryHttp } from './signature-server.ts'

let folder: string
let keyring: string
let cacheDir: string
let first: openpgp.PrivateKey
let second: openpgp.PrivateKey

beforeAll(async () => {
  first = await makeKey()
  second = await makeKey({ type: 'rsa', rsaBits: 2048, subkeys: [] })
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signature-keyring-'))
  keyring = join(folder, 'keys')
  cacheDir = join(folder, 'cache', 'keys')
  await mkdir(keyring)
})
afterEach(() => rm(folder, { recursive: true }))

const put = (name: string, content: string | Uint8Array) => writeFile(join(keyring, name), content)
const armor = (key: openpgp.Key) => key.toPublic().armor()
const fingerprints = (keys: readonly openpgp.Key[]) => keys.map((key) => key.getFingerprint())

describe('a keyring folder', () => {
  it('gives its keys by full fingerprint, armored and binary, several in a file', async () => {
    const third = await makeKey()
    await put('both.asc', `A comment\n${armor(first)}\n${armor(second)}`)
    await put('one.GPG', third.toPublic().write())
    await put('two.pgp', Buffer.concat([first.toPublic().write(), second.toPublic().write()]))
    await put('notes.txt', 'not read')
    const { keys, problems } = await loadKeyring(keyring)
    expect(fingerprints(keys).sort()).toEqual(fingerprints([first, second, third]).sort())
    expect(problems).toEqual([])
  })

  it('may be missing', async () => {
    expect(await loadKeyring(join(folder, 'nowhere'))).toEqual({ keys: [], problems: [] })
  })

  it('that is none, and files that are no keys, are warned of by name', async () => {
    await put('empty.asc', '')
    await put('garbage.gpg', Uint8Array.of(0xff, 1, 2, 3))
    await put('page.key', '<html>Not Found</html>')
    await put('huge.asc', Buffer.alloc(1024 * 1024 + 1, 'x'))
    await mkdir(join(keyring, 'folder.asc'))
    await put('good.asc', armor(first))
    const { keys, problems } = await loadKeyring(keyring)
    expect(fingerprints(keys)).toEqual([first.getFingerprint()])
    const names = ['empty.asc', 'folder.asc', 'garbage.gpg', 'huge.asc', 'page.key']
    expect(problems.map((problem) => names.find((name) => problem.includes(join(keyring, name))))).toEqual(
      names,
    )
    expect((await loadKeyring(join(keyring, 'good.asc'))).problems).toEqual([
      expect.stringContaining('good.asc'),
    ])
  })

  it('keeps the public part of a private key only', async () => {
    await put('private.asc', first.armor())
    const { keys } = await loadKeyring(keyring)
    expect(keys.map((key) => key.isPrivate())).toEqual([false])
  })

  it('merges copies of a key, so that a revocation in either counts', async () => {
    const revoked = await openpgp.revokeKey({ key: first, date: new Date('2024-06-01'), format: 'object' })
    await put('a.asc', armor(first))
    await put('b.asc', revoked.publicKey.armor())
    const { keys } = await loadKeyring(keyring)
    expect(await Promise.all(keys.map((key) => key.isRevoked()))).toEqual([true])
  })

  it('refuses what is no key by an error of ours', async () => {
    expect((await refusal(readPublicKeys(encode('nothing')))).code).toBe('SIGNATURE_KEY')
    expect((await refusal(readPublicKeys(new Uint8Array(1024 * 1024 + 1)))).code).toBe('SIGNATURE_KEY')
  })
})

describe('a key at the distribution', () => {
  let server: Server
  let keyUrl: string
  let served: string | undefined
  let asked: number
  const http = discoveryHttp()

  beforeEach(async () => {
    asked = 0
    served = armor(first)
    server = createServer((_request, response) => {
      asked += 1
      response.writeHead(served === undefined ? 404 : 200).end(served)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    keyUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/RPM-GPG-KEY`
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const source = (options: { cacheDir?: string | undefined; now?: Date } = { cacheDir }) =>
    createKeySource({ keyring, http, cacheDir: options.cacheDir, now: () => options.now ?? new Date() })
  const pinOf = (key: openpgp.Key, url: string | undefined = keyUrl) => ({
    fingerprints: [key.getFingerprint().toUpperCase()],
    keyUrl: url,
  })

  it('is fetched, kept, and not fetched again', async () => {
    const { keys } = await source().find(pinOf(first))
    expect(fingerprints(keys)).toEqual([first.getFingerprint()])
    expect(await readdir(cacheDir)).toEqual([`${first.getFingerprint()}.asc`])
    served = undefined
    expect(fingerprints((await source().find(pinOf(first))).keys)).toEqual([first.getFingerprint()])
    expect(asked).toBe(1)
  })

  it('is asked for once by many at once', async () => {
    const one = source({ cacheDir: undefined })
    const all = await Promise.all(Array.from({ length: 8 }, () => one.find(pinOf(first))))
    expect(all.map(({ keys }) => keys.length)).toEqual(Array(8).fill(1))
    expect(asked).toBe(1)
  })

  it('is not asked for where the keyring has it', async () => {
    await put('first.asc', armor(first))
    expect(fingerprints((await source().find(pinOf(first))).keys)).toEqual([first.getFingerprint()])
    expect(asked).toBe(0)
  })

  it('that is another key is not taken, nor kept', async () => {
    const { keys, problems } = await source().find(pinOf(second))
    expect(keys).toEqual([])
    expect(problems).toEqual([expect.stringContaining('not the pinned key')])
    await expect(readdir(cacheDir)).rejects.toThrow('ENOENT')
  })

  it('is picked from a file of several; the others are not kept', async () => {
    served = `${armor(second)}\n${armor(first)}`
    expect(fingerprints((await source().find(pinOf(first))).keys)).toEqual([first.getFingerprint()])
    expect(await readdir(cacheDir)).toEqual([`${first.getFingerprint()}.asc`])
  })

  it('that cannot be had is told, with what is wrong in the keyring', async () => {
    served = undefined
    await put('broken.asc', 'broken')
    const { keys, problems } = await source().find(pinOf(first))
    expect(keys).toEqual([])
    expect(problems).toEqual([expect.stringContaining('broken.asc'), expect.stringContaining(keyUrl)])
    served = '<html></html>'
    expect((await source().find(pinOf(first))).problems).toHaveLength(2)
    expect((await source().find(pinOf(first, undefined))).problems).toHaveLength(2)
  })

  it('is fetched again after a week; an old copy serves while that fails', async () => {
    await source().find(pinOf(first))
    const later = new Date(Date.now() + 8 * 24 * 3600_000)
    served = undefined
    expect(fingerprints((await source({ cacheDir, now: later }).find(pinOf(first))).keys)).toHaveLength(1)
    const { publicKey } = await openpgp.revokeKey({ key: first, format: 'object' })
    served = publicKey.armor()
    const [renewed] = (await source({ cacheDir, now: later }).find(pinOf(first))).keys
    expect(await renewed?.isRevoked()).toBe(true)
    expect(asked).toBe(3)
  })

  it('in the cache counts by its fingerprint alone', async () => {
    await mkdir(cacheDir, { recursive: true })
    const file = join(cacheDir, `${first.getFingerprint()}.asc`)
    for (const planted of [armor(second), 'garbage']) {
      await writeFile(file, planted)
      await utimes(file, new Date(), new Date())
      expect(fingerprints((await source().find(pinOf(first))).keys)).toEqual([first.getFingerprint()])
      expect(await readFile(file, 'utf8')).toBe(armor(first))
    }
    expect(asked).toBe(2)
  })

  it('is used all the same where the cache cannot be written', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    await chmod(file, 0o400)
    const { keys } = await source({ cacheDir: join(file, 'keys') }).find(pinOf(first))
    expect(fingerprints(keys)).toEqual([first.getFingerprint()])
  })

  it('is not waited for after an abort', async () => {
    const aborted = createKeySource({ keyring, http, cacheDir, signal: AbortSignal.abort() })
    expect((await refusal(aborted.find(pinOf(first)))).code).toBe('ABORTED')
    expect((await source().find(pinOf(first))).keys).toHaveLength(1)
  })

  it('is known by its whole fingerprint, in groups and capitals too, wherever it was found', async () => {
    const full = first.getFingerprint()
    const grouped = full
      .toUpperCase()
      .replace(/(.{4})/g, '$1 ')
      .trim()
    for (const place of ['server', 'cache', 'keyring']) {
      if (place === 'keyring') await put('both.asc', `${armor(second)}\n${armor(first)}`)
      const found = await source().find({ fingerprints: [grouped], keyUrl })
      expect(fingerprints(found.keys)).toEqual([full])
      for (const part of [first.getKeyID().toHex(), full.slice(-8), full.slice(1), `${full}0`, '']) {
        expect((await source().find({ fingerprints: [part], keyUrl })).keys).toEqual([])
      }
    }
  })
})

it('the cache lies where XDG puts it', () => {
  expect(cacheFolder('keys', { XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/image-updater/keys')
  expect(cacheFolder('keys', { XDG_CACHE_HOME: 'relative' })).toMatch(/^\/.*\/\.cache\/image-updater\/keys$/)
  expect(cacheFolder('keys', {})).toMatch(/\.cache\/image-updater\/keys$/)
})
