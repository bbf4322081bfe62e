import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckedImage, type CheckReport, checkCatalogue, updateCatalogue } from '../../src/index.ts'
import { checkStatus } from '../../src/report/check.ts'
import { withExitStatus } from '../../src/report/json.ts'
import { checkSchema } from '../../src/report/schemas.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { startWorld, type World } from '../support/world/world.ts'

let world: World
let store: S3Server
let outdated: string
let current: string
let checked: CheckReport

const signatures = 'off'
const folders = () => [outdated, current]

beforeAll(async () => {
  world = await startWorld(100_000)
  store = await startS3Server()
  outdated = await world.writeCatalogue()
  current = await world.writeCatalogue()
  await updateCatalogue({
    images: [current],
    signatures,
    mirror: {
      kind: 's3',
      server: store.endpoint,
      bucket: 'openstack-images',
      region: store.region,
      swiftPrefix: store.swiftPrefix,
      keyPrefix: '',
      accessKey: store.accessKey,
      secretKey: store.secretKey,
      acl: 'public-read',
    },
  })
  checked = await checkCatalogue({ images: [current], signatures })
})
afterAll(async () => {
  await Promise.all(folders().map((folder) => rm(dirname(folder), { recursive: true, force: true })))
  await store.close()
  await world.close()
})

function imageOf({ images }: CheckReport, shortname: string): CheckedImage {
  const image = images.find((one) => one.shortname === shortname)
  if (image === undefined) throw new Error(`the report has no ${shortname}`)
  return image
}

async function texts(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder)
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  )
}

/** The current catalogue's image, with another mirror_url. */
async function withMirror(shortname: string, mirrorUrl: string): Promise<CheckedImage> {
  const { file, versions } = imageOf(checked, shortname)
  const before = await readFile(file, 'utf8')
  await writeFile(file, before.replace(versions[0]?.mirror_url ?? '', mirrorUrl))
  try {
    return imageOf(await checkCatalogue({ images: [current], names: [shortname], signatures }), shortname)
  } finally {
    await writeFile(file, before)
  }
}

