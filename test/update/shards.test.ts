import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lockCatalog } from '../../src/catalog/lock.ts'
import { updateCatalogue } from '../../src/index.ts'
import { temporaryFolder } from '../cli/support.ts'
import { startWorld } from '../support/world/world.ts'

describe('a catalogue in shards', () => {
  it('is brought up to date by all of them at once, each image once, and again with nothing left to do', async () => {
    const world = await startWorld(50_000)
    onTestFinished(() => world.close())
    const images = await world.writeCatalogue()
    const mirror = { kind: 'directory', dir: temporaryFolder(), keyPrefix: '' } as const
    const options = { images: [images], mirror, signatures: 'off', cache: false } as const
    const whole = await updateCatalogue({ ...options, dryRun: true })
    const runAll = () =>
      Promise.all([1, 2, 3].map((index) => updateCatalogue({ ...options, shard: { index, count: 3 } })))
    const reports = await runAll()
    const names = reports.flatMap((report) => report.images.map(({ name }) => name))
    expect(names.sort()).toEqual(whole.images.map(({ name }) => name).sort())
    const updated = reports.reduce((sum, { summary }) => sum + summary.updated, 0)
    expect(updated).toBe(whole.summary.would_update)
    expect(updated).toBeGreaterThan(1)
    for (const { summary } of await runAll()) expect([summary.updated, summary.failed]).toEqual([0, 0])
    expect(readdirSync(images).filter((file) => file.startsWith('.'))).toEqual([])
  })

  it('is not begun where the whole folder is worked on; what is no shard is refused', async () => {
    const world = await startWorld(50_000)
    onTestFinished(() => world.close())
    const options = { images: [await world.writeCatalogue()], mirror: { kind: 'none' } } as const
    const lock = await lockCatalog(options.images[0])
    const all = [1, 2].map((index) => updateCatalogue({ ...options, shard: { index, count: 2 } }))
    const results = await Promise.allSettled(all)
    await lock.release()
    expect(results.some((result) => result.status === 'rejected')).toBe(true)
    for (const shard of [
      { index: 3, count: 2 },
      { index: 0, count: 2 },
      { index: 1, count: 0 },
    ]) {
      await expect(updateCatalogue({ ...options, shard })).rejects.toMatchObject({ code: 'CONFIGURATION' })
    }
    expect(readdirSync(join(options.images[0])).filter((file) => file.startsWith('.'))).toEqual([])
  })
})
