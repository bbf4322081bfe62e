import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockCatalog } from '../../src/catalog/lock.ts'
import { HttpClient } from '../../src/http/client.ts'
import {
  checkCatalogue,
  type MirrorOptions,
  mirrorCatalogue,
  pruneMirror,
  type RunReport,
  type UpdateOptions,
  updateCatalogue,
  verifyCatalogue,
} from '../../src/index.ts'
import { checkStatus } from '../../src/report/check.ts'
import { verifyStatus } from '../../src/report/verify.ts'
import { S3Client, type S3Request } from '../../src/stores/s3/client.ts'
import { makeRaw } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'

const bucket = 'openstack-images'
const object = 'demo/20260831-demo.raw'
const sidecar = `${object}.source.json`
const path = '/demo/demo.raw.gz'
const lastModified = new Date('2026-08-31T10:00:00Z')
const httpPolicy = { backoffBase: 1, retries: 1 }

const hash = (algorithm: string, bytes: Uint8Array) =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`

interface Build {
  readonly stored: Uint8Array
  readonly packed: Uint8Array
}
function build(seed: number): Build {
  const stored = makeRaw({ seed })
  return { stored, packed: gzipSync(stored) }
}
const [first, second] = [build(1), build(2)]

let origin: Origin
let store: S3Server
let folder: string
let catalogue: string
let mirror: Extract<MirrorOptions, { kind: 's3' }>

beforeEach(async () => {
  origin = await startOrigin()
  store = await startS3Server()
  folder = await mkdtemp(join(tmpdir(), 'packed-'))
  await mkdir(join(folder, 'images'))
  catalogue = join(folder, 'images', 'demo.yml')
  const { endpoint: server, region, swiftPrefix, accessKey, secretKey } = store
  const names = { bucket, keyPrefix: '', acl: 'public-read' }
  mirror = { kind: 's3', server, region, swiftPrefix, accessKey, secretKey, ...names }
  publish(first)
})
afterEach(async () => {
  await Promise.all([origin.close(), store.close()])
  await rm(folder, { recursive: true, force: true })
})

/** The newest build at its moving name, and its digest as the distribution publishes it. */
function publish({ packed }: Build, algorithm = 'sha256'): void {
  origin.put(path, { body: packed, lastModified })
  origin.put('/demo/SUMS', `${hash(algorithm, packed).split(':')[1]}  demo.raw.gz\n`)
}

interface Entry {
  readonly version?: string
  readonly url?: string
  readonly mirrorUrl?: string
  readonly checksum?: string
}

async function write(...entries: readonly Entry[]): Promise<string> {
  const versions = entries.map(
    ({ version = '20260831', url = `${origin.url}${path}`, mirrorUrl, checksum }) => `
      - version: '${version}'
        url: ${url}${mirrorUrl === undefined ? '' : `\n        mirror_url: ${mirrorUrl}`}
        checksum: ${checksum}
        build_date: 2026-08-31`,
  )
  const text = `---
images:
  - name: Demo
    shortname: demo
    format: raw
    latest_url: ${origin.url}${path}
    latest_checksum_url: ${origin.url}/demo/SUMS
    versions:${versions.join('') || ' []'}
