import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Glance } from '../../src/cloud/glance.ts'
import { type MirrorOptions, pruneMirror, updateCatalogue, verifyCatalogue } from '../../src/index.ts'
import { publishCatalogue } from '../../src/publish/publish.ts'
import { logIn } from '../support/cloud-subjects.ts'
import { openGlance } from '../support/glance.ts'
import { type OpenSubject, subjects } from '../support/store-subjects.ts'
import { hexDigest } from '../support/world/published.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

const servers = [
  { name: 'OpenStack Swift', variable: 'TEST_S3_SWIFT' },
  { name: 'Ceph RGW', variable: 'TEST_S3_RGW' },
].map((server) => ({ ...server, access: process.env[server.variable] }))

const importMethods = ['glance-direct', 'upload', 'web-download'] as const
/** The second one is packed. */
const chosen = ['debian-12', 'appliance']

const baseOf = (subject: OpenSubject) => subject.publicUrl('').replace(/\/$/, '')

function mirrorOn(subject: OpenSubject): MirrorOptions {
  const [, origin = '', swiftPrefix = '', bucket = ''] =
    /^(https?:\/\/[^/]*)\/(.*\/)([^/]*)$/.exec(baseOf(subject)) ?? []
  const { accessKey, secretKey } = subject.s3 ?? {}
  return {
    kind: 's3',
    server: origin,
    bucket,
    region: 'us-east-1',
    swiftPrefix,
    keyPrefix: 'nightly/',
    accessKey,
    secretKey,
    acl: 'public-read',
  }
}

let world: World
beforeAll(async () => {
  world = await startWorld(12_000_000)
})
afterAll(() => world.close())

describe.each(servers)('a whole run on $name', ({ name, variable, access }) => {
  it.skipIf(access === undefined)(
    `mirrors every image for everybody to read (needs ${variable})`,
    async () => {
      const subject = await subjects.find((candidate) => candidate.name === name)?.open()
      if (subject?.s3 === undefined) throw new Error(`${name} is not among the stores`)
      const { openContainer } = subject.s3
      const folder = await world.writeCatalogue()
      const base = baseOf(subject)
      const run = () => updateCatalogue({ images: [folder], mirror: mirrorOn(subject) })
      if (openContainer !== undefined) {
        const closed = await run()
        expect(
          closed.images.filter(({ status }) => status !== 'skipped').map(({ error }) => error?.code),
        ).toEqual(Array(7).fill('PUBLIC_UNREADABLE'))
        expect(await readCatalogueFolder(folder, Object.keys(world.catalogue))).toEqual(world.catalogue)
        await openContainer('bucket')
        await openContainer('segments')
      }
      const report = await run()
      expect(report.summary).toMatchObject({ updated: 7, failed: 0 })
      for (const { shortname = '', current, status } of report.images) {
        if (status === 'skipped') continue
        expect(current?.mirror_url).toBe(
          `${base}/nightly/${shortname}/${current?.version}-${shortname}.qcow2`,
        )
        const bytes = new Uint8Array(await (await fetch(current?.mirror_url ?? '')).arrayBuffer())
        expect(hexDigest('sha256', bytes)).toBe(hexDigest('sha256', world.newest[shortname]?.stored ?? ''))
      }
      expect((await run()).summary).toMatchObject({ up_to_date: 7, updated: 0 })
      const verified = await verifyCatalogue({ images: [folder], full: true })
      expect(verified.versions.filter(({ verdict }) => verdict !== 'ok')).toEqual([])
      await rm(join(folder, 'rockylinux.yml'))
      const pruned = await pruneMirror({
        images: [folder],
        mirror: mirrorOn(subject),
        grace: 0,
        remove: true,
      })
      expect(pruned).toMatchObject({
        summary: { removed: 1, failed: 0, named: 6, others: 0 },
        objects: [{ key: 'nightly/rocky-9/20260531-rocky-9.qcow2' }],
      })
      expect((await subject.keys()).filter((key) => key.includes('rocky'))).toEqual([])
      expect(await subject.keys()).toContain('nightly/debian-12/SHA512SUMS')
      expect(await subject.leftovers()).toEqual([])
      await subject.close()
      await rm(dirname(folder), { recursive: true })
    },
  )
})

