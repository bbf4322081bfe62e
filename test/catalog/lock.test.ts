import * as fs from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lockCatalog } from '../../src/catalog/lock.ts'
import { startChild } from './children/start.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'lock-'))
  path = join(folder, '.image-updater.lock')
})
afterEach(() => {
  vi.useRealTimers()
  fs.rmSync(folder, { recursive: true, force: true })
})

const locked = expect.objectContaining({ code: 'CATALOG_LOCKED' })
const minutesAgo = (minutes: number) =>
  fs.utimesSync(path, new Date(), new Date(Date.now() - minutes * 60_000))

/** A lock as another run would have left it, made of a real one. */
async function leave(changes: object): Promise<void> {
  const lock = await lockCatalog(folder)
  const holder = JSON.parse(fs.readFileSync(path, 'utf8'))
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
    expect(fs.readdirSync(folder)).toEqual([])
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
    expect(fs.readdirSync(folder)).toEqual(['.image-updater.lock'])
    await lock.release()
  })

  it('is taken over from an earlier process with a number that is in use again', async () => {
    await leave({ processStart: '1' })
    await (await lockCatalog(folder)).release()
    expect(fs.readdirSync(folder)).toEqual([])
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
    expect(fs.readdirSync(folder)).toEqual([])
  })

  it.each(['', '{', 'null', '{"pid":"x"}', '\0'])(
    'that cannot be read (%j) is respected for two minutes',
    async (text) => {
      fs.writeFileSync(path, text)
      await expect(lockCatalog(folder)).rejects.toThrow(locked)
      minutesAgo(2.5)
      await (await lockCatalog(folder)).release()
      expect(fs.readdirSync(folder)).toEqual([])
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
    const holder = { ...JSON.parse(fs.readFileSync(path, 'utf8')), id: 'fedcba9876543210' }
    fs.writeFileSync(path, JSON.stringify(holder))
    await lock.release()
    expect(JSON.parse(fs.readFileSync(path, 'utf8')).id).toBe('fedcba9876543210')
  })

  it('removes what killed runs have left, and nothing else', async () => {
    for (const name of ['.image-updater-0123456789abcdef.tmp', '.image-updater-mine.tmp', 'a.yml']) {
      fs.writeFileSync(join(folder, name), '')
    }
    await (await lockCatalog(folder)).release()
    expect(fs.readdirSync(folder).sort()).toEqual(['.image-updater-mine.tmp', 'a.yml'])
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
      expect(fs.readdirSync(folder)).toEqual([])
    }
  })

  it('is got when the one who took it over was killed while doing so', async () => {
    await leave({ pid: 999_999_999 })
    const holder = JSON.parse(fs.readFileSync(path, 'utf8'))
    fs.writeFileSync(`${path}.${holder.id}`, JSON.stringify({ ...holder, id: 'aaaaaaaaaaaaaaaa' }))
    await (await lockCatalog(folder)).release()
    expect(fs.readdirSync(folder)).toEqual([])
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
    expect(fs.readdirSync(folder)).toEqual([])
  })

  it('needs a folder that is there', async () => {
    await expect(lockCatalog(join(folder, 'missing'))).rejects.toMatchObject({ code: 'CATALOG_UNWRITABLE' })
  })
})