`
  await writeFile(catalogue, text)
  return text
}

const publicUrl = (key: string) => `${store.endpoint}/${store.swiftPrefix}${bucket}/${key}`
const text = () => readFile(catalogue, 'utf8')
const checksum = async () => /checksum: (.*)/.exec(await text())?.[1]
/** Of the whole file: `verify` asks for its beginning. */
const downloads = () =>
  origin.requestsOf(path).filter(({ method, headers }) => method === 'GET' && !headers.range).length
const keys = () => store.objects().map(({ key }) => key)
const read = async (key: string) => (await store.read(bucket, key)).toString()
const images = () => [join(folder, 'images')]
const recordOf = (digest: string, source: string, { stored }: Build) =>
  `${JSON.stringify({ checksum: digest, sourceChecksum: source, size: stored.length })}\n`

const update = (options: Partial<UpdateOptions> = {}): Promise<RunReport> =>
  updateCatalogue({ images: images(), mirror, ...options }, { httpPolicy })
const check = () => checkCatalogue({ images: images() }, { httpPolicy })
const verify = (full: boolean) => verifyCatalogue({ images: images(), full }, { httpPolicy })
const bring = (dryRun = false) => mirrorCatalogue({ images: images(), mirror, dryRun }, { httpPolicy })

async function ask(method: 'PUT' | 'DELETE', key: string, more: Partial<S3Request> = {}): Promise<void> {
  const http = new HttpClient()
  const credentials = async () => ({ accessKeyId: store.accessKey, secretAccessKey: store.secretKey })
  const { region } = store
  const options = { endpoint: new URL(store.endpoint), bucket, region, credentials, acl: 'public-read', http }
  await new S3Client(options).call({ what: 'Asking', method, key, ...more })
  await http.close()
}

const upload = (key: string, body: Uint8Array, metadata: Record<string, string> = {}) =>
  ask('PUT', key, { body, headers: { 'x-amz-acl': 'public-read', ...metadata } })

const metadataOf = (digest: string, source: string, { stored }: Build) => ({
  'x-amz-meta-checksum': digest,
  'x-amz-meta-source-checksum': source,
  'x-amz-meta-size': String(stored.length),
})

describe('a packed build', () => {
  it('is named by the digest of what mirror_url serves, and is known again without a download', async () => {
    await write()
    const report = await update()
    expect(report.images).toMatchObject([{ status: 'updated', mirror: { status: 'stored', object } }])
    expect(await checksum()).toBe(hash('sha256', first.stored))
    const served = await fetch(publicUrl(object))
    expect(hash('sha256', new Uint8Array(await served.arrayBuffer()))).toBe(await checksum())
    expect(keys()).toEqual([object, sidecar, 'demo/SHA256SUMS'].sort())
    const record = recordOf(hash('sha256', first.stored), hash('sha256', first.packed), first)
    expect(await (await fetch(publicUrl(sidecar))).text()).toBe(record)
    expect(await read('demo/SHA256SUMS')).toBe(`${(await checksum())?.slice(7)}  20260831-demo.raw\n`)

    const before = await text()
    const [again, checked] = [await update(), await check()]
    expect(again.images).toMatchObject([
      { status: 'up-to-date', mirror: { status: 'present' }, warnings: [] },
    ])
    expect(checked.images).toMatchObject([
      { status: 'up-to-date', mirror: { status: 'present' }, warnings: [] },
    ])
    expect((await update({ dryRun: true })).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
    expect(downloads()).toBe(1)
    expect(await text()).toBe(before)
    expect((await verify(false)).versions).toMatchObject([{ verdict: 'ok' }])
    expect((await verify(true)).versions).toMatchObject([{ verdict: 'ok' }])
    expect((await bring()).versions).toMatchObject([{ status: 'present', warnings: [] }])
    expect(await text()).toBe(before)
  })

  it.each([
    ['sha512', 'sha256', 'sha512'],
    ['md5', 'sha512', 'sha256'],
    [undefined, 'sha512', 'sha512'],
    [undefined, 'md5', 'sha256'],
  ])('in a catalogue with %s, published with %s, gets %s', async (had, published, wanted) => {
    publish(second, published)
    const old = { url: `${origin.url}/demo/old.raw.gz`, version: '20260101' }
    await (had === undefined ? write() : write({ ...old, checksum: hash(had, first.stored) }))
    expect((await update()).images).toMatchObject([{ status: 'updated' }])
    expect(await checksum()).toBe(hash(wanted, second.stored))
    expect(JSON.parse(await read(sidecar)).sourceChecksum).toBe(hash(published, second.packed))
    expect((await update()).images).toMatchObject([{ status: 'up-to-date' }])
    expect((await verify(true)).versions).toMatchObject([{ verdict: 'ok' }])
    expect(downloads()).toBe(2)
  })

  it('that was made again on the same day goes beside the first, and so does its sidecar', async () => {
    await write()
    await update()
    const before = await Promise.all([object, sidecar].map(read))
    publish(second)
    expect((await check()).images).toMatchObject([{ status: 'outdated' }])
    const other = `demo/20260831.${hash('sha256', second.packed).slice(7, 19)}-demo.raw`
    expect((await update()).images).toMatchObject([
      { status: 'updated', mirror: { status: 'stored', object: other } },
    ])
    expect(await checksum()).toBe(hash('sha256', second.stored))
    expect(await read(`${other}.source.json`)).toBe(
      recordOf(hash('sha256', second.stored), hash('sha256', second.packed), second),
    )
    expect(await Promise.all([object, sidecar].map(read))).toEqual(before)
    expect((await verify(true)).versions).toMatchObject([{ verdict: 'ok' }])
  })

  it('of which other bytes lie on the mirror now is found by a full verification', async () => {
    await write()
    await update()
    const metadata = metadataOf(hash('sha256', first.stored), hash('sha256', first.packed), first)
    await upload(object, second.stored, metadata)
    expect((await verify(false)).versions).toMatchObject([{ verdict: 'ok' }])
    const found = await verify(true)
    expect(found.versions).toMatchObject([
      { verdict: 'mismatch', url: { status: 'ok' }, mirror_url: { status: 'mismatch' } },
    ])
    expect(verifyStatus(found)).toBe(5)
  })

  it('is named by the digest of the file while there is no mirror, and by the other once there is', async () => {
    await write()
    await update({ mirror: { kind: 'none' } })
    expect(await checksum()).toBe(hash('sha256', first.packed))
    expect((await verify(true)).versions).toMatchObject([{ verdict: 'ok' }])
    expect((await update({ mirror: { kind: 'none' } })).images).toMatchObject([{ status: 'up-to-date' }])
    const planned = await update({ dryRun: true })
    expect(planned.images).toMatchObject([
      { status: 'would-update', warnings: [expect.stringContaining('known once it has been downloaded')] },
    ])
    expect(planned.changes).toEqual([])
    await update()
    expect(await checksum()).toBe(hash('sha256', first.stored))
    expect(await text()).toContain(`mirror_url: ${publicUrl(object)}`)
  })

  it('is named at the address of a mirror that somebody else fills, if its sidecar is there', async () => {
    await write()
    const elsewhere = { kind: 'none', baseUrl: `${origin.url}/mirror` } as const
    origin.put(`/mirror/${object}`, first.stored)
    expect((await update({ mirror: elsewhere })).images[0]?.current?.mirror_url).toBeUndefined()
    await write()
    const record = recordOf(hash('sha256', first.stored), hash('sha256', first.packed), first)
    origin.put(`/mirror/${sidecar}`, record)
    await update({ mirror: elsewhere })
    expect(await checksum()).toBe(hash('sha256', first.stored))
    expect(await text()).toContain(`mirror_url: ${origin.url}/mirror/${object}`)
    expect((await update({ mirror: elsewhere })).images).toMatchObject([
      { status: 'up-to-date', warnings: [] },
    ])
    origin.put(`/mirror/${sidecar}`, record.padEnd(5000))
    expect((await check()).images).toMatchObject([{ status: 'up-to-date' }])
    origin.put(`/mirror/${sidecar}`, `${' '.repeat(5000)}${record}`)
    expect((await check()).images).toMatchObject([{ status: 'unknown' }])
    expect(downloads()).toBe(0)
  })

  it.each([
    ['a weak digest', hash('md5', first.stored), first],
    ['that of nothing', hash('sha256', new Uint8Array()), first],
    ['another size', hash('sha256', first.stored), second.packed],
  ])('is not named by a sidecar with %s', async (_, digest, sized) => {
    const elsewhere = { kind: 'none', baseUrl: `${origin.url}/mirror` } as const
    const size = 'stored' in sized ? sized.stored.length : sized.length
    const source = hash('sha256', first.packed)
    origin.put(`/mirror/${object}`, first.stored)
    origin.put(`/mirror/${sidecar}`, JSON.stringify({ checksum: digest, sourceChecksum: source, size }))
    await write()
    await update({ mirror: elsewhere })
    expect(await checksum()).toBe(source)
    expect(await text()).not.toContain('mirror_url')
  })

  it('goes to a folder with its sidecar, which a plain web server shows', async () => {
    const dir = join(folder, 'mirror')
    await mkdir(dir)
    const served = { kind: 'directory', dir, keyPrefix: '', baseUrl: `${origin.url}/files` } as const
    await write()
    await update({ mirror: served, checkPublic: false })
    expect((await readdir(join(dir, 'demo'))).filter((name) => !name.startsWith('.')).sort()).toEqual([
      '20260831-demo.raw',
      '20260831-demo.raw.source.json',
      'SHA256SUMS',
    ])
    for (const key of [object, sidecar]) origin.put(`/files/${key}`, await readFile(join(dir, key)))
    expect((await check()).images).toMatchObject([{ status: 'up-to-date', mirror: { status: 'present' } }])
    expect((await verify(false)).versions).toMatchObject([{ verdict: 'ok' }])
    expect((await update({ mirror: served })).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
    origin.remove(`/files/${sidecar}`)
    expect((await check()).images).toMatchObject([{ status: 'unknown' }])
    expect(downloads()).toBe(1)
  })

  it('whose content is published, too, needs no record', async () => {
    const release = '44.20260831.3.0'
    const name = `fedora-coreos-${release}-openstack.x86_64.raw.gz`
    const location = `${origin.url}/prod/${release}/${name}`
    const disk = (unpacked: string) => ({
      location,
      sha256: hash('sha256', first.packed).slice(7),
      'uncompressed-sha256': unpacked.slice(7),
    })
    const stream = (unpacked: string) => ({
      stream: 'stable',
      architectures: {
        x86_64: { artifacts: { openstack: { release, formats: { 'raw.gz': { disk: disk(unpacked) } } } } },
      },
    })
    origin.put(`/prod/${release}/${name}`, { body: first.packed, lastModified })
    const pattern = `HEREBE[\\d.]+DRAGONS`
    await writeFile(
      catalogue,
      `images:
- name: Demo
  shortname: demo
  format: raw
  latest_url: '${origin.url}/prod/${pattern}/fedora-coreos-${pattern}-openstack.x86_64.raw.gz'
  latest_checksum_url: ${origin.url}/stable.json
  versions: []
`,
    )
    origin.put('/stable.json', JSON.stringify(stream(hash('sha256', second.stored))))
    expect((await update()).images).toMatchObject([{ status: 'failed', error: { code: 'DIGEST_MISMATCH' } }])
    expect(keys()).toEqual([])
    origin.put('/stable.json', JSON.stringify(stream(hash('sha256', first.stored))))
    const planned = await update({ dryRun: true })
    expect(planned.changes[0]?.diff).toContain(hash('sha256', first.stored))
    await update()
    expect(await checksum()).toBe(hash('sha256', first.stored))
    store.fault({ on: 'PublicRead', times: 9, effect: { type: 'error', status: 404, code: 'NoSuchKey' } })
    expect((await check()).images).toMatchObject([{ status: 'up-to-date' }])
  })
})

describe('a run that was killed', () => {
  const record = (one: Build) => [hash('sha256', one.stored), hash('sha256', one.packed), one] as const

  it('before the sidecar leaves an object that the next one names, without a download', async () => {
    await write()
    await upload(object, first.stored, metadataOf(...record(first)))
    expect((await update()).images).toMatchObject([{ status: 'updated', mirror: { status: 'present' } }])
    expect(await checksum()).toBe(hash('sha256', first.stored))
    expect(await read(sidecar)).toBe(recordOf(...record(first)))
    expect(downloads()).toBe(0)
  })

  it('after a replaced object, beside the sidecar of the one before, is mended without a download', async () => {
    await write()
    await update()
    publish(second)
    await upload(object, second.stored, metadataOf(...record(second)))
    expect((await update()).images).toMatchObject([{ status: 'updated', mirror: { status: 'present' } }])
    expect(await checksum()).toBe(hash('sha256', second.stored))
    expect(await read(sidecar)).toBe(recordOf(...record(second)))
    expect(downloads()).toBe(1)
  })

  it('before a sidecar of an image that the catalogue names already gets it by the next one', async () => {
    await write({ mirrorUrl: publicUrl(object), checksum: hash('sha256', first.stored) })
    await upload(object, first.stored, metadataOf(...record(first)))
    expect((await update()).images).toMatchObject([{ status: 'up-to-date' }])
    expect(await read(sidecar)).toBe(recordOf(...record(first)))
    expect(downloads()).toBe(0)
  })

  it('is no failure where the sidecar cannot be written: a warning says so', async () => {
    await write()
    await upload(sidecar, Buffer.from('{}'))
    const report = await update()
    expect(report.images).toMatchObject([
      { status: 'updated', warnings: [expect.stringContaining(`${sidecar} is not the updater's own`)] },
    ])
    expect(await read(sidecar)).toBe('{}')
    expect((await update()).images).toMatchObject([{ status: 'up-to-date' }])
    expect(downloads()).toBe(1)
  })
})