const clouds = process.env.TEST_GLANCE_CLOUDS

describe.each(servers)('a cloud whose images are mirrored on $name', ({ name, variable, access }) => {
  /** Glance fetches from the store that .ci/run has told it of. */
  const methods = name === 'Ceph RGW' ? importMethods : importMethods.filter((one) => one !== 'web-download')

  it.skipIf(clouds === undefined || access === undefined).each(methods)(
    `has them by %s (needs TEST_GLANCE_CLOUDS and ${variable})`,
    async (method) => {
      const subject = await subjects.find((candidate) => candidate.name === name)?.open()
      if (subject === undefined) throw new Error(`${name} is not among the stores`)
      await subject.s3?.openContainer?.('bucket')
      await subject.s3?.openContainer?.('segments')
      const folder = await world.writeCatalogue()
      const report = await updateCatalogue({ images: [folder], names: chosen, mirror: mirrorOn(subject) })
      expect(report.summary).toMatchObject({ updated: chosen.length, failed: 0 })
      await publishAll(folder, method)
      await subject.close()
      await rm(dirname(folder), { recursive: true })
    },
  )
})

it.skipIf(clouds === undefined).each(importMethods.filter((one) => one !== 'web-download'))(
  'a cloud without any mirror has its images from the distribution by %s (needs TEST_GLANCE_CLOUDS)',
  async (method) => {
    const folder = await world.writeCatalogue()
    await updateCatalogue({ images: [folder], names: chosen, mirror: { kind: 'none' } })
    await publishAll(folder, method)
    await rm(dirname(folder), { recursive: true })
  },
)

/** Publishes the chosen images, proves them by what Glance has, and removes them. */
async function publishAll(folder: string, method: (typeof importMethods)[number]): Promise<void> {
  const tag = `test-${randomBytes(4).toString('hex')}`
  vi.stubEnv('OS_CLIENT_CONFIG_FILE', clouds)
  const session = await logIn(await readFile(clouds ?? '', 'utf8'), 'openstack')
  const glance = new Glance(session)
  const settings = { images: [folder], names: chosen, cloud: ['openstack'], tag, import: method } as const
  const publish = () => publishCatalogue({ ...settings, stateDir: join(folder, '..', 'state') })
  try {
    const { summary, clouds: [cloud] = [] } = await publish()
    expect(summary, JSON.stringify(cloud)).toMatchObject({ published: chosen.length, failed: 0 })
    const images = await glance.list({ tags: [tag] })
    expect(images).toHaveLength(chosen.length)
    for (const shortname of chosen) {
      const hex = hexDigest('sha512', world.newest[shortname]?.stored ?? '')
      expect(
        images.filter(({ hash }) => hash?.hex === hex),
        shortname,
      ).toMatchObject([{ status: 'active', isHidden: false }])
    }
    expect((await publish()).summary).toMatchObject({ current: chosen.length, published: 0, changed: 0 })
  } finally {
    for (const { id } of await glance.list({ tags: [tag] })) await glance.remove(id)
    await session.close()
    vi.unstubAllEnvs()
  }
}

it.skipIf(clouds === undefined || process.env.TEST_S3_RGW === undefined)(
  'names images that Glance can import (needs TEST_GLANCE_CLOUDS and TEST_S3_RGW)',
  async () => {
    const subject = await subjects.find(({ name }) => name === 'Ceph RGW')?.open()
    if (subject === undefined) throw new Error('Ceph RGW is not among the stores')
    const glance = await openGlance(clouds ?? '')
    const folder = await world.writeCatalogue()
    const report = await updateCatalogue({ images: [folder], mirror: mirrorOn(subject) })
    const updated = report.images.filter(({ status }) => status === 'updated')
    expect(updated).toHaveLength(7)
    for (const { name, shortname = '', current } of updated) {
      const stored = world.newest[shortname]?.stored ?? new Uint8Array()
      expect(await glance.importFrom(name, current?.mirror_url ?? '')).toMatchObject({
        status: 'active',
        size: stored.length,
        os_hash_algo: 'sha512',
        os_hash_value: hexDigest('sha512', stored),
      })
    }
    await subject.close()
    await rm(dirname(folder), { recursive: true })
  },
)
