import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { type MirrorOptions, type RunReport, type UpdateOptions, updateCatalogue } from '../../src/index.ts'
import { makeRaw } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'

const schematic = 'a'.repeat(64)
const image = (version: string, seed = 1) => makeRaw({ seed: seed + version.length })
const packed = (version: string, seed = 1) => gzipSync(image(version, seed))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let origin: Origin
let store: S3Server
let folder: string
let catalogue: string

const pathOf = (version: string) => `/factory/image/${schematic}/${version}/openstack-amd64.raw.gz`
const imageFile = (version: string) => ({
  body: packed(version),
  lastModified: new Date('2026-08-31T10:00:00Z'),
})

beforeEach(async () => {
  origin = await startOrigin({
    files: {
      '/factory/versions': '["v1.9.5", "v1.10.0", "v1.11.0-beta.0"]',
      [pathOf('v1.9.5')]: imageFile('v1.9.5'),
      [pathOf('v1.10.0')]: imageFile('v1.10.0'),
    },
  })
  store = await startS3Server()
  folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  catalogue = join(folder, 'talos.yml')
  await writeFile(catalogue, definition())
  return async () => {
    await Promise.all([origin.close(), store.close()])
    await rm(folder, { recursive: true, force: true })
  }
})

function definition(version = ''): string {
  return `---
images:
  - name: Talos
    shortname: talos
    format: raw
    meta:
      os_distro: talos
    latest_url: '${origin.url}/factory/image/${schematic}/HEREBEv\\d+\\.\\d+\\.\\d+DRAGONS/openstack-amd64.raw.gz'
    versions:${version || ' []'}
`
}

const entry = (url: string, checksum: string) => `
      - version: '20260801'
        url: ${origin.url}${url}
        checksum: ${checksum}
        build_date: 2026-08-01`

function onStore(): MirrorOptions {
  const { endpoint: server, region, swiftPrefix, accessKey, secretKey } = store
  const names = { bucket: 'openstack-images', keyPrefix: '', acl: 'public-read' }
  return { kind: 's3', server, region, swiftPrefix, accessKey, secretKey, ...names }
}

const run = (options: Partial<UpdateOptions> = {}): Promise<RunReport> =>
  updateCatalogue(
    { images: [folder], mirror: onStore(), ...options },
    { httpPolicy: { backoffBase: 1, retries: 1 } },
  )

const only = (report: RunReport) => report.images[0]

describe('an image of which no checksum is published', () => {
  it('gets the digest of its first download, which is told', async () => {
    const outcome = only(await run())
    expect(outcome).toMatchObject({
      status: 'updated',
      resolver: 'talos',
      trust: 'first-use',
      current: {
        version: '1.10.0',
        build_date: '2026-08-31',
        url: `${origin.url}${pathOf('v1.10.0')}`,
        checksum: `sha256:${sha256(image('v1.10.0'))}`,
      },
      mirror: { status: 'stored', object: 'talos/20260831-talos.raw' },
    })
    const answer = await fetch(outcome?.current?.mirror_url ?? '')
    expect(Buffer.from(await answer.arrayBuffer()).equals(makeRaw({ seed: 8 }))).toBe(true)
    expect(answer.headers.get('x-amz-meta-source-checksum')).toBe(`sha256:${sha256(packed('v1.10.0'))}`)
    expect(await readFile(catalogue, 'utf8')).toContain(outcome?.current?.checksum)
  })

  it('is up to date by its URL, and nothing is downloaded again', async () => {
    await run()
    const before = await readFile(catalogue, 'utf8')
    origin.requests.length = 0
    expect(only(await run())).toMatchObject({
      status: 'up-to-date',
      trust: 'first-use',
      mirror: { status: 'present' },
    })
    expect(origin.requests.map(({ path }) => path)).toEqual(['/factory/versions'])
    expect(await readFile(catalogue, 'utf8')).toBe(before)
  })

  it('has to be the recorded bytes when it is brought to a mirror again', async () => {
    await writeFile(catalogue, definition(entry(pathOf('v1.10.0'), `sha256:${'0'.repeat(64)}`)))
    const before = await readFile(catalogue, 'utf8')
    expect(only(await run())).toMatchObject({ status: 'failed', error: { code: 'DIGEST_MISMATCH' } })
    expect(await readFile(catalogue, 'utf8')).toBe(before)
    expect([...store.objects(), ...store.uploads()]).toEqual([])
  })

  it('of the day of the one that the catalogue names goes beside it', async () => {
    await run()
    origin.put('/factory/versions', '["v1.10.0", "v1.10.1"]')
    origin.put(pathOf('v1.10.1'), {
      body: packed('v1.10.1', 5),
      lastModified: new Date('2026-08-31T23:00:00Z'),
    })
    const { current, mirror } = only(await run()) ?? {}
    const object = `talos/20260831.${sha256(Buffer.from(`${origin.url}${pathOf('v1.10.1')}`)).slice(0, 12)}-talos.raw`
    expect(mirror).toMatchObject({ status: 'stored', object })
    expect(current?.checksum).toBe(`sha256:${sha256(image('v1.10.1', 5))}`)
    expect(store.objects().map(({ key }) => key)).toContain('talos/20260831-talos.raw')
  })

  it('takes the day of the run where its server tells none', async () => {
    origin.put(pathOf('v1.10.0'), { ...imageFile('v1.10.0'), lastModified: null })
    const first = new Date().toISOString().slice(0, 10)
    const { build_date } = only(await run())?.current ?? {}
    expect([first, new Date().toISOString().slice(0, 10)]).toContain(build_date)
  })

  it('is refused where the versions go back', async () => {
    await writeFile(catalogue, definition(entry(pathOf('v1.12.0'), `sha256:${'0'.repeat(64)}`)))
    expect(only(await run())).toMatchObject({ status: 'failed', error: { code: 'DOWNGRADE' } })
  })

  it('is refused where signatures are required', async () => {
    expect(only(await run({ signatures: 'require' }))).toMatchObject({
      status: 'failed',
      error: { code: 'SIGNATURE_MISSING' },
    })
    expect(store.objects()).toEqual([])
  })

  it('is an error in a run without a mirror, which downloads nothing', async () => {
    const before = await readFile(catalogue, 'utf8')
    expect(only(await run({ mirror: { kind: 'none' } }))).toMatchObject({
      status: 'failed',
      error: { code: 'CHECKSUM_NOT_PUBLISHED', message: expect.stringContaining('without a mirror') },
    })
    expect(await readFile(catalogue, 'utf8')).toBe(before)
  })

  it('would be updated, says a dry run, but with which checksum it cannot tell', async () => {
    const report = await run({ dryRun: true })
    expect(only(report)).toMatchObject({
      status: 'would-update',
      mirror: { status: 'would-store' },
      current: { version: '1.10.0', url: expect.stringContaining('v1.10.0'), mirror_url: expect.any(String) },
      warnings: [expect.stringContaining('once it has been downloaded')],
    })
    expect(report.changes).toEqual([])
    expect(origin.requestsOf(pathOf('v1.10.0')).map(({ method }) => method)).toEqual(['HEAD'])
  })

  it('is refused where the bytes are no image, and nothing is recorded', async () => {
    origin.put(pathOf('v1.10.0'), { body: gzipSync('<html>building…'), lastModified: new Date('2026-08-31') })
    const before = await readFile(catalogue, 'utf8')
    expect(only(await run())).toMatchObject({ status: 'failed', error: { code: 'IMAGE_FORMAT' } })
    expect(await readFile(catalogue, 'utf8')).toBe(before)
    expect([...store.objects(), ...store.uploads()]).toEqual([])
  })
})