describe('a catalogue of mirror.py, with keys of its own', () => {
  const key = 'demo/26.8/demo'
  const entry = () => ({ version: '26.8', mirrorUrl: publicUrl(key), checksum: hash('sha512', first.stored) })

  it('is unknown to whoever downloads nothing', async () => {
    const before = await write(entry())
    await upload(key, first.stored)
    const checked = await check()
    expect(checked.images).toMatchObject([
      {
        status: 'unknown',
        mirror: { status: 'present' },
        warnings: [expect.stringContaining('downloads it once')],
      },
    ])
    expect(checkStatus(checked.summary)).toBe(10)
    const outcomes = [
      await update({ dryRun: true }),
      await update({ mirror: { kind: 'none' } }),
      await update({ mirror: { ...mirror, keyPrefix: 'elsewhere' } }),
    ]
    for (const report of outcomes) {
      expect(report.images).toMatchObject([
        { status: 'unknown', warnings: [expect.stringContaining('unknown')] },
      ])
      expect(report.summary).toMatchObject({ unknown: 1, failed: 0 })
    }
    const verified = await verify(false)
    expect(verified.versions).toMatchObject([{ verdict: 'unknown', mirror_url: { status: 'unknown' } }])
    expect(verifyStatus(verified)).toBe(0)
    expect(downloads()).toBe(0)
    expect(await text()).toBe(before)
  })

  it('is found right by one download, and needs none again', async () => {
    const before = await write(entry())
    await upload(key, first.stored)
    const report = await update()
    expect(report.images).toMatchObject([
      { status: 'up-to-date', warnings: [expect.stringMatching(/is downloaded once to find out/)] },
    ])
    expect(keys()).toEqual([key, `${key}.source.json`])
    expect((await update()).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
    expect((await check()).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
    expect(downloads()).toBe(1)
    expect((await verify(false)).versions).toMatchObject([{ verdict: 'ok' }])
    expect((await verify(true)).versions).toMatchObject([{ verdict: 'ok' }])
    expect((await bring()).versions).toMatchObject([{ status: 'present' }])
    expect(await text()).toBe(before)
  })

  it('whose object is gone gets it again, under its own key', async () => {
    const before = await write(entry())
    await upload(key, first.stored)
    await update()
    await ask('DELETE', key)
    expect((await update()).images).toMatchObject([
      { status: 'updated', mirror: { status: 'stored', object: key } },
    ])
    expect((await verify(true)).versions).toMatchObject([{ verdict: 'ok' }])
    expect(await text()).toBe(before)
  })

  it('gets the build that was made anew under the same URL', async () => {
    await write(entry())
    await upload(key, first.stored)
    publish(second)
    expect((await update()).images).toMatchObject([
      { status: 'updated', mirror: { status: 'stored', object } },
    ])
    expect(await checksum()).toBe(hash('sha512', second.stored))
    expect(await text()).toContain(publicUrl(object))
    expect((await update()).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
  })

  it('is filled by `mirror` from the packed file, verified against what comes out of it', async () => {
    await write(entry())
    expect((await bring()).versions).toMatchObject([{ status: 'stored', object: key, warnings: [] }])
    expect(keys()).toEqual([key, `${key}.source.json`])
    expect((await bring()).versions).toMatchObject([{ status: 'present' }])
    await write({ ...entry(), checksum: hash('sha512', second.stored) })
    expect((await bring()).versions).toMatchObject([{ status: 'failed', reason: 'mismatch' }])
    await write({ ...entry(), checksum: hash('md5', first.stored) })
    expect((await bring()).versions).toMatchObject([{ status: 'stored' }])
    expect((await bring()).versions).toMatchObject([{ status: 'present' }])
    expect((await update()).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
  })
})

describe('a catalogue of an earlier version, with the digest of the packed file', () => {
  const source = hash('sha256', first.packed)
  const entry = () => ({ mirrorUrl: publicUrl(object), checksum: source })
  const recorded = () => upload(object, first.stored, metadataOf(hash('sha256', first.stored), source, first))

  it('is told by check and verify', async () => {
    await write(entry())
    await recorded()
    const checked = await check()
    expect(checked.images).toMatchObject([
      { status: 'outdated', warnings: [expect.stringContaining('that of the packed file')] },
    ])
    expect(checkStatus(checked.summary)).toBe(10)
    for (const full of [false, true]) {
      const message = expect.stringContaining('that of the packed file')
      expect((await verify(full)).versions).toMatchObject([
        { verdict: 'mismatch', url: { status: 'ok' }, mirror_url: { status: 'mismatch', message } },
      ])
    }
  })

  it('is corrected from what is recorded, without a download', async () => {
    const before = await write(entry())
    await recorded()
    const right = before.replace(source, hash('sha256', first.stored))
    expect((await update({ dryRun: true })).changes[0]?.diff).toContain(
      `+        checksum: ${hash('sha256', first.stored)}`,
    )
    expect((await update()).images).toMatchObject([{ status: 'updated', mirror: { status: 'present' } }])
    expect(await text()).toBe(right)
    expect((await update()).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
    await write(entry())
    await update({ mirror: { kind: 'none' } })
    expect(await text()).toBe(right)
    expect(downloads()).toBe(0)
  })

  it('whose object has no record is brought again', async () => {
    const before = await write(entry())
    await upload(object, first.stored)
    expect((await update({ mirror: { kind: 'none' } })).images).toMatchObject([{ status: 'unknown' }])
    expect((await update({ dryRun: true })).images).toMatchObject([{ status: 'would-update' }])
    expect(await text()).toBe(before)
    expect((await update()).images).toMatchObject([{ status: 'updated', mirror: { status: 'stored' } }])
    expect(await text()).toBe(before.replace(source, hash('sha256', first.stored)))
    expect((await update()).images).toMatchObject([{ status: 'up-to-date', warnings: [] }])
  })

  it('is corrected by mirror in every version, from records and from downloads', async () => {
    const older = ['20260701', '20260601'].map((version, index) => {
      const one = build(10 + index)
      origin.put(`/demo/${version}.raw.gz`, one.packed)
      const mirrorUrl = publicUrl(`demo/${version}-demo.raw`)
      return {
        one,
        version,
        url: `${origin.url}/demo/${version}.raw.gz`,
        mirrorUrl,
        checksum: hash('sha256', one.packed),
      }
    })
    const before = await write(entry(), ...older)
    await recorded()
    const planned = await bring(true)
    expect(planned.versions.map(({ status }) => status)).toEqual(['present', 'would-store', 'would-store'])
    expect(planned.changes[0]?.diff).toContain(hash('sha256', first.stored))
    expect(await text()).toBe(before)
    const report = await bring()
    expect(report.versions.map(({ status }) => status)).toEqual(['present', 'stored', 'stored'])
    const right = [first, ...older.map(({ one }) => one)].reduce(
      (whole, { packed, stored }) => whole.replace(hash('sha256', packed), hash('sha256', stored)),
      before,
    )
    expect(await text()).toBe(right)
    expect(report.changes).toMatchObject([{ file: catalogue }])
    const again = await bring()
    expect(again.versions.map(({ status, warnings }) => [status, warnings])).toEqual(
      Array(3).fill(['present', []]),
    )
    expect(again.changes).toEqual([])
    expect((await verify(true)).versions.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok'])
  })

  it('that cannot be written is a failure of that version', async () => {
    const before = await write(entry())
    await recorded()
    const lockDir = join(folder, 'locks')
    await mkdir(lockDir)
    const lock = await lockCatalog(join(folder, 'images'), { lockDir })
    const report = await mirrorCatalogue({ images: images(), mirror, lockDir }, { httpPolicy })
    await lock.release()
    expect(report.versions).toMatchObject([{ status: 'failed', error: { code: 'CATALOG_LOCKED' } }])
    expect(report.summary).toMatchObject({ failed: 1, present: 0 })
    expect(await text()).toBe(before)
  })
})

describe('the sidecar of an object that nothing names', () => {
  it('goes with it, and that of a named one stays', async () => {
    await write()
    await update()
    await upload('demo/20250101-demo.raw', first.stored)
    await upload('demo/20250101-demo.raw.source.json', Buffer.from('{}'))
    await upload('demo/other.source.json', Buffer.from('{}'))
    const report = await pruneMirror({ images: images(), mirror, grace: 0, remove: true }, { httpPolicy })
    expect(report.objects.map(({ key, status }) => [key, status])).toEqual([
      ['demo/20250101-demo.raw', 'removed'],
      ['demo/20250101-demo.raw.source.json', 'removed'],
    ])
    expect(keys()).toEqual([object, sidecar, 'demo/SHA256SUMS', 'demo/other.source.json'].sort())
  })
})
