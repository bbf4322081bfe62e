import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import {
  checkCatalogue,
  diffCatalogues,
  type MirrorOptions,
  mirrorCatalogue,
  pruneMirror,
  type UpdateOptions,
  updateCatalogue,
  validateCatalogue,
  verifyCatalogue,
} from '../../src/index.ts'
import { makeQcow2 } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'

let origin: Origin
let store: S3Server
let root: string
let folder: string
let file: string

const context = { httpPolicy: { backoffBase: 1, retries: 0 } }

/** Publishes a build in a folder of its version. */
function publish(version: string, day: string): void {
  const bytes = makeQcow2({ size: 40_000, seed: version.length + Number(version.replaceAll(/\D/g, '')) })
  const name = `os-${version}.qcow2`
  const checksums = `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`
  origin.put(`/os/v${version}/${name}`, { body: bytes, lastModified: new Date(`${day}T10:00:00Z`) })
  origin.put(`/os/v${version}/SHA256SUMS`, checksums)
}

function mirror(): MirrorOptions {
  const { endpoint: server, region, swiftPrefix, accessKey, secretKey } = store
  const names = { bucket: 'images', keyPrefix: '', acl: 'public-read' }
  return { kind: 's3', server, region, swiftPrefix, accessKey, secretKey, ...names }
}

const update = async (options: Partial<UpdateOptions> = {}) =>
  (await updateCatalogue({ images: [folder], mirror: mirror(), ...options }, context)).images[0]
