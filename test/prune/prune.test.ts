import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockCatalog } from '../../src/catalog/lock.ts'
import { mirrorCatalogue, type PruneOptions, pruneMirror } from '../../src/index.ts'
import { type HistoryWorld, startHistoryWorld } from '../support/history-world.ts'

let world: HistoryWorld
beforeEach(async () => {
  world = await startHistoryWorld()
})
afterEach(() => world.close())

const prune = (options: Partial<PruneOptions> = {}) =>
  pruneMirror(
    { images: [world.folder], mirror: world.mirror, grace: 0, ...options },
    { httpPolicy: { retries: 0 } },
  )
const keys = () =>
  world.store
    .objects()
    .map(({ key }) => key)
    .sort()
const sums = async () => (await world.store.read('openstack-images', 'demo-1/SHA256SUMS')).toString()

/** Three versions on the mirror, of which the catalogue names the newest one now. */
async function outdated(): Promise<void> {
  const builds = [world.build('20260301'), world.build('20260201'), world.build('20260101')]
  await world.write(builds)
  await mirrorCatalogue({ images: [world.folder], mirror: world.mirror })
  await world.write(builds.slice(0, 1))
}

const all = [1, 2, 3].map((month) => `demo-1/20260${month}01-demo-1.qcow2`)

