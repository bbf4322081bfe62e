import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type MirrorReport, mirrorCatalogue, type RunOptions } from '../../src/index.ts'
import { type HistoryWorld, startHistoryWorld } from '../support/history-world.ts'
import { hexDigest } from '../support/world/published.ts'

let world: HistoryWorld
beforeEach(async () => {
  world = await startHistoryWorld()
})
afterEach(() => world.close())

const run = (options: Partial<RunOptions> = {}, context: Parameters<typeof mirrorCatalogue>[1] = {}) =>
  mirrorCatalogue(
    { images: [world.folder], mirror: world.mirror, ...options },
    { httpPolicy: { retries: 0 }, ...context },
  )
const statuses = ({ versions }: MirrorReport) => versions.map(({ status }) => status)
const keys = () => world.store.objects().map(({ key }) => key)
const stored = async (key: string) => world.store.read('openstack-images', key)

describe('mirrorCatalogue', () => {
  it('brings every version that is missing, and lists them', async () => {
    const builds = [
      world.build('20260301'),
      world.build('20260201', { packed: true }),
      world.build('20260101'),
    ]
    await world.write(builds)
    const text = await readFile(join(world.folder, 'demo.yml'), 'utf8')
    const report = await run()
    expect(report.summary).toEqual({
      versions: 3,
      present: 0,
      stored: 3,
      would_store: 0,
      foreign: 0,
      failed: 0,
    })
    for (const { version, stored: bytes } of builds) {
      expect((await stored(`demo-1/${version}-demo-1.qcow2`)).equals(bytes)).toBe(true)
    }
    const list = builds.map(
      ({ version, stored: bytes }) => `${hexDigest('sha256', bytes)}  ${version}-demo-1.qcow2\n`,
    )
    expect((await stored('demo-1/SHA256SUMS')).toString()).toBe(list.reverse().join(''))
    expect(await readFile(join(world.folder, 'demo.yml'), 'utf8')).toBe(text)
    expect(statuses(await run())).toEqual(['present', 'present', 'present'])
  })

  it('writes the list that an earlier run did not come to', async () => {
    await world.write([world.build('20260301')])
    await run({ checksumFiles: false })
    expect(keys()).toEqual(['demo-1/20260301-demo-1.qcow2'])
    await run()
    expect(keys()).toContain('demo-1/SHA256SUMS')
  })

  it('says of each version why it cannot be brought, and brings the others', async () => {
    const builds = [
      world.build('20260501'),
      world.build('20260401'),
      world.build('20260301'),
      world.build('20260201'),
    ]
    const [fine, gone, other, foreign] = builds
    world.origin.remove('/demo/20260401/demo.qcow2')
    world.origin.put('/demo/20260301/demo.qcow2', world.build('20260302').stored)
    await world.write([
      fine ?? {},
      gone ?? {},
      other ?? {},
      { ...foreign, mirrorUrl: 'https://other.example/demo-1/20260201-demo-1.qcow2' },
      { ...world.build('20260102'), checksum: 'sha256:00' },
      { version: '20260101', mirrorUrl: world.publicUrl('demo-1/20260101-demo-1.qcow2') },
      { version: '20251201', url: 'https://none.example/demo.qcow2' },
      { ...world.build('20251101'), url: 'demo.qcow2' },
    ])
    const report = await run()
    expect(report.versions).toMatchObject([
      { status: 'stored', version: '20260501', object: 'demo-1/20260501-demo-1.qcow2' },
      { status: 'failed', reason: 'source-gone', error: { code: 'HTTP_STATUS', place: { line: 2 } } },
      { status: 'failed', reason: 'mismatch', error: { code: 'DIGEST_MISMATCH' } },
      { status: 'foreign' },
      {
        status: 'failed',
        reason: 'other',
        error: { code: 'CATALOG_TYPE', message: expect.stringContaining('checksum') },
      },
      {
        status: 'failed',
        reason: 'other',
        error: { code: 'CATALOG_TYPE', message: expect.stringContaining('no url') },
      },
      { status: 'failed', reason: 'other', error: { code: 'HTTP_URL', place: { line: 2 } } },
    ])
    expect(report.summary).toMatchObject({ versions: 7, stored: 1, foreign: 1, failed: 5 })
    expect(keys()).toEqual(['demo-1/20260501-demo-1.qcow2', 'demo-1/SHA256SUMS'])
    expect(world.store.uploads()).toEqual([])
  })

  it('stores under the key that the mirror_url names, whatever its form', async () => {
    const { stored: bytes, ...build } = world.build('20260301')
    const key = 'demo old/20260301-Demo-Minimal.x86_64.qcow2'
    await world.write([{ ...build, mirrorUrl: world.publicUrl(encodeURI(key)) }])
    expect(statuses(await run())).toEqual(['stored'])
    expect((await stored(key)).equals(bytes)).toBe(true)
    // It is listed in no checksum file, as it has no name of ours.
    expect(keys()).toEqual([key])
  })

  it('writes nothing in a dry run, and tells what is missing and what is gone', async () => {
    const [one, two, three] = [world.build('20260301'), world.build('20260201'), world.build('20260101')]
    await world.write([one])
    await run()
    await world.write([one, two, three])
    world.origin.remove('/demo/20260101/demo.qcow2')
    const before = keys()
    const report = await run({ dryRun: true, mirror: { ...world.mirror, accessKey: 'x', secretKey: 'y' } })
    expect(statuses(report)).toEqual(['present', 'would-store', 'failed'])
    expect(report.versions[2]).toMatchObject({ reason: 'source-gone' })
    expect(keys()).toEqual(before)
  })

  it('replaces other bytes, and takes an object of another tool as it is', async () => {
    const old = world.build('20260301')
    await world.write([old])
    await run()
    const rebuilt = world.build('20260302')
    await world.write([{ ...rebuilt, version: '20260301', mirrorUrl: old.mirrorUrl }])
    expect(statuses(await run())).toEqual(['stored'])
    expect((await stored('demo-1/20260301-demo-1.qcow2')).equals(rebuilt.stored)).toBe(true)
  })

  it('fills a folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mirror-folder-'))
    const { stored: bytes, ...build } = world.build('20260301')
    await world.write([{ ...build, mirrorUrl: `${world.origin.url}/files/demo-1/20260301-demo-1.qcow2` }])
    world.origin.put('/files/demo-1/20260301-demo-1.qcow2', bytes)
    const mirror = { kind: 'directory', dir, keyPrefix: '', baseUrl: `${world.origin.url}/files` } as const
    expect(statuses(await run({ mirror }))).toEqual(['stored'])
    expect((await readdir(join(dir, 'demo-1'))).sort()).toEqual([
      '.20260301-demo-1.qcow2.json',
      '.SHA256SUMS.json',
      '20260301-demo-1.qcow2',
      'SHA256SUMS',
    ])
    await rm(dir, { recursive: true })
  })

  it('leaves disabled images out, unless they are asked for', async () => {
    await world.write([world.build('20260301')], '  enable: false\n')
    expect((await run()).summary.versions).toBe(0)
    expect(statuses(await run({ includeDisabled: true }))).toEqual(['stored'])
  })

  it('ends at a signal with what it has, and leaves no upload behind', async () => {
    const build = world.build('20260301')
    await world.write([build])
    const controller = new AbortController()
    const report = await run(
      {},
      {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'image' && event.step.type === 'transfer-start') controller.abort()
        },
      },
    )
    expect(report.versions).toMatchObject([{ status: 'failed', error: { code: 'ABORTED' } }])
    expect(world.store.uploads()).toEqual([])
    expect(keys()).toEqual([])
  })

  it('tells what it has stored where the signal comes while that is being listed', async () => {
    await world.write([world.build('20260301')])
    const controller = new AbortController()
    const reached = () => controller.abort(new Error('enough'))
    world.store.fault({ on: 'UploadPart', key: 'demo-1/SHA256SUMS', effect: { type: 'stall' }, reached })
    expect(statuses(await run({}, { signal: controller.signal }))).toEqual(['stored'])
  })

  it('brings the first of two versions that name one object, and refuses the other', async () => {
    const [one, other] = [world.build('20260301'), world.build('20260201')]
    await world.write([one, { ...other, mirrorUrl: one.mirrorUrl }])
    const report = await run()
    expect(statuses(report)).toEqual(['stored', 'failed'])
    expect(report.versions[1]?.error).toMatchObject({
      code: 'CATALOG_TYPE',
      message: expect.stringContaining('is named by version 20260301 of Demo 1, too'),
    })
    expect((await stored('demo-1/20260301-demo-1.qcow2')).equals(one.stored)).toBe(true)
    expect(statuses(await run())).toEqual(['present', 'failed'])
  })

  it('refuses to begin without a mirror', async () => {
    await world.write([])
    await expect(run({ mirror: { kind: 'none' } })).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })
})