describe('a check', () => {
  it('tells the age of the newest version of an image that nobody updates', async () => {
    const file = join(dirname(current), 'kept-by-hand.yml')
    const versions = ['2023-05-30', '2024-09-26'].map((day) => `{ version: v, build_date: ${day} }`)
    await writeFile(file, `images: [{ name: Hand, format: raw, versions: [${versions.join(', ')}] }]`)
    const { started_at, images } = await checkCatalogue({ images: [file] })
    const days = Math.floor((Date.parse(started_at) - Date.parse('2024-09-26')) / 86_400_000)
    expect(images).toMatchObject([{ status: 'skipped', age_days: days }])
  })

  it('finds a catalogue current that an update has just left', () => {
    expect(checked.summary).toEqual({
      ...{ checked: 7, up_to_date: 7, outdated: 0, unknown: 0, skipped: 1, failed: 0, not_mirrored: 0 },
    })
    expect(checkStatus(checked.summary)).toBe(0)
    for (const [shortname, newest] of Object.entries(world.newest)) {
      const { mirror, ...image } = imageOf(checked, shortname)
      expect(mirror).toMatchObject({ status: 'present', size: newest.stored.length })
      expect(image).toMatchObject({
        status: 'up-to-date',
        days_behind: 0,
        newest: { version: newest.version, checksum: newest.checksum },
      })
    }
  })

  it('reports what its schema says, key by key in its order', async () => {
    for (const includeDisabled of [false, true]) {
      const found = await checkCatalogue({ images: [outdated, current], signatures, includeDisabled })
      const published = withExitStatus(found, 10)
      expect(JSON.stringify(published)).toBe(JSON.stringify(checkSchema.parse(published)))
    }
  })

  it('writes nothing, and asks the mirror without credentials', async () => {
    const before = await texts(current)
    const asked = store.requests.length
    await checkCatalogue({ images: [current], signatures })
    expect(await texts(current)).toEqual(before)
    const requests = store.requests.slice(asked)
    // The sidecar of the one that is packed is an eighth.
    expect(requests).toHaveLength(8)
    expect(requests.map(({ operation }) => operation)).toEqual(requests.map(() => 'PublicRead'))
    expect(requests.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([])
  })

  it('tells how far a catalogue is behind', async () => {
    const report = await checkCatalogue({ images: [outdated], signatures, checkPublic: false })
    expect(report.summary).toMatchObject({ outdated: 7, up_to_date: 0, skipped: 1, failed: 0 })
    expect(checkStatus(report.summary)).toBe(10)
    const ubuntu = imageOf(report, 'ubuntu-24.04')
    expect(ubuntu).toMatchObject({
      status: 'outdated',
      resolver: 'ubuntu',
      trust: 'checksum',
      versions: [{ version: '20260108' }],
      newest: { version: '20260705', build_date: '2026-07-05' },
      days_behind: 178,
      mirror: { status: 'unasked' },
    })
    const built = Date.UTC(2026, 0, 8)
    expect(ubuntu.age_days).toBe(Math.floor((Date.parse(report.started_at) - built) / 86_400_000))
    expect(imageOf(report, 'appliance')).toMatchObject({
      ...{ status: 'outdated', versions: [], mirror: { status: 'none' } },
    })
    expect(imageOf(report, 'appliance')).not.toMatchObject({ age_days: expect.anything() })
  })

  it('leaves disabled images alone unless they are asked for', async () => {
    const names = ['centos-7']
    expect(imageOf(checked, 'centos-7')).toMatchObject({
      ...{ status: 'skipped', reason: 'disabled' },
      mirror: { status: 'unasked', url: expect.stringContaining('centos-7') },
    })
    const options = { images: [outdated], names, includeDisabled: true, checkPublic: false }
    const { images } = await checkCatalogue(options)
    expect(images).toMatchObject([{ status: 'failed' }])
  })

  it('finds an image that its mirror lacks, or has other bytes of', async () => {
    const base = `${store.endpoint}/${store.swiftPrefix}openstack-images/`
    const missing = await withMirror('debian-12', `${base}debian-12/gone.qcow2`)
    expect(missing).toMatchObject({ status: 'up-to-date', mirror: { status: 'missing' } })
    expect(missing.warnings).toEqual([expect.stringContaining('gone.qcow2 answers 403')])
    const { mirror } = imageOf(checked, 'rocky-9')
    const other = await withMirror('debian-12', mirror.url ?? '')
    expect(other).toMatchObject({ status: 'up-to-date', mirror: { status: 'other-bytes' } })
    expect(checkStatus({ ...checked.summary, not_mirrored: 1 })).toBe(10)
  })

  it('fails an image whose mirror says neither, and still knows the newest build', async () => {
    const path = '/mirror/debian-12.qcow2'
    world.origin.fault(path, { status: 418, times: 100 })
    const image = await withMirror('debian-12', `${world.origin.url}${path}`)
    expect(image).toMatchObject({
      status: 'failed',
      error: { code: 'PUBLIC_UNREADABLE' },
      newest: { version: '20260717' },
      mirror: { status: 'unknown' },
    })
  })

  it('gives an image up whose servers are not done in time', async () => {
    const { definition } = world.published.find((one) => one.definition.shortname === 'rocky-9') ?? {}
    const later = { status: 503, headers: { 'retry-after': '60' }, times: 100 }
    world.origin.fault(`/${definition?.checksumUrl}`, later)
    const report = await checkCatalogue({ images: [current], names: ['rocky-9'], signatures, timeout: 50 })
    world.origin.forgetFaults()
    expect(imageOf(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      error: { code: 'HTTP_TIMEOUT', message: 'The servers were not done within 0.05 s' },
    })
  })

  it('reports one that fails and goes on with the others, and does not take an older build', async () => {
    const file = join(outdated, 'rockylinux.yml')
    const before = await readFile(file, 'utf8')
    await writeFile(file, before.replace("version: '20251123'", "version: '20990101'"))
    const report = await checkCatalogue({ images: [outdated], signatures, checkPublic: false })
    await writeFile(file, before)
    expect(report.summary).toMatchObject({ failed: 1, outdated: 6 })
    expect(checkStatus(report.summary)).toBe(1)
    expect(imageOf(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      error: { code: 'DOWNGRADE', place: { file, line: 3 } },
      newest: { version: '20260531' },
    })
  })

  it('ends early when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    const { images } = await checkCatalogue({ images: [outdated], signatures }, { signal })
    expect(new Set(images.flatMap(({ error }) => error?.code ?? []))).toEqual(new Set(['ABORTED']))
    expect(new Set(images.map(({ mirror }) => mirror.status))).toEqual(new Set(['unasked', 'none']))
  })

  it('is refused where there is no catalogue', async () => {
    await expect(checkCatalogue({ images: [] })).rejects.toMatchObject({ code: 'CONFIGURATION' })
    await expect(checkCatalogue({ images: ['/nowhere'] })).rejects.toMatchObject({
      code: 'CATALOG_NOT_FOUND',
    })
    await expect(checkCatalogue({ images: [current], jobs: 0 })).rejects.toMatchObject({
      code: 'CONFIGURATION',
    })
  })
})
