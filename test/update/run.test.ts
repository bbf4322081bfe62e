import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lockCatalog } from '../../src/catalog/lock.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import {
  type ImageStep,
  type MirrorOptions,
  type RunEvent,
  type RunReport,
  updateCatalogue,
} from '../../src/index.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { imageOf } from '../support/world/published.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

let world: World
let store: S3Server
let folder: string

beforeAll(async () => {
  world = await startWorld(100_000)
})
afterAll(() => world.close())
beforeEach(async () => {
  world.origin.forgetFaults()
  store = await startS3Server()
  folder = await world.writeCatalogue()
  return async () => {
    await store.close()
    await rm(dirname(folder), { recursive: true, force: true })
  }
})

const object = 'rocky-9/20260531-rocky-9.qcow2'
const rocky = () => {
  const { newest } = world.published.find(({ definition }) => definition.shortname === 'rocky-9') ?? {}
  if (newest === undefined) throw new Error('the world has no rocky-9')
  return newest
}
const texts = () => readCatalogueFolder(folder, Object.keys(world.catalogue))

function onStore(changes: Partial<MirrorOptions> = {}): MirrorOptions {
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
    ...changes,
  } as MirrorOptions
}

type Options = Partial<Parameters<typeof updateCatalogue>[0]>
const run = (
  options: Options = {},
  context: Parameters<typeof updateCatalogue>[1] = {},
): Promise<RunReport> =>
  updateCatalogue(
    { images: [folder], mirror: onStore(), names: ['rocky-9'], ...options },
    { httpPolicy: { backoffBase: 1, retries: 1 }, ...context },
  )
const only = ({ images }: RunReport) => {
  const [image, ...more] = images.filter(({ status }) => status !== 'skipped')
  expect(more).toEqual([])
  return image
}

describe('a catalogue in which two images have one object', () => {
  beforeEach(async () => {
    const file = join(folder, 'rockylinux.yml')
    const text = world.catalogue['rockylinux.yml'] ?? ''
    const second = text
      .replace('---\nimages:\n', '')
      .replace('Rocky 9', 'Rocky 9 LVM')
      .replace('latest.x86', 'LVM.x86')
    await writeFile(file, `${text}${second.replaceAll('GenericCloud.latest', 'GenericCloud-LVM.latest')}`)
  })

  it('is refused before any request, with both places', async () => {
    const before = [world.origin.requests.length, store.requests.length]
    await expect(run()).rejects.toMatchObject({
      code: 'CATALOG_TYPE',
      message: expect.stringMatching(
        /^Rocky 9 LVM would have the same object on the mirror as Rocky 9 \(.*rockylinux\.yml:3\)/,
      ),
      place: { file: join(folder, 'rockylinux.yml'), line: expect.any(Number) },
    })
    expect([world.origin.requests.length, store.requests.length]).toEqual(before)
  })

  it('is refused though only one of them is selected, and taken where nothing is mirrored', async () => {
    await expect(run({ names: ['Rocky 9 LVM'] })).rejects.toMatchObject({ code: 'CATALOG_TYPE' })
    expect((await run({ names: ['Rocky 9'], mirror: { kind: 'none' } })).summary).toMatchObject({
      updated: 1,
    })
  })
})

describe('an object that an earlier run has stored', () => {
  it('is named only where its public URL answers', async () => {
    const file = join(folder, 'rockylinux.yml')
    const before = await readFile(file, 'utf8')
    const hidden = { names: ['Rocky 9'], mirror: onStore({ acl: '' }) }
    for (const report of [await run(hidden), await run(hidden)]) {
      expect(only(report)).toMatchObject({ status: 'failed', error: { code: 'PUBLIC_UNREADABLE' } })
    }
    expect(await readFile(file, 'utf8')).toBe(before)
  })
})

