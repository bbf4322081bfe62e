import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { PublishOptions } from '../../src/publish/options.ts'
import { publishCatalogue } from '../../src/publish/publish.ts'
import { type CloudBuild, type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { type FakeCloud, type FakeRecord, startFakeCloud } from '../support/fake-cloud.ts'
import { idOf } from '../support/fake-keystone.ts'

const day = 24 * 3_600_000

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

const usual = (): PublishOptions => ({
  images: [world.folder],
  cloud: ['fake'],
  import: 'upload',
  stateDir: join(world.home, 'state'),
})

async function publish(options: PublishOptions = {}) {
  const report = await publishCatalogue({ ...usual(), ...options })
  const image = report.clouds[0]?.images[0]
  if (image === undefined) throw new Error('no image')
  return image
}

function seen(): string[] {
  const word = ({ name, visibility, os_hidden }: FakeRecord) =>
    `${name}: ${visibility}${os_hidden ? ', hidden' : ''}`
  return cloud.images().map(word).sort()
}

const define = (versions: readonly object[], more: Readonly<Record<string, unknown>> = {}) =>
  world.write('debian.yml', [cloudEntry('Debian 12', versions as Record<string, unknown>[], more)])

const holds = (name: string, { bytes }: CloudBuild) => cloud.bytes(cloud.named(name).id).equals(bytes)

/** A build of so many days ago. */
function aged(days: number): CloudBuild {
  const date = new Date(Date.now() - days * day).toISOString().slice(0, 10)
  return world.build('debian', date.replaceAll('-', ''))
}

describe('publish', () => {
  it('of an image without multi gives each version its name, and rotates none', async () => {
    const [first, second] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    await define([first.entry], { multi: false, separator: '-' })
    await publish()
    await define([second.entry, first.entry], { multi: false, separator: '-' })
    await publish()
    expect(seen()).toEqual(['Debian 12-20260101: public', 'Debian 12-20260201: public'])
    const rebuilt = world.build('debian', '20260201', 'b')
    await define([rebuilt.entry, first.entry], { multi: false, separator: '-' })
    await publish()
    expect(seen()).toEqual([
      'Debian 12-(20260201): public, hidden',
      'Debian 12-20260101: public',
      'Debian 12-20260201: public',
    ])
    expect(holds('Debian 12-20260201', rebuilt)).toBe(true)
  })

  it('of latest asks what it is today, and follows it', async () => {
    const sums = `${world.origin.url}/SHA256SUMS`
    const follow = async (build: CloudBuild, modified: string) => {
      world.origin.put('/debian.qcow2', { body: build.bytes, lastModified: new Date(modified) })
      world.origin.put('/SHA256SUMS', `${build.checksum.slice(7)}  debian.qcow2\n`)
      await define([{ version: 'latest', url: `${world.origin.url}/debian.qcow2`, checksum_url: sums }])
      return publish()
    }
    const [first, second] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    expect((await follow(first, '2026-01-01T10:00:00Z')).status).toBe('published')
    expect(cloud.named('Debian 12')).toMatchObject({
      internal_version: '20260101',
      upstream_checksum: first.checksum.slice(7),
    })
    expect((await follow(first, '2026-01-01T10:00:00Z')).status).toBe('current')
    expect((await follow(second, '2026-02-01T10:00:00Z')).status).toBe('published')
    expect(seen()).toEqual(['Debian 12 (20260101): public, hidden', 'Debian 12: public'])
    expect(holds('Debian 12', second)).toBe(true)
  })

  it('gives versions their own visibility, meta and hiding', async () => {
    const [first, second] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    await define([
      second.entry,
      { ...first.entry, hidden: true, visibility: 'community', meta: { own: 'only' } },
    ])
    await publish()
    expect(seen()).toEqual(['Debian 12 (20260101): community, hidden', 'Debian 12: public'])
    expect(cloud.named('Debian 12 (20260101)')).toMatchObject({ own: 'only' })
    expect(cloud.named('Debian 12')).not.toHaveProperty('own')
    expect((await publish()).status).toBe('current')
  })

  it('with min-age lets a young build wait, and takes the one that it saw first when that is due', async () => {
    const old = aged(30)
    await define([old.entry])
    await publish({ minAge: 2 * day })
    const [candidate, newer] = [aged(1), aged(0)]
    await define([candidate.entry])
    const waiting = await publish({ minAge: 2 * day })
    expect([waiting.status, waiting.findings[0]?.message]).toEqual([
      'pending',
      expect.stringMatching(/waits until \d{4}-\d\d-\d\d/),
    ])
    await define([newer.entry])
    expect((await publish({ minAge: 2 * day })).status).toBe('pending')
    expect(holds('Debian 12', old)).toBe(true)
    // By another measure: the candidate is due, what came since is not.
    expect((await publish({ minAge: day })).status).toBe('published')
    expect(holds('Debian 12', candidate)).toBe(true)
    await publish({ minAge: 0 })
    expect(holds('Debian 12', newer)).toBe(true)
  })

  it('does not take a build that is to be skipped, and says why', async () => {
    const [old, bad] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    await define([old.entry])
    await publish()
    await define([bad.entry])
    const skip = [{ images: ['debian-12'], versions: ['20260201'], reason: 'no network' }]
    const image = await publish({ skip })
    expect(image).toMatchObject({ status: 'skipped', brought: [], retired: [] })
    expect(image.findings).toContainEqual(
      expect.objectContaining({ what: 'skipped', message: expect.stringContaining('no network') }),
    )
    expect(seen()).toEqual(['Debian 12: public'])
    expect(holds('Debian 12', old)).toBe(true)
  })

  it('takes a build back, skips it from then on, and brings the next one', async () => {
    const builds = ['20260101', '20260201'].map((version) => world.build('debian', version))
    for (const { entry } of builds) {
      await define([entry])
      await publish()
    }
    const [before, bad] = builds as [CloudBuild, CloudBuild]
    const rollback = { names: ['debian-12'], rollback: true, reason: 'no network' }
    const { clouds } = await publishCatalogue({ ...usual(), ...rollback, dryRun: true })
    expect(clouds[0]?.calls?.map(({ method }) => method)).toEqual(['PATCH', 'PATCH'])
    expect(holds('Debian 12', bad)).toBe(true)
    const image = await publish(rollback)
    expect(image.status).toBe('changed')
    expect(holds('Debian 12', before)).toBe(true)
    expect(cloud.named('Debian 12 (20260201)')).toMatchObject({
      os_hidden: true,
      image_updater_skip: 'no network',
    })
    const again = await publish()
    expect([again.status, again.brought]).toEqual(['skipped', []])
    expect(holds('Debian 12', before)).toBe(true)
    expect(
      cloud
        .images()
        .filter(({ os_hidden }) => os_hidden)
        .map(({ id }) => cloud.bytes(id).equals(bad.bytes)),
    ).toEqual([true])
    const next = world.build('debian', '20260301')
    await define([next.entry])
    expect((await publish()).status).toBe('published')
    expect(holds('Debian 12', next)).toBe(true)
  })

  it('shares an image, accepted where the rights allow it, and carries its members over', async () => {
    const [old, next] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    await define([old.entry], { visibility: 'shared' })
    await publish({ share: ['admin'] })
    const first = cloud.named('Debian 12')
    expect([...cloud.members(first.id)]).toEqual([[idOf('admin'), 'accepted']])
    await define([next.entry], { visibility: 'shared' })
    await publish()
    const second = cloud.named('Debian 12')
    expect([second.id === first.id, ...cloud.members(second.id)]).toEqual([
      false,
      [idOf('admin'), 'accepted'],
    ])
  })

  it('proves bytes that were there before by reading them once', async () => {
    const build = world.build('debian', '20260101')
    const record = { name: 'Debian 12', visibility: 'public', disk_format: 'qcow2', container_format: 'bare' }
    const about = { image_description: 'Debian 12', internal_version: '20260101' }
    const { id } = cloud.leave({ ...record, ...about, tags: ['managed_by_osism'] }, build.bytes)
    await define([build.entry])
    expect((await publish()).findings).toContainEqual(expect.objectContaining({ what: 'unproven', id }))
    await publish({ prove: true })
    await publish({ prove: true })
    expect(cloud.calls.filter(({ call }) => call === 'read')).toHaveLength(1)
    expect(cloud.named('Debian 12')).toMatchObject({ id, image_updater_checksum: build.checksum })
    expect((await publish()).status).toBe('current')
  })

  it('fills the record of a given id, and never uses it for anything else', async () => {
    const id = '12345678-0000-4000-8000-000000000000'
    const [build, other] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    await define([{ ...build.entry, id }])
    cloud.fault({ on: 'file', times: 9, effect: { type: 'status', status: 413 } })
    expect((await publish()).error?.code).toBe('CLOUD_QUOTA')
    expect(cloud.image(id)?.status).toBe('queued')
    cloud.forgetFaults()
    expect((await publish()).status).toBe('published')
    expect(cloud.named('Debian 12').id).toBe(id)
    await define([{ ...other.entry, id }])
    expect((await publish()).error?.code).toBe('CLOUD_CONFLICT')
    expect([cloud.named('Debian 12').id, holds('Debian 12', build)]).toEqual([id, true])
  })
})
