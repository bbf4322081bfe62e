import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lockCatalog } from '../../src/catalog/lock.ts'
import { isOfShard } from '../../src/catalog/shard.ts'

const fileNames = fc.uniqueArray(
  fc.string({ minLength: 1 }).map((name) => `${name.replaceAll('/', '_')}.yml`),
)
const shardsOf = (file: string, count: number) =>
  Array.from({ length: count }, (_, at) => at + 1).filter((index) => isOfShard(file, { index, count }))

describe('the shards of a catalogue', () => {
  it('have each file once, by its name alone', () => {
    fc.assert(
      fc.property(fileNames, fc.integer({ min: 1, max: 50 }), fc.string(), (files, count, folder) => {
        for (const file of files) {
          const [index = 0, ...others] = shardsOf(file, count)
          expect([index >= 1, others]).toEqual([true, []])
          expect(shardsOf(join('/', folder, file), count)).toEqual([index])
        }
      }),
    )
  })

  it('stay what they are: who changes this lets two releases work on one file', () => {
    const files = ['almalinux', 'centos', 'debian', 'fedora', 'rockylinux', 'ubuntu']
    expect(files.map((file) => shardsOf(`/etc/images/${file}.yml`, 4)[0])).toEqual([1, 4, 2, 3, 2, 2])
  })

  it('are of about the same size', () => {
    const files = Array.from({ length: 1000 }, (_, at) => `distribution-${at}.yml`)
    for (const count of [2, 3, 4, 8]) {
      for (let index = 1; index <= count; index += 1) {
        const share = files.filter((file) => isOfShard(file, { index, count })).length / files.length
        expect(Math.abs(share - 1 / count)).toBeLessThan(0.05)
      }
    }
  })
})

describe('the locks of shards', () => {
  const newFolder = () => {
    const above = mkdtempSync(join(tmpdir(), 'image-updater-test-'))
    onTestFinished(() => rmSync(above, { recursive: true, force: true }))
    mkdirSync(join(above, 'images'))
    return join(above, 'images')
  }
  const locked = { code: 'CATALOG_LOCKED' }
  /** What is beside the folder, and in it. */
  const files = (folder: string) => [...readdirSync(join(folder, '..')), ...readdirSync(folder)].sort()

  it('let the others of the same division in, and nobody else', async () => {
    const folder = newFolder()
    const first = await lockCatalog(folder, { shard: { index: 1, count: 3 } })
    const second = await lockCatalog(folder, { shard: { index: 2, count: 3 } })
    await expect(lockCatalog(folder, { shard: { index: 1, count: 3 } })).rejects.toMatchObject(locked)
    await expect(lockCatalog(folder, { shard: { index: 1, count: 2 } })).rejects.toMatchObject(locked)
    await expect(lockCatalog(folder)).rejects.toMatchObject(locked)
    expect(files(folder)).toEqual([
      '.images.image-updater.lock-1-of-3',
      '.images.image-updater.lock-2-of-3',
      'images',
    ])
    await first.release()
    await expect(lockCatalog(folder)).rejects.toMatchObject(locked)
    await second.release()
    const whole = await lockCatalog(folder)
    await expect(lockCatalog(folder, { shard: { index: 1, count: 3 } })).rejects.toMatchObject(locked)
    await whole.release()
    expect(files(folder)).toEqual(['images'])
  })

  it('of two who exclude each other, at most one goes on', async () => {
    const folder = newFolder()
    for (let round = 0; round < 20; round += 1) {
      const results = await Promise.allSettled([
        lockCatalog(folder),
        lockCatalog(folder, { shard: { index: 1, count: 2 } }),
        lockCatalog(folder, { shard: { index: 2, count: 2 } }),
        lockCatalog(folder, { shard: { index: 1, count: 3 } }),
      ])
      const held = results.map(({ status }) => status === 'fulfilled')
      expect([held[0], held[1] || held[2], held[3]].filter(Boolean).length).toBeLessThanOrEqual(1)
      for (const result of results) if (result.status === 'fulfilled') await result.value.release()
      expect(files(folder)).toEqual(['images'])
    }
  })

  it('that were left behind keep nobody out', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, '.image-updater.lock-1-of-2'), 'of another machine')
    await expect(lockCatalog(folder)).rejects.toMatchObject(locked)
    utimesSync(join(folder, '.image-updater.lock-1-of-2'), 0, 0)
    await (await lockCatalog(folder)).release()
  })

  it('leave what another shard is writing alone', async () => {
    const folder = newFolder()
    const [young, old] = ['0', '1'].map((digit) => `.image-updater-${digit.repeat(16)}.tmp`)
    writeFileSync(join(folder, young ?? ''), '')
    writeFileSync(join(folder, old ?? ''), '')
    utimesSync(join(folder, old ?? ''), 0, 0)
    const lock = await lockCatalog(folder, { shard: { index: 1, count: 2 } })
    expect(files(folder)).toEqual([young, '.images.image-updater.lock-1-of-2', 'images'])
    await lock.release()
    await (await lockCatalog(folder)).release()
    expect(files(folder)).toEqual(['images'])
  })
})
