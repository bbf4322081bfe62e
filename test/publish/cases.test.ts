import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Glance } from '../../src/cloud/glance.ts'
import type { CloudImage } from '../../src/cloud/image.ts'
import type { PublishOptions } from '../../src/publish/options.ts'
import { publishCatalogue } from '../../src/publish/publish.ts'
import { cloudSubjects, type OpenCloudSubject } from '../support/cloud-subjects.ts'
import { type CloudBuild, type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { hexDigest } from '../support/world/published.ts'

/**
 * What goes wrong between a catalogue and a cloud on the usual way, with OpenStack Image Manager and a script around it,
 * and what is there instead.
 */
describe.each(cloudSubjects)('publish, in $name', ({ open, skipped }) => {
  let subject: OpenCloudSubject
  let glance: Glance
  let world: CloudWorld
  /** Of this test alone: other tests use the cloud at the same time. */
  let tag: string
  let name: string
  let other: string

  beforeAll(async () => {
    if (skipped !== undefined) return
    subject = await open()
    glance = new Glance(subject.session)
  })
  afterAll(() => subject?.close())
  beforeEach(async () => {
    if (skipped !== undefined) return
    const word = randomBytes(4).toString('hex')
    tag = `test-${word}`
    name = `Debian ${word}`
    other = `Ubuntu ${word}`
    world = await startCloudWorld({ size: 60_000 })
    await world.login(subject.cloudsFile)
    vi.stubEnv('OS_CLIENT_CONFIG_FILE', world.cloudsFile)
  })
  afterEach(async () => {
    if (skipped !== undefined) return
    for (const { id } of await images()) await glance.remove(id)
    vi.unstubAllEnvs()
    await world.close()
  })

  /** Those of this test. */
  async function images(): Promise<CloudImage[]> {
    const own = await glance.list({ owner: subject.session.project.id })
    return own.filter((image) => image.name.includes(tag.slice(5)) || image.tags.includes(tag))
  }

  /** `NAME: VISIBILITY[, hidden]`, without the word of this test. */
  async function seen(): Promise<string[]> {
    const word = ({ name, visibility, isHidden }: CloudImage) =>
      `${name.replace(` ${tag.slice(5)}`, '')}: ${visibility}${isHidden ? ', hidden' : ''}`
    return (await images()).map(word).sort()
  }

  async function named(wanted: string): Promise<CloudImage> {
    const found = (await images()).filter((image) => image.name === wanted)
    if (found.length !== 1 || found[0] === undefined)
      throw new Error(`${found.length} images are called ${wanted}`)
    return found[0]
  }

  async function bytesOf({ id }: CloudImage): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    for await (const chunk of glance.read(id)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  async function expectBytes(wanted: string, { bytes }: Pick<CloudBuild, 'bytes'>): Promise<void> {
    const image = await named(wanted)
    expect([image.status, image.hash?.hex]).toEqual(['active', hexDigest('sha512', bytes)])
    expect((await bytesOf(image)).equals(bytes)).toBe(true)
  }

  const define = (versions: readonly CloudBuild[], more: Readonly<Record<string, unknown>> = {}) =>
    world.write('debian.yml', [
      cloudEntry(
        name,
        versions.map(({ entry }) => entry),
        { ...more, meta: { os_distro: 'debian', os_version: '12', ...(more.meta as object) } },
      ),
    ])

  async function publish(options: PublishOptions = {}) {
    const usual = { images: [world.folder], cloud: [subject.session.cloud], tag, import: 'upload' } as const
    const report = await publishCatalogue({ ...usual, stateDir: join(world.home, 'state'), ...options })
    const [cloud] = report.clouds
    if (cloud === undefined) throw new Error('no cloud')
    const image = cloud.images.find((one) => one.name === name)
    return { ...report, cloud, image, statuses: cloud.images.map(({ status }) => status) }
  }

  /** An image as Image Manager leaves it. */
  async function importAsImageManager(
    called: string,
    { version, url, bytes }: CloudBuild,
    more: object = {},
  ) {
    const { id } = await glance.create({
      name: called,
      disk_format: 'qcow2',
      container_format: 'bare',
      visibility: 'private',
    })
    await glance.sendData(
      id,
      'file',
      (async function* () {
        yield bytes
      })(),
      { length: bytes.length, answerTimeout: 60_000 },
    )
    const properties = {
      architecture: 'x86_64',
      hw_disk_bus: 'scsi',
      hw_rng_model: 'virtio',
      hw_vif_multiqueue_enabled: 'True',
      image_build_date: `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6)}`,
      image_description: name,
      image_name: name,
      image_original_user: 'user',
      image_source: url,
      internal_version: version,
      os_distro: 'debian',
      os_version: '12',
      uuid_validity: 'last-3',
      ...more,
    }
    const set = Object.entries(properties).map(
      ([key, value]) => ({ op: 'add', path: `/${key}`, value }) as const,
    )
    await glance.patch(id, [
      ...set,
      { op: 'replace', path: '/min_disk', value: 1 },
      { op: 'replace', path: '/min_ram', value: 512 },
      { op: 'replace', path: '/tags', value: [tag, 'os:debian'] },
      { op: 'replace', path: '/visibility', value: 'public' },
    ])
    return id
  }

  const test = it.skipIf(skipped !== undefined)

  test.each(['upload', 'glance-direct'] as const)(
    '1: bytes that have changed on the mirror never get there (%s)',
    async (method) => {
      const [old, next] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
      await define([old])
      await publish()
      world.origin.put(next.path, old.bytes)
      await define([next])
      const { image } = await publish({ import: method })
      expect(image?.error?.code).toBe('DIGEST_MISMATCH')
      expect(await seen()).toEqual(['Debian: public'])
      await expectBytes(name, old)
    },
  )

  test('2: the one version of a catalogue, replaced by a newer one, is brought', async () => {
    const builds = ['20260101', '20260201'].map((version) => world.build('debian', version))
    for (const build of builds) {
      await define([build])
      expect((await publish()).statuses).toEqual(['published'])
      await expectBytes(name, build)
    }
    expect(await seen()).toEqual(['Debian (20260101): public, hidden', 'Debian: public'])
  })

  test('3: of several versions one has the name alone, also when the newest is replaced', async () => {
    const [first, second, third] = ['20260101', '20260201', '20260301'].map((version) =>
      world.build('debian', version),
    ) as [CloudBuild, CloudBuild, CloudBuild]
    await define([first, second])
    await publish()
    expect(await seen()).toEqual(['Debian (20260101): public', 'Debian: public'])
    await define([first, third])
    await publish()
    expect(await seen()).toEqual([
      'Debian (20260101): public',
      'Debian (20260201): public, hidden',
      'Debian: public',
    ])
    await expectBytes(name, third)
    await expectBytes(`${name} (20260101)`, first)
  })

  test('4: what loses the name gets its own version, whatever builds the cloud has skipped', async () => {
    const [first, , third] = ['20260101', '20260201', '20260301'].map((version) =>
      world.build('debian', version),
    )
    for (const build of [first, third]) {
      if (build !== undefined) await define([build])
      await publish()
    }
    expect(await seen()).toEqual(['Debian (20260101): public, hidden', 'Debian: public'])
    if (first !== undefined) await expectBytes(`${name} (20260101)`, first)
  })

  test('5: a rebuild of the same day arrives', async () => {
    const [first, second] = [world.build('debian', '20260101'), world.build('debian', '20260101', 'b')]
    for (const build of [first, second]) {
      await define([build])
      await publish()
    }
    await expectBytes(name, second)
    await expectBytes(`${name} (20260101)`, first)
  })

  test('6: the new image is visible, the old one is hidden, and can be booted by its id', async () => {
    const [old, next] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    await define([old])
    await publish()
    const { id } = await named(name)
    await define([next])
    await publish()
    expect(await glance.get(id)).toMatchObject({ isHidden: true, visibility: 'public', status: 'active' })
    expect(await named(name)).toMatchObject({ isHidden: false, visibility: 'public' })
  })

  test.each(['forever'])(
    '7: with uuid_validity %s old images stay, also where deletion is asked for',
    async (validity) => {
      const builds = ['20260101', '20260201'].map((version) => world.build('debian', version))
      for (const build of builds) {
        await define([build], { meta: { uuid_validity: validity } })
        await publish({ retire: 'delete', yes: true })
      }
      expect(await seen()).toEqual(['Debian (20260101): public, hidden', 'Debian: public'])
    },
  )

  test.each([
    ['a version that is a number', (entry: object) => ({ ...entry, version: 1.11 })],
    ['latest without the URL of its checksum', (entry: object) => ({ ...entry, version: 'latest' })],
  ])('8: %s is told, and costs no image', async (_, spoil) => {
    const build = world.build('debian', '20260101')
    await define([build])
    await publish()
    const { id } = await named(name)
    await world.write('debian.yml', [cloudEntry(name, [spoil(build.entry)])])
    const { image, summary } = await publish({ retire: 'delete', yes: true })
    expect([image?.error?.code, summary.failed]).toEqual(['CATALOG_TYPE', 1])
    expect(await named(name)).toMatchObject({ id, isHidden: false, visibility: 'public' })
  })

  test('9: changed meta, min_disk and tags reach the image that is there', async () => {
    const build = world.build('debian', '20260101')
    await define([build], { tags: ['before'], meta: { gone: 'soon' } })
    await publish()
    const { id } = await named(name)
    await define([build], { tags: ['after'], min_disk: 20, meta: { hw_disk_bus: 'virtio' } })
    expect((await publish()).statuses).toEqual(['changed'])
    const image = await named(name)
    expect([image.id, image.minDisk, image.properties.hw_disk_bus, image.properties.gone]).toEqual([
      id,
      20,
      'virtio',
      undefined,
    ])
    expect([...image.tags].sort()).toEqual(['after', 'os:debian', tag])
  })

  test('10: an image with our tag and no description is left alone, and ends no run', async () => {
    const build = world.build('debian', '20260101')
    const { id } = await glance.create({ name: `stray ${tag.slice(5)}`, tags: [tag], visibility: 'private' })
    await define([build])
    const { statuses, cloud } = await publish({ retire: 'delete', yes: true })
    expect(statuses).toEqual(['published'])
    expect(cloud.unnamed.map((one) => one.id)).toEqual([id])
    expect(await glance.get(id)).toMatchObject({ tags: [tag], isHidden: false })
  })

  test('11: an image that fails keeps neither the others nor their retirement', async () => {
    const [old, next] = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    const [ubuntu, bad] = [world.build('ubuntu', '20260101'), world.build('ubuntu', '20260201')]
    const ubuntuEntry = ({ entry }: CloudBuild) =>
      cloudEntry(other, [entry], { meta: { os_version: '24.04' } })
    await world.write('ubuntu.yml', [ubuntuEntry(ubuntu)])
    await define([old])
    await publish()
    world.origin.put(bad.path, ubuntu.bytes)
    await world.write('ubuntu.yml', [ubuntuEntry(bad)])
    await define([next], { meta: { uuid_validity: 'none' } })
    const { statuses, summary } = await publish({ retire: 'delete', yes: true })
    expect([statuses, summary.failed]).toEqual([['published', 'failed'], 1])
    expect(await seen()).toEqual(['Debian: public', 'Ubuntu: public'])
    await expectBytes(other, ubuntu)
  })

  test.each([
    ['a disabled definition', { enable: false }],
    ['a release that has ended', { meta: { os_distro: 'debian', os_version: '9' } }],
  ])('12: the image of %s is retired', async (_, more) => {
    const [first, second] = [world.build('debian', '20260101'), world.build('ubuntu', '20260101')]
    await world.write('ubuntu.yml', [cloudEntry(other, [second.entry], { meta: { os_version: '24.04' } })])
    await define([first])
    await publish()
    await define([first], more)
    await publish()
    expect(await seen()).toEqual(['Debian: public, hidden', 'Ubuntu: public'])
    expect((await publish()).statuses).toEqual(['skipped', 'current'])
    expect((await named(name)).status).toBe('active')
  })

  test.each(['upload', 'glance-direct'] as const)(
    '13: of a packed source the packed checksum counts, and what was in it arrives (%s)',
    async (method) => {
      const build = world.build('debian', '20260101')
      const packed = gzipSync(build.bytes)
      world.origin.put(`${build.path}.gz`, packed)
      const entry = {
        ...build.entry,
        url: `${build.url}.gz`,
        checksum: `sha256:${hexDigest('sha256', packed)}`,
      }
      await define([{ ...build, entry }])
      expect((await publish({ import: method })).statuses).toEqual(['published'])
      await expectBytes(name, build)
      expect((await publish()).statuses).toEqual(['current'])
    },
  )

  test('14: a lock, a repository, other files in the folder are no catalogue; a mirror that answers HEAD alone has nothing', async () => {
    const build = world.build('debian', '20260101')
    const mirrored = `/mirror${build.path}`
    world.origin.put(mirrored, build.bytes)
    world.origin.fault(mirrored, { status: 409, times: 100 })
    await mkdir(join(world.folder, '.git'))
    await writeFile(join(world.folder, '.git', 'config'), '[core]\n')
    await writeFile(join(world.folder, '.lock'), '')
    await writeFile(join(world.folder, 'README.md'), '# Images\n')
    await define([{ ...build, entry: { ...build.entry, mirror_url: `${world.origin.url}${mirrored}` } }])
    const { image } = await publish()
    expect(image).toMatchObject({ status: 'published' })
    expect(image?.warnings.join()).toMatch(/The mirror does not give .*409/)
    await expectBytes(name, build)
  })

  test('takes over what Image Manager has left: adopts, proves, corrects, and retires with the next run', async () => {
    const [first, second, third] = ['20260101', '20260201', '20260301'].map((version) =>
      world.build('debian', version),
    ) as [CloudBuild, CloudBuild, CloudBuild]
    const oldest = await importAsImageManager(`${name} (20260101)`, first)
    const newest = await importAsImageManager(name, second)
    await define([second])
    const adopted = await publish({ prove: true })
    expect(adopted.statuses).toEqual(['changed'])
    expect(adopted.image?.brought).toEqual([])
    // As they were before, but that they are marked: no byte has moved, nobody has lost anything.
    expect(await seen()).toEqual(['Debian (20260101): public', 'Debian: public'])
    expect((await named(name)).id).toBe(newest)
    expect((await named(name)).properties).toMatchObject({ image_updater_checksum: second.checksum })
    expect((await publish({ yes: true })).image?.retired).toMatchObject([{ id: oldest, how: 'hidden' }])
    expect(await seen()).toEqual(['Debian (20260101): public, hidden', 'Debian: public'])
    expect((await publish()).statuses).toEqual(['current'])
    await define([third])
    expect((await publish()).statuses).toEqual(['published'])
    expect(await seen()).toEqual([
      'Debian (20260101): public, hidden',
      'Debian (20260201): public, hidden',
      'Debian: public',
    ])
    await expectBytes(name, third)
  })

  test('takes over what Image Manager has left, with other bytes than the catalogue names', async () => {
    const [wrong, right] = [world.build('debian', '20260101', 'wrong'), world.build('debian', '20260101')]
    await importAsImageManager(name, wrong)
    await define([right])
    const { image } = await publish({ prove: true })
    expect(image?.status).toBe('published')
    await expectBytes(name, right)
    await expectBytes(`${name} (20260101)`, wrong)
  })
})