describe('the list of digests beside an object', () => {
  it('is written by the run that names it, though an earlier one has stored it', async () => {
    store.fault({
      on: 'PublicRead',
      key: object,
      effect: { type: 'error', status: 403, code: 'AccessDenied' },
      times: 1000,
    })
    const unread = await run({ names: ['Rocky 9'] })
    expect(only(unread)).toMatchObject({ status: 'failed', error: { code: 'PUBLIC_UNREADABLE' } })
    expect(store.objects().map(({ key }) => key)).toEqual([object])
    await run({ names: ['Rocky 9'], mirror: onStore({ acl: '' }), checkPublic: false })
    expect(store.objects().map(({ key }) => key)).toEqual([object, 'rocky-9/SHA256SUMS'])
  })

  it('that the store refuses costs a warning, and --no-checksum-files leaves it out', async () => {
    store.fault({
      on: 'CreateMultipartUpload',
      key: 'rocky-9/SHA256SUMS',
      effect: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const image = only(await run({ names: ['Rocky 9'] }))
    expect(image).toMatchObject({ status: 'updated' })
    expect(image?.warnings).toEqual([
      expect.stringMatching(
        /^The checksums beside the images in rocky-9\/ could not be written \(--no-checksum-files/,
      ),
    ])
    await run({ names: ['AlmaLinux 9'], checksumFiles: false })
    expect(store.objects().filter(({ key }) => key.endsWith('SUMS'))).toEqual([])
  })
})

describe('a history of versions', () => {
  const versions = async () => {
    const [image] = parseCatalog('rockylinux.yml', (await texts())['rockylinux.yml'] ?? '').images
    return image?.versions.map(({ version }) => version)
  }

  it.each<[Options, string[]]>([
    [{}, ['20260531']],
    [{ keepVersions: 2 }, ['20260531', '20251123']],
    [{ keepVersions: 1 }, ['20260531']],
    [{ keepVersions: 'uuid-validity' }, ['20260531', '20251123']],
    [{ keepVersions: 5, overrides: [{ names: ['rocky*'], keepVersions: 'replace' }] }, ['20260531']],
  ])('is kept as %j says', async (options, expected) => {
    const report = await run({ ...options, names: ['Rocky 9'] })
    expect(only(report)).toMatchObject({ status: 'updated', previous: { version: '20251123' } })
    expect(await versions()).toEqual(expected)
    // The next run finds nothing to do.
    expect((await run({ ...options, names: ['Rocky 9'] })).summary).toMatchObject({ up_to_date: 1 })
    expect(await versions()).toEqual(expected)
  })

  it('has as many versions as before, the oldest of which goes', async () => {
    const file = join(folder, 'rockylinux.yml')
    const older = "- version: '20251001'\n        url: https://old.example/a\n"
    const text = (world.catalogue['rockylinux.yml'] ?? '').replace(
      /(- version: '20251123'\n(?: {8}.*\n)+)/,
      `$1      ${older}`,
    )
    await writeFile(file, text)
    expect(await versions()).toEqual(['20251123', '20251001'])
    expect(only(await run())).toMatchObject({ status: 'updated', warnings: [] })
    expect(await versions()).toEqual(['20260531', '20251123'])
  })

  it('does not keep what Image Manager would take for newer, and says so', async () => {
    const file = join(folder, 'rockylinux.yml')
    await writeFile(file, (world.catalogue['rockylinux.yml'] ?? '').replace("'20251123'", "'rocky-9.7'"))
    expect(only(await run({ keepVersions: 2 }))?.warnings).toEqual([
      'The version rocky-9.7 is not kept: Image Manager would take it for newer than 20260531',
    ])
    expect(await versions()).toEqual(['20260531'])
  })

  it('is shown by a dry run, and written by none', async () => {
    const report = await run({ names: ['Rocky 9'], keepVersions: 3, dryRun: true })
    expect(report.changes[0]?.diff).toMatch(/^\+ {6}- version: '20260531'$/m)
    expect(report.changes[0]?.diff).not.toMatch(/^-(?!--)/m)
    expect(await versions()).toEqual(['20251123'])
  })

  it('is not begun by two, when somebody else has put a version in front meanwhile', async () => {
    const file = join(folder, 'rockylinux.yml')
    const text = world.catalogue['rockylinux.yml'] ?? ''
    const other = text.replace("- version: '20251123'", "- version: '20260101'\n      - version: '20251123'")
    const report = await run(
      { names: ['Rocky 9'], keepVersions: 3 },
      {
        onEvent: (event) =>
          event.type === 'image' && event.step.type === 'transfer-end' && writeFileSync(file, other),
      },
    )
    expect(only(report)).toMatchObject({ status: 'failed', error: { code: 'CATALOG_CHANGED' } })
    expect(only(report)).toMatchObject({
      resolver: 'rocky',
      trust: 'checksum',
      mirror: { status: 'stored', object },
    })
    expect((await texts())['rockylinux.yml']).toBe(other)
  })
})

describe('a mirror that somebody else fills', () => {
  const path = `/mirror/${object}`
  const somebodys = (): MirrorOptions => ({ kind: 'none', baseUrl: `${world.origin.url}/mirror` })
  beforeEach(() => () => world.origin.remove(path))

  it('is named where it has the build', async () => {
    world.origin.put(path, rocky().stored)
    expect(only(await run({ mirror: somebodys() }))?.current?.mirror_url).toBe(`${world.origin.url}${path}`)
  })

  it('is named where the recorded digest says so, whatever the sizes', async () => {
    world.origin.put(path, { body: 'x', headers: { 'x-amz-meta-source-checksum': rocky().checksum } })
    expect(only(await run({ mirror: somebodys() }))?.current?.mirror_url).toBe(`${world.origin.url}${path}`)
  })

  it.each([
    ['nothing', () => undefined],
    ['other bytes', () => world.origin.put(path, imageOf('another', 90_000))],
    [
      'other bytes of the same size',
      () =>
        world.origin.put(path, {
          body: rocky().stored,
          headers: { 'x-object-meta-source-checksum': `sha256:${'0'.repeat(64)}` },
        }),
    ],
  ])('is not named where it has %s', async (_, arrange) => {
    arrange()
    const image = only(await run({ mirror: somebodys() }))
    expect(image).toMatchObject({ status: 'updated', mirror: { status: 'none' } })
    expect(image?.current?.mirror_url).toBeUndefined()
  })

  it('fails the image where its answer says neither yes nor no', async () => {
    world.origin.fault(path, { status: 503, times: 2 })
    const report = await run({ mirror: somebodys() })
    expect(only(report)).toMatchObject({ status: 'failed', error: { code: 'PUBLIC_UNREADABLE' } })
    expect(await texts()).toEqual(world.catalogue)
  })
})

describe('a run', () => {
  const operations = () => store.requests.map(({ operation }) => operation)
  const manifestPath = () => {
    const { definition } = world.published.find(({ definition }) => definition.shortname === 'rocky-9') ?? {}
    return new URL(definition?.checksumUrl ?? '', world.origin.url).pathname
  }

  it('begins with a look for uploads that an earlier one left', async () => {
    await run()
    expect(operations()).toContain('ListMultipartUploads')
    expect(operations().indexOf('ListMultipartUploads')).toBeLessThan(operations().indexOf('HeadObject'))
  })

  it('asks the distributions while the store has not answered yet, and tells nothing of them', async () => {
    const controller = new AbortController()
    const told: RunEvent[] = []
    store.fault({ on: 'ListObjects', effect: { type: 'stall' } })
    world.origin.fault(manifestPath(), { reached: () => controller.abort() })
    const aborted = run({}, { signal: controller.signal, onEvent: (event) => told.push(event) })
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    expect(told.filter(({ type }) => type !== 'note')).toEqual([])
    expect(operations()).toEqual(['ListObjects'])
  })

  it('that the store refuses tells nothing but that, and asks it for nothing more', async () => {
    const told: RunEvent[] = []
    // Time in which an image that does not wait would go on.
    store.fault({ on: 'ListObjects', effect: { type: 'delay', milliseconds: 300 } })
    const refused = run(
      { mirror: onStore({ bucket: 'nowhere' } as Partial<MirrorOptions>) },
      { onEvent: (event) => told.push(event) },
    )
    await expect(refused).rejects.toMatchObject({ code: 'STORE_BUCKET' })
    expect(told.filter(({ type }) => type !== 'note')).toEqual([])
    expect(operations()).toEqual(['ListObjects'])
    expect(await texts()).toEqual(world.catalogue)
  })

  it('looks once at an object that the catalogue names, and does not wait for the distribution first', async () => {
    await run()
    store.requests.length = 0
    expect(only(await run())).toMatchObject({ status: 'up-to-date', mirror: { status: 'present' } })
    expect(operations().filter((operation) => operation === 'HeadObject')).toHaveLength(1)
    const controller = new AbortController()
    world.origin.fault(manifestPath(), { stallAfter: 'headers' })
    store.fault({
      on: 'HeadObject',
      effect: { type: 'delay', milliseconds: 0 },
      reached: () => controller.abort(),
    })
    await run({}, { signal: controller.signal })
  })

  it('does not begin on a folder that another one works on, and leaves that one’s lock', async () => {
    const lock = await lockCatalog(folder)
    await expect(run()).rejects.toMatchObject({ code: 'CATALOG_LOCKED' })
    expect(store.requests).toEqual([])
    await lock.release()
    expect((await run()).summary.updated).toBe(1)
  })

  it('waits for another one, says so, and goes on from what that one has written', async () => {
    const lock = await lockCatalog(folder)
    const told: RunEvent[] = []
    let second: Promise<RunReport> | undefined
    await new Promise<void>((resolve) => {
      const onEvent = (event: RunEvent) => {
        told.push(event)
        if (event.type === 'note' && event.message.endsWith('This run waits for it')) resolve()
      }
      second = run({ wait: 3_600_000 }, { onEvent })
    })
    const other = await world.writeCatalogue()
    await run({ images: [other] })
    await cp(other, folder, { recursive: true })
    await rm(dirname(other), { recursive: true, force: true })
    await lock.release()
    expect(second && only(await second)).toMatchObject({
      status: 'up-to-date',
      mirror: { status: 'present' },
    })
    expect(told.filter(({ type }) => type === 'note')).toHaveLength(1)
  })

  it('gives the folder back however it ends', async () => {
    await expect(
      run({ mirror: onStore({ bucket: 'nowhere' } as Partial<MirrorOptions>) }),
    ).rejects.toMatchObject({
      code: 'STORE_BUCKET',
    })
    await (await lockCatalog(folder)).release()
  })

  const broken = () => {
    throw new Error('the listener is broken')
  }

  it.each([
    ['throws', broken],
    ['rejects', async () => broken()],
  ])('goes on when its listener %s', async (_, onEvent) => {
    const warned = once(process, 'warning')
    const report = await run({ names: [] }, { onEvent })
    expect(report.summary).toMatchObject({ updated: 7, failed: 0 })
    expect((await warned)[0]).toMatchObject({ message: 'the listener is broken' })
  })

  it('refuses a build that is older than the catalogue’s unless it is told to', async () => {
    const file = join(folder, 'debian.yml')
    const text = (world.catalogue['debian.yml'] ?? '').replaceAll('20260124', '20270124')
    await writeFile(file, text)
    expect(only(await run({ names: ['debian-12'] }))).toMatchObject({
      status: 'failed',
      error: { code: 'DOWNGRADE' },
    })
    expect((await texts())['debian.yml']).toBe(text)
    expect(store.objects()).toEqual([])
    expect(only(await run({ names: ['debian-12'], allowDowngrade: true }))).toMatchObject({
      status: 'updated',
      current: { version: '20260717' },
    })
  })

  it('leaves the URL of another mirror alone, and says so', async () => {
    await run()
    const now = await texts()
    const steps: string[] = []
    const report = await run(
      { mirror: onStore({ keyPrefix: 'elsewhere' }) },
      { onEvent: (event) => event.type === 'image' && steps.push(event.step.type) },
    )
    expect(only(report)).toMatchObject({ status: 'up-to-date', mirror: { status: 'foreign' } })
    expect(steps).toContain('mirror-foreign')
    expect(await texts()).toEqual(now)
  })
})

it('says why an image that was asked for by name is left alone', async () => {
  const file = join(folder, 'rockylinux.yml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('enable: true', 'enable: false'))
  const told = async (names: readonly string[]) => {
    const steps: ImageStep[] = []
    await run({ names }, { onEvent: (event) => event.type === 'image' && steps.push(event.step) })
    return steps.filter(({ type }) => type === 'left-alone')
  }
  expect(await told(['rocky-9'])).toEqual([{ type: 'left-alone', reason: 'disabled' }])
  expect(await told([])).toEqual([])
})

describe('a transfer', () => {
  const wrong = () => imageOf('in mid-sync', 100_000)

  it('begins again, once, where the bytes are not the published ones', async () => {
    const path = `/${rocky().path}`
    world.origin.put(path, { body: wrong(), lastModified: new Date('2026-05-31T23:30:00Z') })
    const steps: string[] = []
    const report = await run(
      {},
      {
        onEvent: (event) => {
          if (event.type !== 'image') return
          steps.push(event.step.type)
          if (event.step.type === 'transfer-retry')
            world.origin.put(path, { body: rocky().stored, lastModified: new Date('2026-05-31T23:30:00Z') })
        },
      },
    )
    expect(only(report)).toMatchObject({ status: 'updated', mirror: { status: 'stored' } })
    expect(steps.filter((step) => step === 'transfer-retry')).toHaveLength(1)
    expect(await store.read('openstack-images', object)).toEqual(Buffer.from(rocky().stored))
  })

  it('leaves no trace where they stay wrong', async () => {
    const path = `/${rocky().path}`
    world.origin.put(path, { body: wrong(), lastModified: new Date('2026-05-31T23:30:00Z') })
    const report = await run()
    world.origin.put(path, { body: rocky().stored, lastModified: new Date('2026-05-31T23:30:00Z') })
    expect(only(report)).toMatchObject({ status: 'failed', error: { code: 'DIGEST_MISMATCH' } })
    expect(only(report)).toMatchObject({
      resolver: 'rocky',
      trust: 'checksum',
      mirror: { status: 'none' },
    })
    expect(only(report)?.current).toBeUndefined()
    expect([store.objects(), store.uploads()]).toEqual([[], []])
    expect(await texts()).toEqual(world.catalogue)
  })

  it('ends at the limit that an image may have', async () => {
    expect(only(await run({ maxImageSize: 50_000 }))).toMatchObject({
      status: 'failed',
      error: {
        code: 'IMAGE_TOO_LARGE',
        message: expect.stringMatching(/^The image is larger than the allowed 50000 bytes/),
      },
    })
    expect([store.objects(), store.uploads()]).toEqual([[], []])
  })

  it('looks into the image', async () => {
    const path = `/${rocky().path}`
    const page = Buffer.from(`<!DOCTYPE html><html>${' '.repeat(50_000)}</html>`)
    world.origin.put(path, { body: page, lastModified: new Date('2026-05-31T23:30:00Z') })
    const manifest = `${path}.CHECKSUM`
    const { createHash } = await import('node:crypto')
    const original = await (await fetch(`${world.origin.url}${manifest}`)).text()
    const name = path.slice(path.lastIndexOf('/') + 1)
    world.origin.put(manifest, `SHA256 (${name}) = ${createHash('sha256').update(page).digest('hex')}\n`)
    const report = await run()
    world.origin.put(path, { body: rocky().stored, lastModified: new Date('2026-05-31T23:30:00Z') })
    world.origin.put(manifest, original)
    expect(only(report)).toMatchObject({ status: 'failed', error: { code: 'IMAGE_FORMAT' } })
    expect([store.objects(), store.uploads()]).toEqual([[], []])
  })
})

describe('what is asked of an image before it is named', () => {
  const path = `/mirror/${object}`
  const behind = () => onStore({ baseUrl: `${world.origin.url}/mirror` })
  let before: Record<string, string>
  beforeEach(async () => {
    // Another object of that mirror can be read, so only this one tells.
    const readable = '/mirror/rocky-9/20251123-rocky-9.qcow2'
    world.origin.put(readable, 'an older image')
    const file = join(folder, 'rockylinux.yml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/https:\/\/mirror\.example\S+/, world.origin.url + readable))
    before = await texts()
    return () => {
      world.origin.remove(path)
      world.origin.remove(readable)
    }
  })

  it.each([
    ['another length', () => Buffer.concat([rocky().stored, Buffer.alloc(1)])],
    ['other first bytes', () => Buffer.concat([Buffer.alloc(1), rocky().stored.subarray(1)])],
  ])('is refused where the public URL has %s', async (_, body) => {
    world.origin.put(path, body())
    expect(only(await run({ mirror: behind() }))).toMatchObject({
      status: 'failed',
      error: { code: 'PUBLIC_MISMATCH' },
    })
    expect(await texts()).toEqual(before)
  })

  it('are all of its bytes, where that is asked for', async () => {
    const body = Buffer.from(rocky().stored)
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
    world.origin.put(path, body)
    expect(only(await run({ mirror: behind(), verify: 'full' }))).toMatchObject({
      status: 'failed',
      error: { code: 'PUBLIC_MISMATCH' },
    })
    expect(await texts()).toEqual(before)
  })

  it('is nothing where the mirror is private', async () => {
    expect(only(await run({ mirror: behind(), checkPublic: false }))?.status).toBe('updated')
  })

  it('is a signature where one is required', async () => {
    expect(only(await run({ signatures: 'require' }))).toMatchObject({
      status: 'failed',
      error: { code: expect.stringMatching(/^SIGNATURE_/) },
    })
    expect(store.objects()).toEqual([])
  })

  it.each([
    ['required', 'off', 'require', 'failed'],
    ['not required', 'require', 'off', 'updated'],
  ] as const)('is a signature where one is %s of this image', async (_, signatures, own, status) => {
    const overrides = [{ names: ['rocky*'], signatures: own }]
    expect(only(await run({ signatures, overrides }))?.status).toBe(status)
  })
})
