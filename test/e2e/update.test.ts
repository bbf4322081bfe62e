import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ImageOutcome,
  type MirrorOptions,
  pruneMirror,
  type RunReport,
  updateCatalogue,
  validateCatalogue,
  verifyCatalogue,
} from '../../src/index.ts'
import { withExitStatus } from '../../src/report/json.ts'
import { reportSchema } from '../../src/report/schemas.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { hexDigest, imageOf } from '../support/world/published.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

let world: World
let store: S3Server
let folder: string

beforeAll(async () => {
  world = await startWorld(200_000)
})
afterAll(() => world.close())
beforeEach(async () => {
  store = await startS3Server()
  folder = await world.writeCatalogue()
  return async () => {
    await store.close()
    await rm(dirname(folder), { recursive: true, force: true })
  }
})

const texts = () => readCatalogueFolder(folder, Object.keys(world.catalogue))

function onStore(): MirrorOptions {
  return {
    kind: 's3',
    server: store.endpoint,
    bucket: 'openstack-images',
    region: store.region,
    swiftPrefix: store.swiftPrefix,
    keyPrefix: '',
    accessKey: store.accessKey,
    secretKey: store.secretKey,
    acl: 'public-read',
  }
}

function run(options: Partial<Parameters<typeof updateCatalogue>[0]> = {}): Promise<RunReport> {
  return updateCatalogue({ images: [folder], mirror: onStore(), ...options })
}

function outcomeOf(report: RunReport, shortname: string): ImageOutcome {
  const outcome = report.images.find((image) => image.shortname === shortname)
  if (outcome === undefined) throw new Error(`the report has no ${shortname}`)
  return outcome
}

/** Lines of a catalogue text that another one does not have at the same place. */
function changedLines(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  expect(now).toHaveLength(old.length)
  return now.filter((line, index) => line !== old[index]).map((line) => line.trim())
}

describe('a run on an outdated catalogue', () => {
  it('names the newest build of every enabled image, whose bytes are on the mirror', async () => {
    const report = await run()
    expect(report.summary).toEqual({
      checked: 7,
      updated: 7,
      would_update: 0,
      up_to_date: 0,
      unknown: 0,
      skipped: 1,
      failed: 0,
    })
    for (const [shortname, newest] of Object.entries(world.newest)) {
      const object = `${shortname}/${newest.version}-${shortname}.qcow2`
      const { current, mirror } = outcomeOf(report, shortname)
      expect(current).toEqual({
        version: newest.version,
        build_date: newest.version.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3'),
        checksum: newest.checksum,
        url: `${world.origin.url}/${newest.path}`,
        mirror_url: `${store.endpoint}/${store.swiftPrefix}openstack-images/${object}`,
      })
      expect(mirror).toMatchObject({ status: 'stored', object, bytes: newest.stored.length })
      const answer = await fetch(current?.mirror_url ?? '')
      expect(hexDigest('sha256', new Uint8Array(await answer.arrayBuffer()))).toBe(
        hexDigest('sha256', newest.stored),
      )
    }
    expect(store.uploads()).toEqual([])
  })

  it('records what the stored bytes are, and what they came from', async () => {
    await run({ names: ['appliance', 'debian-12'] })
    const metadata = Object.fromEntries(store.objects().map((object) => [object.key, object.metadata]))
    const { stored, source } = world.newest.appliance ?? { stored: new Uint8Array() }
    expect(metadata['appliance/20260401-appliance.qcow2']).toMatchObject({
      checksum: `sha256:${hexDigest('sha256', stored)}`,
      'source-checksum': source,
      size: String(stored.length),
    })
    expect(metadata['debian-12/20260717-debian-12.qcow2']?.checksum).toBe(world.newest['debian-12']?.checksum)
  })

  it('changes the changed values and nothing else', async () => {
    await run()
    const now = await texts()
    const { version, checksum, path } = world.newest['rocky-9'] ?? { version: '', checksum: '', path: '' }
    expect(changedLines(world.catalogue['rockylinux.yml'] ?? '', now['rockylinux.yml'] ?? '')).toEqual([
      `- version: '${version}'`,
      `${store.endpoint}/${store.swiftPrefix}openstack-images/rocky-9/${version}-rocky-9.qcow2`,
      checksum,
      'build_date: 2026-05-31',
    ])
    expect(path).toContain('Rocky-9-GenericCloud.latest')
    expect(changedLines(world.catalogue['ubuntu.yml'] ?? '', now['ubuntu.yml'] ?? '')).toHaveLength(10)
  })

  it('leaves nothing to do for a second run', async () => {
    await run()
    const [once, objects] = [
      await texts(),
      store.objects().map(({ etag, lastModified }) => ({ etag, lastModified })),
    ]
    const report = await run()
    expect(report.summary).toMatchObject({ up_to_date: 7, updated: 0, failed: 0 })
    expect(report.changes).toEqual([])
    expect(await texts()).toEqual(once)
    expect(store.objects().map(({ etag, lastModified }) => ({ etag, lastModified }))).toEqual(objects)
  })

  it('asks nothing of disabled images, nor of those without latest_url', async () => {
    await run()
    expect(world.origin.requests.filter(({ path }) => path.includes('/centos/7/'))).toEqual([])
  })
})

