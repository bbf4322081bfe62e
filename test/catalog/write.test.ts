import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VersionEdit } from '../../src/catalog/edit.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { applyEdits, assertWritable, writeCatalog } from '../../src/catalog/write.ts'
import { startChild } from './children/start.ts'

let folder: string
/** What a test has to undo before its folder can go. */
let undo: (() => unknown)[] = []
let file: string
beforeEach(() => {
  folder = join(fs.mkdtempSync(join(tmpdir(), 'write-')), 'images')
  fs.mkdirSync(folder)
  file = join(folder, 'a.yml')
  fs.writeFileSync(file, 'old\n')
})
afterEach(() => {
  for (const action of undo) action()
  undo = []
  fs.rmSync(join(folder, '..'), { recursive: true, force: true })
})

const content = (path = file) => fs.readFileSync(path, 'utf8')
const unwritable = (reason: string) =>
  expect.objectContaining({
    code: 'CATALOG_UNWRITABLE',
    message: expect.stringContaining(reason),
    remedy: expect.stringMatching(/./),
  })

/** Whether the machine lets a test do what only some may: mount, change attributes or owners. */
function isAllowed(program: string, ...options: string[]): boolean {
  try {
    execFileSync(program, options, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('writeCatalog', () => {
  it('replaces the file, keeps its mode, and leaves nothing beside it', async () => {
    fs.chmodSync(file, 0o640)
    const { ino } = fs.statSync(file)
    await writeCatalog(file, 'old\n', 'new\n')
    expect(content()).toBe('new\n')
    expect(fs.statSync(file).mode & 0o7777).toBe(0o640)
    expect(fs.statSync(file).ino).not.toBe(ino)
    expect(fs.readdirSync(folder)).toEqual(['a.yml'])
  })

  it('keeps the owner', async ({ skip }) => {
    if (!isAllowed('chown', '12345:12346', file)) skip('only root can give files away')
    await assertWritable(file)
    await writeCatalog(file, 'old\n', 'new\n')
    expect(fs.statSync(file)).toMatchObject({ uid: 12345, gid: 12346 })
  })

  it('follows symbolic links, which stay', async () => {
    fs.mkdirSync(join(folder, 'links'))
    const link = join(folder, 'links', 'b.yml')
    fs.symlinkSync('../a.yml', link)
    await assertWritable(link)
    await writeCatalog(link, 'old\n', 'new\n')
    expect(fs.readlinkSync(link)).toBe('../a.yml')
    expect(content()).toBe('new\n')
    expect(fs.readdirSync(join(folder, 'links'))).toEqual(['b.yml'])
  })

  it('overwrites nobody else’s change', async () => {
    await expect(writeCatalog(file, 'older\n', 'new\n')).rejects.toThrow(
      expect.objectContaining({ code: 'CATALOG_CHANGED' }),
    )
    expect(content()).toBe('old\n')
    expect(fs.readdirSync(folder)).toEqual(['a.yml'])
  })

  it('writes in the folder where nothing can be moved into it', async ({ skip }) => {
    const place = join(folder, 'mount')
    const disk = join(folder, 'disk')
    fs.mkdirSync(place)
    fs.writeFileSync(disk, '')
    fs.truncateSync(disk, 320 * 2 ** 20)
    if (!isAllowed('mkfs.xfs', '-q', disk) || !isAllowed('mount', '-o', 'loop', disk, place))
      skip('no XFS can be mounted here')
    undo.push(() => execFileSync('umount', ['-l', place]))
    const images = join(place, 'images')
    fs.mkdirSync(images)
    if (!isAllowed('xfs_io', '-c', 'chproj 42', '-c', 'chattr +P', images)) skip('no project can be set')
    fs.writeFileSync(join(place, 'x'), '')
    expect(() => fs.renameSync(join(place, 'x'), join(images, 'x'))).toThrow(/EXDEV/)
    const target = join(images, 'a.yml')
    fs.writeFileSync(target, 'old\n')
    const { PATH } = process.env
    try {
      for (const path of [PATH, '/nowhere']) {
        process.env.PATH = path
        await assertWritable(target)
        await writeCatalog(target, 'old\n', 'new\n')
        expect(content(target)).toBe('new\n')
        expect(fs.readdirSync(images)).toEqual(['a.yml'])
        fs.writeFileSync(target, 'old\n')
      }
    } finally {
      process.env.PATH = PATH
    }
  })

  it('says when the file is gone', async () => {
    fs.rmSync(file)
    await expect(writeCatalog(file, 'old\n', 'new\n')).rejects.toThrow(unwritable('does not exist'))
  })

  it('leaves the old file or the new one, whenever it is killed', async () => {
    const letters = ['a', 'b'].map((letter) => letter.repeat(300_000))
    for (const delay of [3, 11, 17, 29, 41, 64]) {
      fs.writeFileSync(file, letters[0] ?? '')
      const child = startChild('write-forever.ts', file, 'a', 'b')
      expect(await child.line()).toBe('ready')
      await sleep(delay)
      child.process.kill('SIGKILL')
      await child.ended()
      expect(letters.includes(content())).toBe(true)
    }
  })
})

describe('a file that cannot be written', () => {
  const both = async (path: string, text: string, reason: string) => {
    await expect(assertWritable(path)).rejects.toThrow(unwritable(reason))
    await expect(writeCatalog(path, text, `new${text}`)).rejects.toThrow(unwritable(reason))
  }

  it('is a link to nothing', async () => {
    const link = join(folder, 'b.yml')
    fs.symlinkSync('nowhere', link)
    await both(link, '', 'does not exist')
  })

  it('is a link in a circle', async () => {
    const link = join(folder, 'b.yml')
    fs.symlinkSync('b.yml', link)
    await both(link, '', 'circle')
  })

  it('is below a file', async () => {
    await both(join(file, 'b.yml'), '', 'not a folder')
  })

  it('is in a folder that must not be changed', async ({ skip }) => {
    if (!isAllowed('chattr', '+i', folder)) skip('attributes of folders cannot be set here')
    undo.push(() => execFileSync('chattr', ['-i', folder]))
    await both(file, 'old\n', 'not permitted')
    expect(content()).toBe('old\n')
  })

  it('is in a folder of somebody else', async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip('only root can become somebody else')
    fs.chmodSync(folder, 0o755)
    process.seteuid?.(65534)
    undo.push(() => process.seteuid?.(0))
    await both(file, 'old\n', 'permission denied')
    process.seteuid?.(0)
    expect(content()).toBe('old\n')
  })

  it('would change its owner', async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip('only root can become somebody else')
    fs.chmodSync(join(folder, '..'), 0o755)
    fs.chmodSync(folder, 0o777)
    fs.chmodSync(file, 0o666)
    process.seteuid?.(65534)
    undo.push(() => process.seteuid?.(0))
    await both(file, 'old\n', 'belongs to the user 0')
    process.seteuid?.(0)
    expect(fs.readdirSync(folder)).toEqual(['a.yml'])
  })

  it('would change its group, of which its owner is no member', async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip('only root can become somebody else')
    fs.chmodSync(join(folder, '..'), 0o755)
    for (const path of [folder, file]) fs.chownSync(path, 65534, 4711)
    process.seteuid?.(65534)
    undo.push(() => process.seteuid?.(0))
    await both(file, 'old\n', 'the user 65534 and the group 4711')
    process.seteuid?.(0)
    expect(fs.readdirSync(folder)).toEqual(['a.yml'])
  })

  const mounted = (...options: string[]) => {
    const target = options.at(-1) ?? ''
    if (!isAllowed('mount', ...options)) return false
    undo.push(() => execFileSync('umount', ['-l', target]))
    return true
  }

  it('is on a read-only file system', async ({ skip }) => {
    const place = join(folder, 'mount')
    fs.mkdirSync(place)
    if (!mounted('-t', 'tmpfs', 'tmpfs', place)) skip('nothing can be mounted here')
    const target = join(place, 'a.yml')
    fs.writeFileSync(target, 'old\n')
    execFileSync('mount', ['-o', 'remount,ro', place])
    await both(target, 'old\n', 'read-only')
  })

  it('is on a full disk, where part of it would fit', async ({ skip }) => {
    const place = join(folder, 'mount')
    fs.mkdirSync(place)
    if (!mounted('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place)) skip('nothing can be mounted here')
    const target = join(place, 'a.yml')
    const text = 'x'.repeat(40_000)
    fs.writeFileSync(target, text)
    await both(target, text, 'disk is full')
    expect(content(target)).toBe(text)
    expect(fs.readdirSync(place)).toEqual(['a.yml'])
  })

  it('is mounted by itself', async ({ skip }) => {
    const target = join(folder, 'b c.yml')
    fs.writeFileSync(target, '')
    if (!mounted('--bind', file, target)) skip('nothing can be mounted here')
    await both(target, 'old\n', 'mount point')
    expect(content()).toBe('old\n')
  })
})

describe('applyEdits', () => {
  const text = 'images:\n- {name: a, versions: [{url: a}]}\n- {name: b, versions: [{url: b}]}\n'
  const plan = (index: number, url: string): VersionEdit => {
    const image = parseCatalog(file, text).images[index]
    return { index, name: image?.name ?? '', before: image?.versions[0], after: { url } }
  }
  beforeEach(() => fs.writeFileSync(file, text))

  it('brings home what can be, and tells of the rest', async () => {
    const good = plan(0, 'new')
    const bad = { ...plan(1, 'new'), before: { url: 'other' } }
    const result = await applyEdits(file, [good, bad])
    expect(result).toMatchObject({
      before: text,
      after: text.replace('url: a', 'url: new'),
      failed: [{ edit: bad, error: { code: 'CATALOG_CHANGED' } }],
    })
    expect(content()).toBe(result.after)
  })

  it('plans on what stands there, not on what was read', async () => {
    const edit = plan(0, 'new')
    const other = `# by somebody else\n${text}`
    fs.writeFileSync(file, other)
    expect((await applyEdits(file, [edit])).failed).toEqual([])
    expect(content()).toBe(other.replace('url: a', 'url: new'))
  })

  it('plans again when the file changes while it is being written', async () => {
    const other = `# by somebody else\n${text}`
    const isWriting = () => fs.readdirSync(join(folder, '..')).some((name) => name.endsWith('.tmp'))
    const interfere = () => (isWriting() ? fs.writeFileSync(file, other) : setImmediate(interfere))
    interfere()
    const edit = plan(0, 'new')
    expect(await applyEdits(file, [edit])).toMatchObject({ before: other, failed: [] })
    expect(content()).toBe(other.replace('url: a', 'url: new'))
  })

  it('does not touch a file that is to stay as it is', async () => {
    const { ino, mtimeMs } = fs.statSync(file)
    expect(await applyEdits(file, [plan(0, 'a')])).toMatchObject({ before: text, after: text, failed: [] })
    expect(fs.statSync(file)).toMatchObject({ ino, mtimeMs })
  })
})
