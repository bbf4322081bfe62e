import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { checkCatalogue, exitStatusOf, inspectClouds } from '../../src/index.ts'
import { publishCatalogue } from '../../src/publish/publish.ts'
import { type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { type FakeCloud, startFakeCloud } from '../support/fake-cloud.ts'

let world: CloudWorld
let cloud: FakeCloud
beforeEach(async () => {
  world = await startCloudWorld()
  cloud = await startFakeCloud({ prefix: '', settings: { importLooks: 1 } })
  vi.stubEnv('OS_CLIENT_CONFIG_FILE', world.cloudsFile)
  return async () => {
    vi.unstubAllEnvs()
    await cloud.close()
    await world.close()
  }
})

const usual = () => ({ images: [world.folder], cloud: ['fake'], stateDir: join(world.home, 'state') })

/** What one who may only read finds out. */
async function check(options: Parameters<typeof checkCatalogue>[0] = {}) {
  await world.login(cloud.cloudsFile('reader'))
  const report = await checkCatalogue({ ...usual(), ...options })
  const [only] = report.clouds ?? []
  const images = only?.images.map(({ name, status, findings }) => [
    name,
    status,
    findings.map(({ what }) => what).join(' '),
  ])
  return { report, only, images, status: exitStatusOf(report) }
}

async function publish() {
  await world.login(cloud.cloudsFile('admin'))
  return publishCatalogue({ ...usual(), import: 'upload' })
}

describe('check --cloud', () => {
  it('says what is missing, current, wrong, and of no definition, with the rights of a reader', async () => {
    const [first, second] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    const other = world.build('alpine', '20260101')
    await world.write('a.yml', [
      cloudEntry('Debian 12', [first.entry]),
      cloudEntry('Alpine 3', [other.entry]),
    ])
    expect(await check()).toMatchObject({
      status: 10,
      images: [
        ['Debian 12', 'would-publish', 'missing'],
        ['Alpine 3', 'would-publish', 'missing'],
      ],
    })
    await publish()
    cloud.calls.length = 0
    expect(await check()).toMatchObject({
      status: 0,
      images: [
        ['Debian 12', 'current', 'current'],
        ['Alpine 3', 'current', 'current'],
      ],
    })
    expect(cloud.calls.length).toBeGreaterThan(0)
    expect(cloud.calls.filter(({ method }) => method !== 'GET')).toEqual([])

    const mine = { owner: cloud.named('Debian 12').owner, tags: ['managed_by_osism'] }
    cloud.leave({ ...mine, name: 'Gone 1', image_description: 'Gone 1' }, other.bytes)
    cloud.leave({ name: 'A stranger', visibility: 'public' }, other.bytes)
    await world.write('a.yml', [
      cloudEntry('Debian 12', [second.entry, first.entry], { min_ram: 1024 }),
      cloudEntry('Alpine 3', [other.entry], { enable: false }),
    ])
    const { status, images, only } = await check({ skip: [] })
    expect(status).toBe(10)
    expect(images).toEqual([
      ['Debian 12', 'would-publish', 'missing current properties'],
      ['Alpine 3', 'would-change', 'retire'],
    ])
    expect(only?.unnamed).toMatchObject([{ name: 'Gone 1' }])
    expect(only?.calls).toBeUndefined()
  })

  it('knows what publish would do with its options: what is skipped, waits, and is left alone', async () => {
    const build = world.build('debian', '20260101')
    await world.write('a.yml', [cloudEntry('Debian 12', [build.entry])])
    const skip = [{ images: ['debian-12'], reason: 'no network' }]
    expect(await check({ skip })).toMatchObject({ status: 0, images: [['Debian 12', 'skipped', 'skipped']] })
    const minAge = 300 * 24 * 60 * 60 * 1000
    await world.write('a.yml', [
      cloudEntry('Debian 12', [{ ...build.entry, build_date: new Date().toISOString().slice(0, 10) }]),
    ])
    expect(await check({ minAge })).toMatchObject({
      status: 0,
      images: [['Debian 12', 'pending', 'pending']],
    })
    await publish()
    await world.write('a.yml', [cloudEntry('Debian 12', [build.entry], { enable: false })])
    expect(await check({ retire: 'none' })).toMatchObject({ status: 0 })
    expect(await check({ deleteAfter: 1000 })).toMatchObject({ status: 10 })
  })

  it('tells that a rotation has no room, where Glance tells its quota', async () => {
    const build = world.build('debian', '20260101')
    await world.write('a.yml', [cloudEntry('Debian 12', [build.entry])])
    await publish()
    const usage = (usage: number, limit: number) => ({ usage, limit })
    cloud.settings.usage = { image_count_total: usage(1, 2), image_size_total: usage(1, 2) }
    expect((await check()).only).toMatchObject({
      quota: { images: { used: 1, limit: 2 }, bytes: { used: 2 ** 20, limit: 2 ** 21 } },
      warnings: [],
    })
    cloud.settings.usage = { image_count_total: usage(2, 2), image_size_total: usage(2, -1) }
    const { only, status } = await check()
    expect(only?.warnings?.join()).toMatch(/no room for one more image.*2 of 2 images/)
    expect(only?.quota?.bytes).toBeUndefined()
    expect(status).toBe(10)
    cloud.settings.usage = { image_size_total: usage(2, 2) }
    expect((await check()).only?.warnings?.join()).toMatch(/2\.0 MiB of 2\.0 MiB/)
  })

  it('a cloud that cannot be asked stands in the report, beside the images and the other clouds', async () => {
    await world.write('a.yml', [cloudEntry('Debian 12', [world.build('debian', '20260101').entry])])
    const { report, status } = await check({ cloud: ['fake', 'nowhere'] })
    expect(report.images).toHaveLength(1)
    expect(report.clouds).toMatchObject([
      { cloud: 'fake' },
      { cloud: 'nowhere', error: { code: 'CLOUD_CONFIGURATION' } },
    ])
    expect(status).toBe(1)
    await expect(check({ cloud: ['nowhere', 'neither'] })).rejects.toMatchObject({
      code: 'CLOUD_CONFIGURATION',
    })
    await expect(check({ cloud: ['a/b/c'] })).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })

  it('an image that another run is at work on is no failure', async () => {
    await world.write('a.yml', [cloudEntry('Debian 12', [world.build('debian', '20260101').entry])])
    await publish()
    const { owner } = cloud.named('Debian 12')
    const image_updater_journal = `bringing ${new Date().toISOString()} another`
    const marks = { image_updater_journal, image_updater_definition: 'Debian 12' }
    cloud.leave({ owner, name: 'Debian 12 (2)', status: 'queued', ...marks })
    expect(await check()).toMatchObject({ status: 10, images: [['Debian 12', 'pending', 'unfinished']] })
  })

  it('a defect of one definition is that of its image, and a file that cannot be read of the whole', async () => {
    await world.write('a.yml', [
      cloudEntry('Debian 12', [world.build('debian', '20260101').entry], { uuid_validity: 'last-x' }),
      cloudEntry('Alpine 3', [world.build('alpine', '20260101').entry], {
        meta: { uuid_validity: 'last-x' },
      }),
    ])
    const { images } = await check()
    expect(images).toContainEqual(['Debian 12', 'would-publish', 'missing'])
    await world.login(cloud.cloudsFile('reader'))
    await expect(inspectClouds({ ...usual(), images: [join(world.home, 'none')] })).rejects.toMatchObject({
      code: 'CATALOG_NOT_FOUND',
    })
  })
})