const versions = async () => parseCatalog(file, await readFile(file, 'utf8')).images[0]?.versions
const named = async () =>
  (await versions())?.map(({ version, mirrorUrl }) => [version, mirrorUrl?.replace(/^.*\//, '')])
const keys = () =>
  store
    .objects()
    .map(({ key }) => key)
    .sort()

beforeEach(async () => {
  origin = await startOrigin()
  store = await startS3Server({ buckets: ['images'] })
  root = await mkdtemp(join(tmpdir(), 'image-updater-'))
  folder = join(root, 'images')
  file = join(folder, 'os.yml')
  await mkdir(folder)
  publish('1.9.5', '2026-03-01')
  await writeFile(file, definition())
  return async () => {
    await Promise.all([origin.close(), store.close()])
    await rm(root, { recursive: true, force: true })
  }
})

const pattern = 'HEREBE\\d+\\.\\d+\\.\\d+DRAGONS'
const definition = (version = '') => `---
images:
  - name: Own OS
    enable: true
    shortname: own
    format: qcow2
    login: own
    min_disk: 1
    min_ram: 64
    status: active
    visibility: public
    multi: false
    meta:
      architecture: x86_64
      hw_disk_bus: scsi
      hw_rng_model: virtio
      hw_scsi_model: virtio-scsi
      hw_watchdog_action: reset
      hypervisor_type: qemu
      os_distro: arch
      os_purpose: minimal
      replace_frequency: never
      uuid_validity: none
      provided_until: none
    tags: []
    latest_checksum_url: ${origin.url}/os/v${pattern}/SHA256SUMS
    latest_url: ${origin.url}/os/v${pattern}/os-${pattern}.qcow2
    versions:${version || ' []'}
`

describe('an image whose versions are no dates', () => {
  it('has the version of its distribution; the day stands in build_date and in the key', async () => {
    expect(await update()).toMatchObject({
      status: 'updated',
      current: { version: '1.9.5', build_date: '2026-03-01' },
      mirror: { status: 'stored', object: 'own/20260301-own.qcow2' },
    })
    expect(await update()).toMatchObject({ status: 'up-to-date', mirror: { status: 'present' } })
    expect(keys()).toEqual(['own/20260301-own.qcow2', 'own/SHA256SUMS'])
    const { findings } = await validateCatalogue({ images: [folder] })
    expect(findings.filter(({ rule }) => !['insecure-url', 'lone-version'].includes(rule))).toEqual([])
    const { versions: verified } = await verifyCatalogue({ images: [folder], full: true }, context)
    expect(verified).toMatchObject([{ version: '1.9.5', verdict: 'ok' }])
  })

  it('keeps a version that is a date until a new build comes', async () => {
    await update()
    const text = (await readFile(file, 'utf8')).replace("version: '1.9.5'", "version: '20260301'")
    await writeFile(file, text)
    expect(await update()).toMatchObject({ status: 'up-to-date', mirror: { status: 'present' } })
    expect(await readFile(file, 'utf8')).toBe(text)
    publish('1.10.0', '2026-04-01')
    const check = await checkCatalogue({ images: [folder] }, context)
    expect(check.images[0]).toMatchObject({
      status: 'outdated',
      newest: { version: '1.10.0', build_date: '2026-04-01' },
      days_behind: 31,
    })
    expect(await update()).toMatchObject({
      previous: { version: '20260301' },
      current: { version: '1.10.0' },
    })
  })

  it('keeps its older ones in order, and their objects', async () => {
    await update()
    publish('1.10.0', '2026-04-01')
    await update({ keepVersions: 2 })
    publish('1.11.0', '2026-05-01')
    await update()
    const both = [
      ['1.11.0', '20260501-own.qcow2'],
      ['1.10.0', '20260401-own.qcow2'],
    ]
    expect(await named()).toEqual(both)
    const { objects, summary } = await pruneMirror(
      { images: [folder], mirror: mirror(), grace: 0, remove: true },
      context,
    )
    expect(objects.map(({ key }) => key)).toEqual([
      'own/20260301-own.qcow2',
      'own/20260301-own.qcow2.unnamed',
    ])
    expect(summary).toMatchObject({ removed: 2, named: 2 })
    const checked = await verifyCatalogue({ images: [folder], full: true }, context)
    expect(checked.versions.map(({ verdict }) => verdict)).toEqual(['ok', 'ok'])
  })

  it('has two builds of one day, each with an object of its own', async () => {
    await update()
    publish('1.10.0', '2026-04-01')
    await update({ keepVersions: 3 })
    publish('1.10.1', '2026-04-01')
    await update({ keepVersions: 3 })
    expect(await named()).toEqual([
      ['1.10.1', expect.stringMatching(/^20260401\.[0-9a-f]{12}-own\.qcow2$/)],
      ['1.10.0', '20260401-own.qcow2'],
      ['1.9.5', '20260301-own.qcow2'],
    ])
    const checked = await verifyCatalogue({ images: [folder], full: true }, context)
    expect(checked.versions.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok'])
  })

  it('is refused where its distribution goes back, also at another address', async () => {
    const checksum = `sha256:${'0'.repeat(64)}`
    const entry = (url: string) =>
      definition(`\n      - version: '1.9.10'\n        url: ${url}\n        checksum: ${checksum}`)
    for (const url of [`${origin.url}/os/v1.9.10/os-1.9.10.qcow2`, 'https://else.example/a/b.qcow2']) {
      await writeFile(file, entry(url))
      expect(await update()).toMatchObject({
        status: 'failed',
        error: { code: 'DOWNGRADE', message: expect.stringContaining('is 1.9.5 (') },
      })
    }
  })

  it('is mirrored where the catalogue names no object yet, with and without a build_date', async () => {
    await update({ mirror: { kind: 'none' } })
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain('mirror_url')
    for (const before of [text, text.replace(/ +build_date: .*\n/, '')]) {
      await writeFile(file, before)
      expect(await update()).toMatchObject({ status: 'updated', current: { version: '1.9.5' } })
      expect(await update()).toMatchObject({ status: 'up-to-date', mirror: { status: 'present' } })
      expect(await named()).toEqual([['1.9.5', '20260301-own.qcow2']])
    }
    const report = await mirrorCatalogue({ images: [folder], mirror: mirror() }, context)
    expect(report.versions).toMatchObject([{ version: '1.9.5', status: 'present' }])
  })

  it('is compared by its version', async () => {
    await update()
    const old = join(root, 'old.yml')
    await writeFile(old, await readFile(file, 'utf8'))
    publish('1.10.0', '2026-04-01')
    await update()
    const { images } = await diffCatalogues({ before: old, after: file, images: folder })
    expect(images).toMatchObject([
      { versions: { added: [{ version: '1.10.0' }], removed: [{ version: '1.9.5' }] } },
    ])
  })
})
