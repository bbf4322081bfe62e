import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest, DigestAlgorithm } from '../../src/image.ts'
import { writeChecksumFiles } from '../../src/stores/checksum-files.ts'
import { createDirectoryStore } from '../../src/stores/directory/store.ts'
import type { Store } from '../../src/stores/store.ts'

const place = { folder: 'p/a/', keyPrefix: 'p/' }
let dir: string
let store: Store
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'checksum-files-'))
  store = createDirectoryStore(dir)
  return () => rm(dir, { recursive: true, force: true })
})

const hex = (algorithm: DigestAlgorithm, text: string) => createHash(algorithm).update(text).digest('hex')

async function put(name: string, text: string, algorithm: DigestAlgorithm = 'sha256'): Promise<string> {
  const digest: Digest = { algorithm, hex: hex(algorithm, text) }
  const record = { digest, source: digest, size: text.length }
  const upload = await store.begin(`p/a/${name}`, { contentType: 'x', record, size: record.size })
  await upload.write(Buffer.from(text))
  await upload.complete(record)
  return `p/a/${name}`
}

const files = async () => (await readdir(join(dir, 'p/a'))).filter((name) => !name.startsWith('.')).sort()
const text = (name: string) => readFile(join(dir, 'p/a', name), 'utf8')

describe('checksum files', () => {
  it('list what was recorded, each digest in the file of its algorithm, in order', async () => {
    await put('20260102-a.qcow2', 'two')
    await put('20260101-a.raw', 'one')
    await put('20260103-a.qcow2', 'three', 'sha512')
    expect(await writeChecksumFiles(store, place)).toEqual([])
    expect(await text('SHA256SUMS')).toBe(
      `${hex('sha256', 'one')}  20260101-a.raw\n${hex('sha256', 'two')}  20260102-a.qcow2\n`,
    )
    expect(await text('SHA512SUMS')).toBe(`${hex('sha512', 'three')}  20260103-a.qcow2\n`)
    expect(await files()).toHaveLength(5)
  })

  it('list nothing that is of other origin or name, nor an object whose record is of other bytes', async () => {
    await put('20260101-a.raw', 'one')
    await put('notes.txt', 'notes')
    await put('20260102-a.raw', 'two')
    await writeFile(join(dir, 'p/a/20260102-a.raw'), 'longer')
    await writeFile(join(dir, 'p/a/20260103-a.raw'), 'three')
    await writeChecksumFiles(store, place)
    expect(await text('SHA256SUMS')).toBe(`${hex('sha256', 'one')}  20260101-a.raw\n`)
  })

  it('lose what is about to be removed, and go with the last entry', async () => {
    const [one, two] = [await put('20260101-a.raw', 'one'), await put('20260102-a.raw', 'two')]
    await writeChecksumFiles(store, place)
    await writeChecksumFiles(store, { ...place, leaving: [one] })
    expect(await text('SHA256SUMS')).toBe(`${hex('sha256', 'two')}  20260102-a.raw\n`)
    await writeChecksumFiles(store, { ...place, leaving: [one, two] })
    expect(await files()).toEqual(['20260101-a.raw', '20260102-a.raw'])
  })

  it('are not written again when they are right', async () => {
    await put('20260101-a.raw', 'one')
    await writeChecksumFiles(store, place)
    const refusing: Store = { ...store, begin: () => Promise.reject(new Error('written again')) }
    expect(await writeChecksumFiles(refusing, place)).toEqual([])
  })

  it('of somebody else are left alone', async () => {
    await put('20260101-a.raw', 'one')
    await writeFile(join(dir, 'p/a/SHA256SUMS'), 'mine')
    await writeFile(join(dir, 'p/a/SHA512SUMS'), 'mine, too')
    expect(await writeChecksumFiles(store, place)).toEqual([
      "p/a/SHA256SUMS is not the updater's own, and is left alone",
    ])
    expect(await text('SHA256SUMS')).toBe('mine')
    expect(await text('SHA512SUMS')).toBe('mine, too')
  })

  it('that somebody else has written to are left alone', async () => {
    await put('20260101-a.raw', 'one')
    await writeChecksumFiles(store, place)
    await writeFile(join(dir, 'p/a/SHA256SUMS'), 'mine')
    expect(await writeChecksumFiles(store, place)).toHaveLength(1)
    expect(await text('SHA256SUMS')).toBe('mine')
  })

  it('hold what all of several runs have stored, whoever writes last', async () => {
    await put('20260101-a.raw', 'one')
    // Another run stores and lists its object while this one is about to write.
    let isFirst = true
    const slow: Store = {
      ...store,
      begin: async (key, intent) => {
        if (isFirst) {
          isFirst = false
          await put('20260102-a.raw', 'two')
          await writeChecksumFiles(store, place)
        }
        return store.begin(key, intent)
      },
    }
    await writeChecksumFiles(slow, place)
    expect((await text('SHA256SUMS')).split('\n')).toHaveLength(3)
  })

  it('count an object that no listing shows yet', async () => {
    const stored = [await put('20260101-a.raw', 'one')]
    const late: Store = { ...store, list: async function* () {} }
    await writeChecksumFiles(late, { ...place, stored })
    expect(await text('SHA256SUMS')).toBe(`${hex('sha256', 'one')}  20260101-a.raw\n`)
  })
})
