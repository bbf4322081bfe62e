import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type MirrorOptions, pruneMirror, updateCatalogue, verifyCatalogue } from '../../src/index.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { startWorld, type World } from '../support/world/world.ts'

let world: World
let store: S3Server
let folder: string
let file: string

beforeAll(async () => {
  world = await startWorld(60_000)
})
afterAll(() => world.close())
beforeEach(async () => {
  store = await startS3Server()
  folder = await world.writeCatalogue()
  file = join(folder, 'rockylinux.yml')
  return async () => {
    await store.close()
    await rm(dirname(folder), { recursive: true, force: true })
  }
})

const mirror = (): MirrorOptions => ({
  kind: 's3',
  server: store.endpoint,
  bucket: 'openstack-images',
  region: store.region,
  swiftPrefix: store.swiftPrefix,
  keyPrefix: '',
  accessKey: store.accessKey,
  secretKey: store.secretKey,
  acl: 'public-read',
})
const update = (dryRun = false) =>
  updateCatalogue({ images: [folder], names: ['rocky-9'], mirror: mirror(), dryRun })
const prune = (remove: boolean) => pruneMirror({ images: [folder], mirror: mirror(), remove })
const keys = () => store.objects().map(({ key }) => key)
const day = 86_400_000
const [old, mark] = ['rocky-9/20251123-rocky-9.qcow2', 'rocky-9/20251123-rocky-9.qcow2.unnamed']
const newest = 'rocky-9/20260531-rocky-9.qcow2'

/** A mirror that has had the old build for a year, which an update takes out of the catalogue. */
async function replaceOld(): Promise<string> {
  const before = await readFile(file, 'utf8')
  await store.leave({ key: old })
  store.age(365 * day)
  return before
}

describe('an object that the catalogue ceases to name', () => {
  it('is kept for the grace period from then on, and goes with its mark', async () => {
    await replaceOld()
    await update(true)
    expect(keys()).not.toContain(mark)
    await update()
    expect(keys().sort()).toEqual([old, mark, newest, 'rocky-9/SHA256SUMS'])
    const list = await store.read('openstack-images', 'rocky-9/SHA256SUMS')
    expect(list.toString()).not.toContain('unnamed')
    expect((await prune(true)).summary).toMatchObject({ removed: 0, named: 1, young: 1, others: 0 })
    store.age(15 * day)
    const pruned = await prune(true)
    expect(pruned.objects.map(({ key, status }) => [key, status])).toEqual([
      [old, 'removed'],
      [mark, 'removed'],
    ])
    expect(keys()).toEqual([newest, 'rocky-9/SHA256SUMS'])
    expect((await verifyCatalogue({ images: [folder], names: ['rocky-9'] })).summary).toMatchObject({ ok: 1 })
  })

  it('loses its mark where the catalogue names it again', async () => {
    await replaceOld()
    const first = await update()
    expect(first.summary.updated).toBe(1)
    await store.leave({ key: `${newest}.unnamed` })
    await writeFile(file, world.catalogue['rockylinux.yml'] ?? '')
    await update()
    expect(keys()).not.toContain(`${newest}.unnamed`)
  })

  it('is told by its age where it was not there, or the store takes no mark', async () => {
    await update()
    expect(keys()).toEqual([newest, 'rocky-9/SHA256SUMS'])
    await writeFile(file, await replaceOld())
    await writeFile(file, world.catalogue['rockylinux.yml'] ?? '')
    store.fault({
      on: 'CreateMultipartUpload',
      key: mark,
      effect: { type: 'error', status: 403, code: 'AccessDenied' },
      times: 1000,
    })
    const notes: string[] = []
    const report = await updateCatalogue(
      { images: [folder], names: ['rocky-9'], mirror: mirror() },
      { onEvent: (event) => void (event.type === 'note' && notes.push(event.message)) },
    )
    expect(report.summary).toMatchObject({ updated: 1, failed: 0 })
    expect(notes).toContainEqual(expect.stringContaining('prune goes by their age'))
    expect((await prune(false)).objects.map(({ key }) => key)).toEqual([old])
  })
})