describe('the report of a run', () => {
  it('is what its schema says, key by key in its order', async () => {
    const published = withExitStatus(await run({ includeDisabled: true }), 1)
    expect(JSON.stringify(published)).toBe(JSON.stringify(reportSchema.parse(published)))
    const dry = withExitStatus(await run({ dryRun: true }), 1)
    expect(JSON.stringify(dry)).toBe(JSON.stringify(reportSchema.parse(dry)))
  })
})

describe('the mirror', () => {
  it('gets an object again that has gone, though the catalogue is up to date', async () => {
    await run({ names: ['rocky-9'] })
    const once = await texts()
    await store.close()
    store = await startS3Server({ port: Number(new URL(store.endpoint).port) })
    const report = await run({ names: ['rocky-9'] })
    expect(outcomeOf(report, 'rocky-9')).toMatchObject({ status: 'updated', mirror: { status: 'stored' } })
    expect(await texts()).toEqual(once)
    expect(store.objects().map(({ key }) => key)).toEqual([
      'rocky-9/20260531-rocky-9.qcow2',
      'rocky-9/SHA256SUMS',
    ])
  })

  it('gets a second build of one day beside the first, which goes by prune', async () => {
    await run({ names: ['almalinux-9'] })
    const path = `/${world.newest['almalinux-9']?.path}`
    const manifest = `${dirname(path)}/CHECKSUM`
    const original = await (await fetch(`${world.origin.url}${manifest}`)).text()
    const rebuilt = imageOf('rebuilt', 150_000)
    const [old, hex] = [world.newest['almalinux-9']?.checksum.slice(7) ?? '', hexDigest('sha256', rebuilt)]
    world.origin.put(path, rebuilt)
    world.origin.put(manifest, original.replaceAll(old, hex))
    const report = await run({ names: ['almalinux-9'] })
    world.origin.put(path, world.newest['almalinux-9']?.stored ?? '')
    world.origin.put(manifest, original)
    const [first, object] = ['', `.${hex.slice(0, 12)}`].map(
      (serial) => `almalinux-9/20260526${serial}-almalinux-9.qcow2`,
    )
    expect(outcomeOf(report, 'almalinux-9')).toMatchObject({
      status: 'updated',
      mirror: { status: 'stored', object },
      current: { version: '20260526', checksum: `sha256:${hex}` },
    })
    expect((await store.read('openstack-images', 'almalinux-9/SHA256SUMS')).toString().split('\n')).toEqual([
      `${old}  ${first?.split('/')[1]}`,
      `${hex}  ${object?.split('/')[1]}`,
      '',
    ])
    const { findings } = await validateCatalogue({ images: [folder], names: ['almalinux-9'] })
    expect(findings.map(({ rule }) => rule)).not.toContain('mirror-name')
    store.age(15 * 86_400_000)
    const pruned = await pruneMirror({ images: [folder], mirror: onStore(), remove: true })
    expect(pruned.objects.map(({ key }) => key)).toEqual([first, `${first}.unnamed`])
    const full = await verifyCatalogue({ images: [folder], names: ['almalinux-9'], full: true })
    expect(full.versions).toMatchObject([{ mirror_url: { status: 'ok' } }])
  })

  it('keeps a build of the day that only a catalogue somewhere else names, as one that waits to be merged', async () => {
    const [names, key] = [['rocky-9'], 'rocky-9/20260531-rocky-9.qcow2']
    await run({ names })
    const stored = await store.read('openstack-images', key)
    await writeFile(join(folder, 'rockylinux.yml'), world.catalogue['rockylinux.yml'] ?? '')
    const path = `/${world.newest['rocky-9']?.path}`
    const original = await (await fetch(`${world.origin.url}${path}.CHECKSUM`)).text()
    const rebuilt = imageOf('rebuilt', 150_000)
    const lastModified = new Date('2026-05-31T23:50:00Z')
    world.origin.put(path, { body: rebuilt, lastModified })
    world.origin.put(`${path}.CHECKSUM`, original.replace(/[0-9a-f]{64}/, hexDigest('sha256', rebuilt)))
    const report = await run({ names })
    world.origin.put(path, {
      body: world.newest['rocky-9']?.stored ?? '',
      lastModified: new Date('2026-05-31T23:30:00Z'),
    })
    world.origin.put(`${path}.CHECKSUM`, original)
    const object = key.replace('/20260531', `/20260531.${hexDigest('sha256', rebuilt).slice(0, 12)}`)
    expect(outcomeOf(report, 'rocky-9')).toMatchObject({ mirror: { status: 'stored', object } })
    expect((await store.read('openstack-images', key)).equals(stored)).toBe(true)
  })

  it('can be a folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'image-updater-mirror-'))
    const report = await run({ names: ['ubuntu*'], mirror: { kind: 'directory', dir, keyPrefix: '' } })
    expect(report.summary).toMatchObject({ updated: 2, failed: 0 })
    const { current } = outcomeOf(report, 'ubuntu-24.04')
    expect(current?.mirror_url).toBe(`file://${dir}/ubuntu-24.04/20260705-ubuntu-24.04.qcow2`)
    const bytes = await readFile(new URL(current?.mirror_url ?? ''))
    expect(bytes.equals(world.newest['ubuntu-24.04']?.stored ?? new Uint8Array())).toBe(true)
    await rm(dir, { recursive: true })
  })

  it('may be none: the URL of the old build goes', async () => {
    const report = await run({ names: ['rocky-9'], mirror: { kind: 'none' } })
    expect(outcomeOf(report, 'rocky-9')).toMatchObject({ status: 'updated', mirror: { status: 'none' } })
    expect((await texts())['rockylinux.yml']).not.toContain('mirror_url')
  })

  it('may be somebody else’s: its URL is written where the object answers, and only there', async () => {
    await run({ names: ['rocky-9'] })
    for (const [name, text] of Object.entries(world.catalogue)) await writeFile(join(folder, name), text)
    const baseUrl = `${store.endpoint}/${store.swiftPrefix}openstack-images`
    const report = await run({ names: ['rocky-9', 'debian-12'], mirror: { kind: 'none', baseUrl } })
    expect(outcomeOf(report, 'rocky-9').current?.mirror_url).toBe(`${baseUrl}/rocky-9/20260531-rocky-9.qcow2`)
    expect(outcomeOf(report, 'debian-12').current?.mirror_url).toBeUndefined()
  })

  it('must be readable for everybody before the catalogue names it', async () => {
    const report = await run({
      names: ['rocky-9'],
      mirror: { ...onStore(), acl: 'private' } as MirrorOptions,
    })
    expect(outcomeOf(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      error: { code: 'PUBLIC_UNREADABLE' },
    })
    expect(await texts()).toEqual(world.catalogue)
  })
})

describe('a dry run', () => {
  it('writes nothing anywhere and tells what a run would do', async () => {
    const report = await run({ dryRun: true })
    expect(report.summary).toMatchObject({ would_update: 7, failed: 0 })
    expect(await texts()).toEqual(world.catalogue)
    expect(store.requests).toEqual([])
    await run()
    const now = await texts()
    for (const { file, diff } of report.changes) {
      for (const line of diff.split('\n').filter((text) => /^\+[^+]/.test(text))) {
        expect(now[file.slice(file.lastIndexOf('/') + 1)]).toContain(line.slice(1))
      }
    }
  })
})

describe('one bad image', () => {
  it('is told and stops no other', async () => {
    world.origin.fault(`/${world.newest['rocky-9']?.path}.CHECKSUM`, { status: 404 })
    const report = await run()
    expect(report.summary).toMatchObject({ updated: 6, failed: 1 })
    expect(outcomeOf(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      error: { code: 'HTTP_STATUS', place: { line: 3 } },
    })
    expect((await texts())['rockylinux.yml']).toBe(world.catalogue['rockylinux.yml'])
  })
})
