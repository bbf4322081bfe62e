import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDirectoryStore, translating } from '../../src/stores/directory/store.ts'
import type { ObjectRecord } from '../../src/stores/store.ts'

const key = 'debian-12/20260124-debian-12.qcow2'
const contentType = 'application/octet-stream'

function recordOf(bytes: Uint8Array): ObjectRecord {
  const digest = { algorithm: 'sha256' as const, hex: createHash('sha256').update(bytes).digest('hex') }
  return { digest, source: digest, size: bytes.length }
}

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'directory-store-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function put(bytes: Uint8Array): Promise<void> {
  const upload = await createDirectoryStore(dir).begin(key, { contentType })
  await upload.write(bytes)
  await upload.complete(recordOf(bytes))
}

describe('the folder as a mirror', () => {
  it('must exist', async () => {
    await expect(createDirectoryStore(join(dir, 'none')).ready()).rejects.toMatchObject({
      code: 'STORE_BUCKET',
      remedy: expect.stringContaining('Create it first'),
    })
    await writeFile(join(dir, 'file'), '')
    await expect(createDirectoryStore(join(dir, 'file')).ready()).rejects.toMatchObject({
      code: 'STORE_BUCKET',
    })
  })

  it('leaves nothing behind by looking whether it can be written to', async () => {
    await createDirectoryStore(dir).ready()
    expect(await readdir(dir)).toEqual([])
  })

  it('holds the file and its hidden record, nothing else', async () => {
    await put(Buffer.from('new'))
    expect((await readdir(join(dir, 'debian-12'))).sort()).toEqual([
      '.20260124-debian-12.qcow2.json',
      '20260124-debian-12.qcow2',
    ])
  })

  it.each(['', '{', '[]', 'null', '{"checksum":"sha256:00","sourceChecksum":"","size":1}'])(
    'knows no record where %j stands in its file',
    async (text) => {
      await put(Buffer.from('new'))
      await writeFile(join(dir, 'debian-12/.20260124-debian-12.qcow2.json'), text)
      expect(await createDirectoryStore(dir).stat(key)).toMatchObject({ size: 3, record: undefined })
    },
  )

  it('takes nothing but a plain file for a record, or for a text', async () => {
    await put(Buffer.from('new'))
    const path = join(dir, 'debian-12/.20260124-debian-12.qcow2.json')
    await rename(path, join(dir, 'elsewhere'))
    const store = createDirectoryStore(dir)
    for (const make of [
      () => execFileSync('mkfifo', [path]),
      () => symlink(join(dir, 'elsewhere'), path),
      () => mkdir(path),
    ]) {
      await make()
      expect(await store.stat(key)).toMatchObject({ size: 3, record: undefined })
      await rm(path, { recursive: true })
    }
    execFileSync('mkfifo', [join(dir, 'pipe')])
    expect(await store.read('pipe', 10)).toBeUndefined()
    expect(await store.read('elsewhere', 10)).toHaveLength(10)
  })

  it('puts parts in the order of the calls, whichever is written first', async () => {
    const upload = await createDirectoryStore(dir).begin(key, { contentType })
    const parts = Array.from({ length: 20 }, (_, index) => Buffer.alloc(1000 + index, index))
    await Promise.all(parts.map((part) => upload.write(part)))
    const whole = Buffer.concat(parts)
    await upload.complete(recordOf(whole))
    expect((await readFile(join(dir, key))).equals(whole)).toBe(true)
  })

  it.each(['../out/20260124-out.raw', '/etc/x', 'a/../../x', 'a//b', '', 'a/.hidden', 'a\0b', 'a\\b'])(
    'refuses the key %j',
    async (bad) => {
      const store = createDirectoryStore(dir)
      await expect(store.begin(bad, { contentType })).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.stat(bad)).rejects.toMatchObject({ code: 'STORE_FAILED' })
      expect(await readdir(dir)).toEqual([])
    },
  )

  it('does not follow a symbolic link out of itself, and makes nothing there', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'))
    await symlink(outside, join(dir, 'p'))
    const store = createDirectoryStore(dir)
    await expect(store.begin(`p/${key}`, { contentType })).rejects.toMatchObject({ code: 'STORE_DENIED' })
    expect(await readdir(outside)).toEqual([])
    await rm(outside, { recursive: true })
  })

  it('may itself be reached by a symbolic link', async () => {
    await symlink(dir, `${dir}-link`)
    try {
      const upload = await createDirectoryStore(`${dir}-link`).begin(key, { contentType })
      await upload.write(Buffer.from('x'))
      await upload.complete(recordOf(Buffer.from('x')))
      expect(existsSync(join(dir, key))).toBe(true)
    } finally {
      await rm(`${dir}-link`)
    }
  })

  it('removes only its own temporary files, and only old ones', async () => {
    await mkdir(join(dir, 'a'))
    const old = [
      '.20260101-a.raw.0123456789ab.part',
      '.20260101-a.raw.json.0123456789ab.part',
      '.20260101-a.raw.source.json.0123456789ab.part',
      '..20260101-a.raw.json.0123456789ab.tmp',
    ]
    const kept = [
      '.20260102-a.raw.0123456789ab.part',
      '.notes.0123456789ab.part',
      '20260101-a.raw',
      '.20260101-b.raw.0123456789ab.part',
    ]
    for (const name of [...old, ...kept]) {
      await writeFile(join(dir, 'a', name), '')
      if (name !== kept[0]) await utimes(join(dir, 'a', name), 1000, 1000)
    }
    const store = createDirectoryStore(dir)
    const folders = ['a', 'none']
    expect(await store.abortStale({ prefix: '', folders, before: new Date(2000_000) })).toBe(4)
    expect((await readdir(join(dir, 'a'))).sort()).toEqual([...kept].sort())
    expect(await store.abortStale({ prefix: 'none/', folders, before: new Date() })).toBe(0)
  })

  it('removes probes that were left, with their records', async () => {
    const probe = 'image-updater-probe-0123456789ab.qcow2'
    const left = [probe, `.${probe}.json`, `.${probe}.0123456789ab.part`]
    const kept = ['image-updater-probe-notes.qcow2', '.image-updater-probe-notes.qcow2.json']
    for (const name of [...left, ...kept]) {
      await writeFile(join(dir, name), '')
      await utimes(join(dir, name), 1000, 1000)
    }
    const stale = { prefix: '', folders: [] }
    const store = createDirectoryStore(dir)
    expect(await store.abortStale({ ...stale, before: new Date(1000) })).toBe(0)
    expect(await store.abortStale({ ...stale, before: new Date(2000_000) })).toBe(3)
    expect((await readdir(dir)).sort()).toEqual([...kept].sort())
  })

  it('removes a file with its record', async () => {
    await put(Buffer.from('x'))
    await createDirectoryStore(dir).remove(key)
    expect(
      (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()),
    ).toEqual([])
  })

  it('lists and removes nothing behind a link that leads out of it', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'))
    await writeFile(join(outside, '20260101-a.raw'), '')
    await symlink(outside, join(dir, 'a'))
    const store = createDirectoryStore(dir)
    const listed: string[] = []
    for await (const object of store.list('')) listed.push(object.key)
    expect(listed).toEqual([])
    await expect(store.remove('a/20260101-a.raw')).rejects.toMatchObject({ code: 'STORE_DENIED' })
    expect(await readdir(outside)).toEqual(['20260101-a.raw'])
    await rm(outside, { recursive: true })
  })

  it.each([
    ['ENOSPC', 'STORE_FAILED', 'the disk is full'],
    ['EACCES', 'STORE_DENIED', 'permission denied'],
    ['EROFS', 'STORE_DENIED', 'read-only'],
    ['EIO', 'STORE_FAILED', 'the disk has failed'],
    ['EXDEV', 'STORE_FAILED', 'EXDEV'],
  ])('says what %s means', async (errno, code, words) => {
    const cause = Object.assign(new Error('system'), { code: errno })
    await expect(translating('Writing x', () => Promise.reject(cause))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
      cause,
    })
  })
})
