import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type MirrorOptions,
  mirrorCatalogue,
  type RunEvent,
  type RunReport,
  updateCatalogue,
} from '../../src/index.ts'
import { withExitStatus } from '../../src/report/json.ts'
import { reportSchema } from '../../src/report/schemas.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

let world: World
let store: S3Server
let folder: string
let events: RunEvent[]

beforeAll(async () => {
  world = await startWorld(60_000)
})
afterAll(() => world.close())
beforeEach(async () => {
  store = await startS3Server()
  folder = await world.writeCatalogue()
  events = []
  return async () => {
    await store.close()
    await rm(dirname(folder), { recursive: true, force: true })
  }
})

const onStore = (changes: { acl?: string; keyPrefix?: string; baseUrl?: string } = {}): MirrorOptions => ({
  kind: 's3',
  server: store.endpoint,
  bucket: 'openstack-images',
  region: store.region,
  swiftPrefix: store.swiftPrefix,
  keyPrefix: '',
  accessKey: store.accessKey,
  secretKey: store.secretKey,
  acl: 'public-read',
  ...changes,
})
type Options = Partial<Parameters<typeof updateCatalogue>[0]>
const run = (options: Options = {}, signal?: AbortSignal): Promise<RunReport> =>
  updateCatalogue(
    { images: [folder], mirror: onStore(), ...options },
    { httpPolicy: { backoffBase: 1, retries: 1 }, onEvent: (event) => events.push(event), signal },
  )
const uploads = () =>
  store.requests.flatMap(({ operation, url }) =>
    operation === 'CreateMultipartUpload' ? decodeURIComponent(new URL(url, store.endpoint).pathname) : [],
  )
const isProbe = (path: string) => /\/image-updater-probe-[0-9a-f]{12}\.qcow2$/.test(path)

describe('a bucket that nobody can read', () => {
  it.each(['', 'nightly/'])('is told once, before the first transfer (prefix "%s")', async (keyPrefix) => {
    const report = await run({ mirror: onStore({ acl: 'private', keyPrefix }) })
    expect(report.summary).toMatchObject({ failed: 7, updated: 0 })
    expect(report.errors).toMatchObject([
      {
        code: 'PUBLIC_UNREADABLE',
        message: expect.stringMatching(
          /^Nothing is transferred, since nobody could read what is stored in bucket openstack-images on .*image-updater-probe-[0-9a-f]{12}\.qcow2 answers 403 to a reader without credentials$/,
        ),
        remedy: expect.stringContaining('--no-check-public'),
      },
    ])
    const failed = report.images.filter(({ status }) => status === 'failed')
    expect([...new Set(failed.map(({ error }) => error?.code))]).toEqual(['PUBLIC_UNREADABLE'])
    expect(events.filter(({ type }) => type === 'stopped')).toHaveLength(1)
    expect([uploads().length, uploads().every(isProbe)]).toEqual([1, true])
    expect(uploads()[0]).toContain(`/openstack-images/${keyPrefix}image-updater-probe-`)
    expect([store.objects(), store.uploads()]).toEqual([[], []])
    expect(await readCatalogueFolder(folder, Object.keys(world.catalogue))).toEqual(world.catalogue)
    const published = withExitStatus(report, 1)
    expect(JSON.stringify(published)).toBe(JSON.stringify(reportSchema.parse(published)))
  })

  it('is not asked for where it does not matter: --no-check-public, a dry run', async () => {
    const mirror = onStore({ acl: 'private' })
    await run({ mirror, dryRun: true })
    expect(store.requests).toEqual([])
    expect((await run({ mirror, checkPublic: false })).summary).toMatchObject({ updated: 7 })
    expect(uploads().filter(isProbe)).toEqual([])
  })

  it('is told by mirror, too', async () => {
    await run({ names: ['rocky-9', 'debian-12'] })
    await store.close()
    store = await startS3Server({ port: Number(new URL(store.endpoint).port) })
    const report = await mirrorCatalogue(
      { images: [folder], names: ['rocky-9', 'debian-12'], mirror: onStore({ acl: 'private' }) },
      { httpPolicy: { retries: 0 } },
    )
    const error = { code: 'PUBLIC_UNREADABLE', message: 'It is not transferred, since nobody could read it' }
    expect(report.versions).toMatchObject([{ error }, { error }])
    expect(report.errors).toMatchObject([{ code: 'PUBLIC_UNREADABLE' }])
    expect(store.objects()).toEqual([])
  })
})

describe('the probe', () => {
  it('is stored where the catalogue names nothing that can be read, asked for, and removed', async () => {
    expect((await run()).summary).toMatchObject({ updated: 7, failed: 0 })
    expect(uploads().filter(isProbe)).toHaveLength(1)
    expect(isProbe(uploads()[0] ?? '')).toBe(true)
    expect(store.objects().filter(({ key }) => key.includes('probe'))).toEqual([])
  })

  it('is not needed where one object of the catalogue can be read', async () => {
    await run({ names: ['debian-12'] })
    const before = uploads().length
    expect((await run()).summary).toMatchObject({ updated: 6, failed: 0 })
    expect(uploads().slice(before).filter(isProbe)).toEqual([])
  })

  it('is not stored where nothing is transferred', async () => {
    await run()
    const before = uploads().length
    store.fault({
      on: 'PublicRead',
      effect: { type: 'error', status: 403, code: 'AccessDenied' },
      times: 1000,
    })
    const report = await run()
    expect(report).toMatchObject({ summary: { failed: 7 }, errors: [] })
    expect(uploads()).toHaveLength(before)
  })

  it('lets the transfers tell where the store does not take it', async () => {
    store.fault({
      on: 'CreateMultipartUpload',
      key: 'image-updater-probe-',
      effect: { type: 'error', status: 403, code: 'AccessDenied' },
      times: 1000,
    })
    expect((await run()).summary).toMatchObject({ updated: 7, failed: 0 })
  })

  it('is removed where the run is interrupted', async () => {
    const controller = new AbortController()
    store.fault({
      on: 'PublicRead',
      effect: { type: 'stall' },
      reached: () => controller.abort(new Error('enough')),
      times: 1000,
    })
    const report = await run({ names: ['rocky-9'] }, controller.signal)
    expect(report.images.flatMap(({ error }) => error?.code ?? [])).toEqual(['ABORTED'])
    expect(report.errors).toEqual([])
    expect([store.objects(), store.uploads()]).toEqual([[], []])
  })

  it('that an earlier run has left goes with the next one, once it is a day old', async () => {
    const left = 'image-updater-probe-0123456789ab.qcow2'
    await store.leave({ key: left })
    await store.leave({ key: 'image-updater-probe-notes.txt' })
    await run({ names: ['rocky-9'] })
    expect(store.objects().map(({ key }) => key)).toContain(left)
    store.age(25 * 3_600_000)
    await run({ names: ['rocky-9'] })
    const keys = store.objects().map(({ key }) => key)
    expect(keys).not.toContain(left)
    expect(keys).toContain('image-updater-probe-notes.txt')
  })
})
