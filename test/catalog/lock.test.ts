import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lockCatalog, lockFolders } from '../../src/catalog/lock.ts'
import { inspectFile } from '../../src/validate/inspect.ts'
import { startChild } from './children/start.ts'

let above: string
let folder: string
let path: string
beforeEach(() => {
  above = fs.mkdtempSync(join(tmpdir(), 'lock-'))
  folder = join(above, 'images')
  fs.mkdirSync(folder)
  path = join(above, '.images.image-updater.lock')
})
afterEach(() => {
  vi.useRealTimers()
  fs.rmSync(above, { recursive: true, force: true })
})

/** What is in the catalogue folder, and beside it. */
const files = () => [fs.readdirSync(folder), fs.readdirSync(above).filter((name) => name !== 'images')]
const holderOf = (file: string) => JSON.parse(/^(?:# )?(\{.*)/.exec(fs.readFileSync(file, 'utf8'))?.[1] ?? '')
const locked = expect.objectContaining({ code: 'CATALOG_LOCKED' })
const minutesAgo = (minutes: number) =>
  fs.utimesSync(path, new Date(), new Date(Date.now() - minutes * 60_000))

/** A lock as another run would have left it, made of a real one. */
async function leave(changes: object): Promise<void> {
  const lock = await lockCatalog(folder)
  const holder = holderOf(path)
  await lock.release()
  fs.writeFileSync(path, JSON.stringify({ ...holder, id: '0123456789abcdef', ...changes }))
}

describe('lockCatalog', () => {
  it('says who holds the lock, and since when', async () => {
    const lock = await lockCatalog(folder)
    await expect(lockCatalog(folder)).rejects.toMatchObject({
      code: 'CATALOG_LOCKED',
      message: expect.stringMatching(
        new RegExp(
          `^Another run works on ${folder}: process ${process.pid} on ${hostname()}, since \\d{4}-\\d\\d-\\d\\dT`,
        ),
      ),
      remedy: expect.stringContaining(path),
    })
    await lock.release()
    expect(files()).toEqual([[], []])
    await (await lockCatalog(folder)).release()
  })

  it('is taken over at once from a process that was killed', async () => {
    const child = startChild('hold-lock.ts', folder)
    await child.line()
    child.process.stdin?.write('go\n')
    expect(await child.line()).toBe('locked')
    await expect(lockCatalog(folder)).rejects.toThrow(locked)
    child.process.kill('SIGKILL')
    await child.ended()
    const lock = await lockCatalog(folder)
    expect(files()).toEqual([[], ['.images.image-updater.lock']])
    await lock.release()
  })

  it('is taken over from an earlier process with a number that is in use again', async () => {
    await leave({ processStart: '1' })
    await (await lockCatalog(folder)).release()
    expect(files()).toEqual([[], []])
  })

  it.each([
    ['another host', { host: 'elsewhere.example' }],
    ['another boot or container of the same name', { machine: 'elsewhere', pid: 999_999_999 }],
  ])('of %s is respected for two minutes after its last sign of life', async (_, changes) => {
    await leave(changes)
    minutesAgo(1.5)
    await expect(lockCatalog(folder)).rejects.toThrow(locked)
    minutesAgo(2.5)
    await (await lockCatalog(folder)).release()
    expect(files()).toEqual([[], []])
  })

  it.each(['', '{', 'null', '{"pid":"x"}', '\0'])(
    'that cannot be read (%j) is respected for two minutes',
    async (text) => {
      fs.writeFileSync(path, text)
      await expect(lockCatalog(folder)).rejects.toThrow(locked)
      minutesAgo(2.5)
      await (await lockCatalog(folder)).release()
      expect(files()).toEqual([[], []])
    },
  )

  it('shows signs of life every 30 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const lock = await lockCatalog(folder)
    minutesAgo(1)
    const before = fs.statSync(path).mtimeMs
    vi.advanceTimersByTime(30_000)
    vi.useRealTimers()
    await vi.waitFor(() => expect(fs.statSync(path).mtimeMs).toBeGreaterThan(before + 50_000), {
      timeout: 20_000,
    })
    await lock.release()
  })

  it('does not release what another run has taken over', async () => {
    const lock = await lockCatalog(folder)
    const holder = { ...holderOf(path), id: 'fedcba9876543210' }
    fs.writeFileSync(path, JSON.stringify(holder))
    await lock.release()
    expect(holderOf(path).id).toBe('fedcba9876543210')
  })

  it('removes what killed runs have left, and nothing else', async () => {
    for (const name of ['.image-updater-0123456789abcdef.tmp', '.image-updater-mine.tmp', 'a.yml']) {
      fs.writeFileSync(join(folder, name), '')
    }
    await (await lockCatalog(folder)).release()
    expect(fs.readdirSync(folder).sort()).toEqual(['.image-updater-mine.tmp', 'a.yml'])
  })

  describe("where the folder above is somebody else's", () => {
    const asNobody = async <Result>(act: () => Promise<Result>) => {
      process.seteuid?.(65534)
      return act().finally(() => process.seteuid?.(0))
    }
    beforeEach(({ skip }) => {
      if (process.geteuid?.() !== 0) skip('only root can become somebody else')
      fs.chmodSync(above, 0o755)
      fs.chmodSync(folder, 0o777)
    })

    it("is in the folder, as a file that Image Manager's schema takes", async () => {
      const lock = await asNobody(() => lockCatalog(folder))
      expect(files()).toEqual([['.image-updater.lock'], []])
      const text = fs.readFileSync(join(folder, '.image-updater.lock'), 'utf8')
      expect(inspectFile('lock', text, '2026-01-01', 'upstream').findings).toEqual([])
      await lock.release()
      expect(files()).toEqual([[], []])
    })

    it('that was left behind in a sticky folder is named, and nothing is left beside it', async () => {
      await leave({ pid: 999_999_999 })
      fs.chmodSync(above, 0o1777)
      await expect(asNobody(() => lockCatalog(folder))).rejects.toMatchObject({
        code: 'CATALOG_UNWRITABLE',
        message: expect.stringContaining(path),
      })
      expect(files()).toEqual([[], ['.images.image-updater.lock']])
      fs.renameSync(path, join(folder, '.image-updater.lock'))
      fs.chmodSync(folder, 0o1777)
      await (await asNobody(() => lockCatalog(folder))).release()
      expect(files()).toEqual([['.image-updater.lock'], []])
    })

    it('keeps out who has it beside the folder, and is kept out', async () => {
      const inside = await asNobody(() => lockCatalog(folder))
      await expect(lockCatalog(folder)).rejects.toThrow(locked)
      await inside.release()
      const beside = await lockCatalog(folder)
      await expect(asNobody(() => lockCatalog(folder))).rejects.toThrow(locked)
      await beside.release()
      expect(files()).toEqual([[], []])
    })
  })

  it('of an older version, in the folder, is respected, and removed if it was left behind', async () => {
    const old = join(folder, '.image-updater.lock')
    const lock = await lockCatalog(folder)
    const holder = holderOf(path)
    await lock.release()
    fs.writeFileSync(old, JSON.stringify(holder))
    await expect(lockCatalog(folder)).rejects.toThrow(locked)
    fs.writeFileSync(old, JSON.stringify({ ...holder, pid: 999_999_999 }))
    await (await lockCatalog(folder)).release()
    expect(files()).toEqual([[], []])
  })

  it('is in the folder that the operator names', async () => {
    const lockDir = join(above, 'locks')
    fs.mkdirSync(lockDir)
    const lock = await lockCatalog(folder, { lockDir })
    expect(fs.readdirSync(lockDir)).toEqual([`.image-updater-${fs.statSync(folder).ino}.lock`])
    expect(files()).toEqual([[], ['locks']])
    await expect(lockCatalog(folder, { lockDir })).rejects.toThrow(locked)
    await lock.release()
    const missing = { lockDir: join(above, 'none'), wait: 3_600_000 } // which nothing is waited for
    await expect(lockFolders([join(folder, 'a.yml')], missing)).rejects.toMatchObject({
      code: 'CATALOG_UNWRITABLE',
    })
  })

  it('is of one folder alone, in a place that several have in common', async () => {
    const [lockDir, other] = [join(above, 'locks'), join(above, 'other', 'images')]
    for (const made of [lockDir, other]) fs.mkdirSync(made, { recursive: true })
    const files = [folder, other].map((each) => join(each, 'a.yml'))
    const lock = await lockFolders(files, { lockDir })
    expect(fs.readdirSync(lockDir)).toHaveLength(2)
    await expect(lockCatalog(other, { lockDir })).rejects.toThrow(locked)
    await lock.release()
    expect(fs.readdirSync(lockDir)).toEqual([])
  })

  it('of another kind than a file is one that somebody holds', async () => {
    const others = [
      () => void execFileSync('mkfifo', [path]),
      () => fs.symlinkSync('/dev/zero', path),
      () => fs.symlinkSync('/nowhere/at/all', path),
      () => fs.mkdirSync(path),
    ]
    for (const make of others) {
      make()
      await expect(lockCatalog(folder)).rejects.toThrow(locked)
      fs.rmSync(path, { recursive: true })
    }
  })

  it('can be read by everybody, whatever the umask is', async () => {
    const umask = process.umask(0o077)
    const lock = await lockCatalog(folder).finally(() => process.umask(umask))
    expect(fs.statSync(path).mode & 0o777).toBe(0o644)
    await lock.release()
  })

  it('that its owner keeps from being read is told, with what to do', async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip('only root can be somebody else')
    for (const open of [above, folder]) fs.chmodSync(open, 0o777)
    await leave({})
    fs.chmodSync(path, 0o600)
    process.seteuid?.(65534)
    const found = await lockCatalog(folder).catch((error: unknown) => error)
    process.seteuid?.(0)
    expect(found).toMatchObject({
      code: 'CATALOG_LOCKED',
      message: expect.stringContaining(`a process of another user, who keeps ${path} from being read`),
      remedy: expect.stringMatching(/^Run as that user, always the same one\. Wait/),
    })
  })

  it('is waited for as long as one wants', async () => {
    const file = join(folder, 'a.yml')
    const first = await lockCatalog(folder)
    await expect(lockFolders([file], { wait: 50 })).rejects.toThrow(locked)
    const second = lockFolders([file], { wait: 3_600_000 })
    await first.release()
    const controller = new AbortController()
    const third = second.then((lock) =>
      lockFolders([file], { wait: 3_600_000, signal: controller.signal }).finally(() => lock.release()),
    )
    await second
    controller.abort()
    await expect(third).rejects.toMatchObject({ code: 'ABORTED' })
    expect(files()).toEqual([[], []])
  })

  it('is got by one of many who find one left behind', async () => {
    for (let round = 0; round < 25; round += 1) {
      await leave({ pid: 999_999_999 })
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockCatalog(folder)))
      const got = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      expect(got).toHaveLength(1)
      for (const error of refused) expect(error).toEqual(locked)
      await got[0]?.release()
      expect(files()).toEqual([[], []])
    }
  })

  it('is got when the one who took it over was killed while doing so', async () => {
    await leave({ pid: 999_999_999 })
    const holder = holderOf(path)
    fs.writeFileSync(`${path}.${holder.id}`, JSON.stringify({ ...holder, id: 'aaaaaaaaaaaaaaaa' }))
    await (await lockCatalog(folder)).release()
    expect(files()).toEqual([[], []])
  })

  it('is got by one of several processes', async () => {
    await leave({ pid: 999_999_999 })
    const children = Array.from({ length: 4 }, () => startChild('hold-lock.ts', folder))
    for (const child of children) expect(await child.line()).toBe('ready')
    for (const child of children) child.process.stdin?.write('go\n')
    const answers = await Promise.all(children.map((child) => child.line()))
    expect(answers.sort()).toEqual(['CATALOG_LOCKED', 'CATALOG_LOCKED', 'CATALOG_LOCKED', 'locked'])
    for (const child of children) child.process.stdin?.end()
    await Promise.all(children.map((child) => child.ended()))
    expect(files()).toEqual([[], []])
  })

  it('needs a folder that is there', async () => {
    await expect(lockCatalog(join(folder, 'missing'))).rejects.toMatchObject({ code: 'CATALOG_UNWRITABLE' })
  })
})