describe('pruneMirror', () => {
  it('lists what no file names, and removes nothing', async () => {
    await outdated()
    const report = await prune()
    expect(report.objects.map(({ key, status }) => [key, status])).toEqual([
      [all[0], 'would-remove'],
      [all[1], 'would-remove'],
    ])
    expect(report.summary).toMatchObject({
      would_remove: 2,
      removed: 0,
      failed: 0,
      named: 1,
      young: 0,
      others: 0,
    })
    expect(keys()).toEqual([...all, 'demo-1/SHA256SUMS'])
  })

  it('removes it, with its lines in the list of digests', async () => {
    await outdated()
    const report = await prune({ remove: true })
    expect(report.summary).toMatchObject({ removed: 2, failed: 0 })
    expect(keys()).toEqual([all[2], 'demo-1/SHA256SUMS'])
    expect((await sums()).split('\n')).toEqual([expect.stringMatching(/20260301-demo-1\.qcow2$/), ''])
    expect((await prune({ remove: true })).objects).toEqual([])
    expect(await readdir(world.folder)).toEqual(['demo.yml'])
  })

  it('never lists an object that is gone, wherever it is stopped', async () => {
    await outdated()
    world.store.fault({
      on: 'DeleteObject',
      times: 99,
      effect: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const report = await prune({ remove: true })
    expect(report.objects).toMatchObject([
      { status: 'failed', error: { code: 'STORE_DENIED' } },
      { status: 'failed', error: { code: 'STORE_DENIED' } },
    ])
    expect(keys()).toEqual([...all, 'demo-1/SHA256SUMS'])
    expect(await sums()).not.toContain('20260101')
  })

  it('leaves what is younger than the grace period', async () => {
    await outdated()
    expect((await prune({ grace: undefined, remove: true })).summary).toMatchObject({ removed: 0, young: 2 })
    expect(keys()).toHaveLength(4)
  })

  it('keeps what disabled images and other files name', async () => {
    await outdated()
    const text = (shortname: string, version: string) =>
      `images:\n- name: Other\n  enable: false\n  shortname: ${shortname}\n  format: qcow2\n  versions: [{version: '${version}'}]\n`
    await writeFile(join(world.folder, 'other.yml'), text('demo-1', '20260201'))
    expect((await prune({ remove: true })).objects.map(({ key }) => key)).toEqual([all[0]])
  })

  it.each<[string, Partial<PruneOptions>]>([
    [
      'another bucket',
      { mirror: { kind: 's3', server: 'x', bucket: 'other-bucket' } as PruneOptions['mirror'] },
    ],
    ['another address', { mirror: { kind: 's3', baseUrl: 'https://cdn.example' } as PruneOptions['mirror'] }],
  ])('refuses %s, which the catalogue does not name', async (_, { mirror }) => {
    await outdated()
    const other = { ...world.mirror, ...mirror, server: world.mirror.server } as PruneOptions['mirror']
    await expect(prune({ mirror: other, remove: true })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('No mirror_url of the catalogue leads to'),
    })
    expect(keys()).toHaveLength(4)
  })

  it('refuses a catalogue that names none of what is there', async () => {
    await outdated()
    await world.write([world.build('20260401')])
    await expect(prune({ remove: true })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('names 1 object, but none of those that lie in'),
    })
    expect(keys()).toHaveLength(4)
  })

  it.each([
    ['cannot be parsed', 'images: ['],
    ['is of a wrong type', 'images:\n- shortname: x\n'],
  ])('removes nothing where a file %s', async (_, text) => {
    await outdated()
    await writeFile(join(world.folder, 'broken.yml'), text)
    await expect(prune({ remove: true })).rejects.toMatchObject({ code: expect.stringMatching(/^CATALOG_/) })
    expect(keys()).toHaveLength(4)
  })

  it('takes no part of a catalogue for the whole', async () => {
    await outdated()
    const [file, other] = ['demo.yml', 'other.yaml'].map((name) => join(world.folder, name)) as [
      string,
      string,
    ]
    await writeFile(join(world.folder, 'compose.yml'), 'services: {images: {}}\n')
    await writeFile(join(world.folder, '.hidden.yml'), 'images: []\n')
    expect((await prune({ images: [file] })).objects).toHaveLength(2)
    for (const text of [
      '---\nimages: []\n',
      '\ufeffimages: []\n',
      '{"a": 1, "images": []}\n',
      '--- {images: []}\n',
      'images: [\n',
    ]) {
      await writeFile(other, text)
      await expect(prune({ images: [file], remove: true }), text).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: `${other} is a catalogue file, too, and is not named: nothing is pruned`,
      })
    }
    expect(keys()).toHaveLength(4)
    await writeFile(other, 'images: []\n')
    await symlink('nowhere', join(world.folder, 'link.yml'))
    await expect(prune({ images: [file, other] })).rejects.toMatchObject({ code: 'CATALOG_UNREADABLE' })
    await rm(join(world.folder, 'link.yml'))
    expect((await prune({ images: [file, other] })).objects).toHaveLength(2)
  })

  it('removes nothing while another run works on the catalogue, and lists all the same', async () => {
    await outdated()
    const lock = await lockCatalog(world.folder)
    await expect(prune({ remove: true })).rejects.toMatchObject({ code: 'CATALOG_LOCKED' })
    expect((await prune()).objects).toHaveLength(2)
    expect(keys()).toHaveLength(4)
    await lock.release()
  })

  it('sees a run whose lock is elsewhere, and waits for it', async () => {
    await outdated()
    const lockDir = await mkdtemp(join(tmpdir(), 'locks-'))
    const lock = await lockCatalog(world.folder, { lockDir })
    await expect(prune({ remove: true, lockDir })).rejects.toMatchObject({ code: 'CATALOG_LOCKED' })
    expect(keys()).toHaveLength(4)
    const waiting = prune({ remove: true, lockDir, wait: 3_600_000 })
    await lock.release()
    expect((await waiting).summary).toMatchObject({ removed: 2 })
    await rm(lockDir, { recursive: true })
  })

  it('never touches other names, nor another prefix', async () => {
    await outdated()
    const others = [
      'demo-1/notes.txt',
      'backup/20260101-demo-1.qcow2',
      '20260101-demo-1.qcow2',
      'p/demo-1/20260101-demo-1.qcow2',
    ]
    const { endpoint, accessKey, secretKey } = world.store
    const { rawS3 } = await import('../support/s3-raw.ts')
    const { HttpClient } = await import('../../src/http/client.ts')
    const http = new HttpClient()
    const raw = rawS3({ endpoint: new URL(endpoint), accessKey, secretKey, bucket: 'openstack-images', http })
    for (const key of others) await raw.send('PUT', key, { body: 'x' })
    expect((await prune({ remove: true })).summary).toMatchObject({ removed: 2, others: 4 })
    expect(keys()).toEqual(expect.arrayContaining(others))
    await http.close()
  })

  it.each([Number.NaN, -1])('refuses the grace period %s', async (grace) => {
    await outdated()
    await expect(prune({ grace, remove: true })).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(keys()).toHaveLength(4)
  })

  it('refuses to begin without a mirror', async () => {
    await world.write([])
    await expect(prune({ mirror: { kind: 'none' } })).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })
})
