import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Listener } from '../../src/events.ts'
import type { PublishOptions } from '../../src/publish/options.ts'
import { publishCatalogue } from '../../src/publish/publish.ts'
import { type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { type FakeCloud, type FakeRecord, startFakeCloud } from '../support/fake-cloud.ts'

let world: CloudWorld
let cloud: FakeCloud
beforeEach(async () => {
  world = await startCloudWorld()
  cloud = await startFakeCloud({ prefix: '', settings: { importLooks: 1 } })
  await world.login(cloud.cloudsFile('admin'))
  vi.stubEnv('OS_CLIENT_CONFIG_FILE', world.cloudsFile)
  return async () => {
    vi.unstubAllEnvs()
    await cloud.close()
    await world.close()
  }
})

async function publish(options: PublishOptions = {}) {
  const stateDir = join(world.home, 'state')
  // A plain upload is over with its answer; an import has to be waited for.
  const usual = { images: [world.folder], cloud: ['fake'], import: 'upload', stateDir } as const
  const report = await publishCatalogue({ ...usual, ...options })
  const [only] = report.clouds
  if (only === undefined) throw new Error('no cloud')
  return { ...report, cloud: only, image: only.images[0] }
}

/** Name, visibility and whether it is hidden, of all images. */
function seen(): string[] {
  const word = ({ name, visibility, os_hidden }: FakeRecord) =>
    `${name}: ${visibility}${os_hidden ? ', hidden' : ''}`
  return cloud.images().map(word).sort()
}

/** All requests that are to change something. */
const changes = () =>
  cloud.calls
    .filter(({ method, call }) => method !== 'GET' && call !== 'login' && call !== 'other')
    .map(({ method, path, body }) => ({ method, path, body }))

describe('publish', () => {
  it('brings what the catalogue names, described as OpenStack Image Manager has it', async () => {
    const build = world.build('debian', '20260101')
    await world.write('debian.yml', [
      cloudEntry('Debian 12', [build.entry], { tags: ['managed'], meta: { replace_frequency: 'monthly' } }),
    ])
    const { summary, image } = await publish({ import: 'auto' })
    expect(summary).toMatchObject({ images: 1, published: 1, failed: 0 })
    const record = cloud.named('Debian 12')
    expect(image?.brought).toMatchObject([
      { id: record.id, name: 'Debian 12', version: '20260101', bytes: build.bytes.length },
    ])
    expect(cloud.bytes(record.id).equals(build.bytes)).toBe(true)
    expect(record).toMatchObject({
      status: 'active',
      visibility: 'public',
      os_hidden: false,
      disk_format: 'qcow2',
      container_format: 'bare',
      min_disk: 1,
      min_ram: 512,
      architecture: 'x86_64',
      hw_disk_bus: 'scsi',
      image_build_date: '2026-01-01',
      image_description: 'Debian 12',
      image_name: 'Debian 12',
      image_original_user: 'user',
      image_source: build.url,
      internal_version: '20260101',
      os_distro: 'debian',
      os_version: '12',
      replace_frequency: 'monthly',
      uuid_validity: 'last-3',
      image_updater_checksum: build.checksum,
    })
    expect([...record.tags].sort()).toEqual(['managed', 'managed_by_osism', 'os:debian'])
    expect(record).not.toHaveProperty('image_updater_journal')
    expect(cloud.images()).toHaveLength(1)
  })

  it('tells that a cloud cannot be asked as an error, and goes on with the others', async () => {
    await world.write('debian.yml', [cloudEntry('Debian 12', [world.build('debian', '20260101').entry])])
    const notes: object[] = []
    const onEvent: Listener = (event) => {
      if (event.type === 'note' && event.level === 'error') notes.push(event)
    }
    const options = {
      images: [world.folder],
      cloud: ['fake', 'nowhere'],
      stateDir: join(world.home, 'state'),
    }
    const report = await publishCatalogue({ ...options, import: 'upload' }, { onEvent })
    expect(notes).toMatchObject([
      { message: expect.stringMatching(/^nowhere: The cloud "nowhere" is not known/) },
    ])
    expect(report.clouds.map(({ error }) => error?.code)).toEqual([undefined, 'CLOUD_CONFIGURATION'])
    expect(seen()).toEqual(['Debian 12: public'])
  })

  it('changes nothing when it is run again', async () => {
    const build = world.build('debian', '20260101')
    await world.write('debian.yml', [cloudEntry('Debian 12', [build.entry])])
    await publish()
    const before = structuredClone(cloud.images())
    const count = changes().length
    const { summary, image } = await publish()
    expect(summary).toMatchObject({ current: 1, published: 0, changed: 0, failed: 0 })
    expect(image?.findings).toMatchObject([{ what: 'current' }])
    expect(changes()).toHaveLength(count)
    expect(cloud.images()).toEqual(before)
    expect(world.origin.requestsOf(build.path).filter(({ method }) => method === 'GET')).toHaveLength(1)
  })

  it('gives the name to a new version, and hides the one before under its own', async () => {
    const old = world.build('debian', '20260101')
    await world.write('debian.yml', [cloudEntry('Debian 12', [old.entry])])
    await publish()
    const { id } = cloud.named('Debian 12')
    const next = world.build('debian', '20260201')
    await world.write('debian.yml', [cloudEntry('Debian 12', [next.entry])])
    const { image } = await publish()
    expect(image).toMatchObject({ status: 'published', brought: [{ version: '20260201' }] })
    expect(seen()).toEqual(['Debian 12 (20260101): public, hidden', 'Debian 12: public'])
    expect(cloud.named('Debian 12 (20260101)')).toMatchObject({ id, status: 'active' })
    expect(cloud.bytes(cloud.named('Debian 12').id).equals(next.bytes)).toBe(true)
  })

  it('brings a rebuild of the same day, and tells the two apart by eight digits', async () => {
    const first = world.build('debian', '20260101')
    await world.write('debian.yml', [cloudEntry('Debian 12', [first.entry])])
    await publish()
    const second = world.build('debian', '20260101', 'b')
    await world.write('debian.yml', [cloudEntry('Debian 12', [second.entry])])
    const { image } = await publish()
    expect(image?.findings[0]).toMatchObject({ what: 'other-bytes' })
    const third = world.build('debian', '20260101', 'c')
    await world.write('debian.yml', [cloudEntry('Debian 12', [third.entry])])
    await publish()
    expect(seen()).toEqual([
      `Debian 12 (20260101) ${second.checksum.slice(7, 15)}: public, hidden`,
      'Debian 12 (20260101): public, hidden',
      'Debian 12: public',
    ])
    expect(cloud.bytes(cloud.named('Debian 12').id).equals(third.bytes)).toBe(true)
  })

  it('corrects meta, min_disk and tags of an image that is there, and leaves those of others', async () => {
    const build = world.build('debian', '20260101')
    const before = { tags: ['ours'], meta: { gone: 'soon' } }
    await world.write('debian.yml', [cloudEntry('Debian 12', [build.entry], before)])
    await publish()
    const record = cloud.named('Debian 12')
    record.tags.push('theirs')
    record.their_key = 'theirs'
    const after = {
      min_disk: 20,
      min_ram: 1024,
      tags: ['new'],
      meta: { hw_disk_bus: 'virtio', added: 'now' },
    }
    await world.write('debian.yml', [cloudEntry('Debian 12', [build.entry], after)])
    const { image } = await publish()
    expect(image).toMatchObject({ status: 'changed', brought: [], retired: [] })
    const [told = ''] = image?.changes.flatMap(({ what }) => what) ?? []
    for (const key of ['added', 'gone', 'hw_disk_bus', 'min_disk', 'min_ram', 'tags'])
      expect(told).toContain(key)
    const corrected = cloud.named('Debian 12')
    expect(corrected).toMatchObject({
      min_disk: 20,
      min_ram: 1024,
      hw_disk_bus: 'virtio',
      added: 'now',
      their_key: 'theirs',
    })
    expect(corrected).not.toHaveProperty('gone')
    expect([...corrected.tags].sort()).toEqual(['managed_by_osism', 'new', 'os:debian', 'theirs'])
    expect((await publish()).summary).toMatchObject({ current: 1 })
  })

  it.each([
    ['last-2', ['Debian 12', 'Debian 12 (20260201)']],
    ['none', ['Debian 12']],
    ['"2001-01-01"', ['Debian 12']],
    ['"2999-01-01"', ['Debian 12', 'Debian 12 (20260101)', 'Debian 12 (20260201)']],
  ])('keeps what uuid_validity %s promises, and deletes the rest', async (validity, kept) => {
    const meta = { uuid_validity: validity.replaceAll('"', '') }
    for (const version of ['20260101', '20260201', '20260301']) {
      const { entry } = world.build('debian', version)
      await world.write('debian.yml', [cloudEntry('Debian 12', [entry], { meta })])
      const { summary } = await publish({ retire: 'delete', yes: true })
      expect(summary.failed).toBe(0)
      // Glance's times have whole seconds: their order is that of the days.
      for (const one of cloud.images())
        one.created_at = `2026-0${String(one.internal_version).slice(5, 6)}-01T00:00:00Z`
    }
    expect(
      cloud
        .images()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(kept)
  })

  it('makes the calls that a dry run shows, and no others', async () => {
    const [old, next] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    const [ubuntu, alma] = [world.build('ubuntu', '20260101'), world.build('alma', '20260101')]
    // A larger one is only known when the bytes are there.
    const disk = { min_disk: 1 }
    await world.write('a.yml', [
      cloudEntry('Debian 12', [old.entry], disk),
      cloudEntry('Alma 9', [alma.entry], disk),
    ])
    await publish()
    await world.write('a.yml', [
      cloudEntry('Debian 12', [next.entry], disk),
      cloudEntry('Alma 9', [alma.entry], { ...disk, enable: false }),
      cloudEntry('Ubuntu 24', [ubuntu.entry], { ...disk, min_ram: 64 }),
    ])
    const made = changes().length
    const { cloud: planned, dry_run: isDry } = await publish({ dryRun: true, yes: true, import: 'auto' })
    expect([isDry, changes().length]).toEqual([true, made])
    await publish({ yes: true, import: 'auto' })
    const calls = (planned.calls ?? []).filter(({ method }) => method !== 'GET')
    expect(actual(changes().slice(made))).toEqual(calls.map(comparable).sort())
  })
})

/** Without what no plan can know: ids that Glance gives, hashes, times, the run's name, the record that tries the rights. */
function comparable({ method, path, body }: { method: string; path: string; body?: unknown }): string {
  const text = body === undefined ? '' : JSON.stringify(body, sorted)
  return `${method} ${path} ${text}`
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll('{id}', 'ID')
    .replace(/,"id":"ID"}$/, '}')
}

function sorted(_: string, value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value
    .filter(({ path }) => path !== '/image_updater_hash')
    .toSorted((a, b) => String(a.path).localeCompare(String(b.path)))
}

function actual(calls: ReturnType<typeof changes>): string[] {
  const probe = calls.findIndex(({ body }) => JSON.stringify(body)?.includes('tries its rights'))
  // Created, made public, deleted.
  const others = calls.filter((_, at) => at < probe || at > probe + 2)
  return others.map((one) => comparable({ ...one, body: one.method === 'PUT' ? undefined : one.body })).sort()
}
