import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as openpgp from 'openpgp'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DistributionSignature } from '../../src/discovery/resolver.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { type CheckOptions, checkCatalogue, type UpdateOptions, updateCatalogue } from '../../src/index.ts'
import { armored, makeKey, signWith } from '../discovery/signature-keys.ts'
import { makeQcow2 } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { packBy } from '../support/packed.ts'
import { hexDigest } from '../support/world/published.ts'

type Changing<T> = { -readonly [Key in keyof T]: T[Key] }

interface Signed {
  /** Of the image on the origin. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Signature file, armored or not. */
  readonly suffix: '.asc' | '.sig'
  /** The checksum of these bytes is published. */
  readonly publish: (bytes: Uint8Array) => void
  readonly definition: string
}

const image = makeQcow2({ size: 200_000, seed: 7 })
const lastModified = new Date('2026-08-31T12:00:00Z')
const httpPolicy = { backoffBase: 1, retries: 1 }

let origin: Origin
let key: openpgp.PrivateKey
let stranger: openpgp.PrivateKey
let folder: string
let file: string
let place: string
let signed: Readonly<Record<'alpine' | 'fedora-coreos', Signed>>
/** What is really pinned; files of tests share modules. */
const pinned = new Map<DistributionSignature, DistributionSignature>()

function signatureOf(name: string): Changing<DistributionSignature> {
  const signature = resolvers.find((resolver) => resolver.name === name)?.signature
  if (signature === undefined) throw new Error(`${name} has no signature`)
  return signature
}

function define(name: string, latestUrl: string, checksums: string): string {
  return `---
images:
  - name: ${name}
    shortname: ${name}
    format: qcow2
    meta:
      os_distro: fedora
    latest_url: '${latestUrl}'
    latest_checksum_url: '${checksums}'
    versions: []
`
}

function alpine(): Signed {
  const base = '/alpine/v3.23/releases/cloud/'
  const path = `${base}alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2`
  const pattern = `${origin.url}${base}HEREBEalpine-3\\.23\\.\\d+-x86_64-uefi-cloudinit-r\\d+DRAGONS.qcow2`
  return {
    path,
    bytes: image,
    suffix: '.asc',
    publish: (bytes) => origin.put(`${path}.sha512`, `${hexDigest('sha512', bytes)}\n`),
    definition: define('alpine', pattern, `${pattern}.sha512`),
  }
}

function coreos(): Signed {
  const path =
    '/prod/streams/stable/builds/44.20260831.3.0/x86_64/fedora-coreos-44.20260831.3.0-openstack.x86_64.qcow2.xz'
  const pattern = `${origin.url}${path.replaceAll('44.20260831.3.0', 'HEREBE[\\d.]+DRAGONS')}`
  const publish = (bytes: Uint8Array) => {
    const disk = { location: `${origin.url}${path}`, sha256: hexDigest('sha256', bytes) }
    const openstack = { release: '44.20260831.3.0', formats: { 'qcow2.xz': { disk } } }
    const document = { stream: 'stable', architectures: { x86_64: { artifacts: { openstack } } } }
    origin.put('/streams/stable.json', JSON.stringify(document))
  }
  const bytes = packBy('xz', ['-c'], image) ?? image
  const definition = define('coreos', pattern, `${origin.url}/streams/stable.json`)
  return { path, bytes, suffix: '.sig', publish, definition }
}

/** Puts the bytes with a checksum that is right, and a signature, on the origin. */
async function put(
  { path, suffix, publish, bytes: own }: Signed,
  {
    bytes = own,
    over = bytes,
    by = key,
    date = lastModified,
  }: { bytes?: Uint8Array; over?: Uint8Array; by?: openpgp.PrivateKey; date?: Date } = {},
): Promise<void> {
  origin.put(path, { body: bytes, lastModified })
  publish(bytes)
  const signature = await signWith(over, by, { date })
  origin.put(path + suffix, suffix === '.asc' ? armored(signature) : signature)
}

function changed(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length - 1000 ? byte ^ 1 : byte))
}

beforeAll(async () => {
  origin = await startOrigin()
  key = await makeKey()
  stranger = await makeKey()
  signed = { alpine: alpine(), 'fedora-coreos': coreos() }
  origin.put('/key.asc', key.toPublic().armor())
  for (const name of Object.keys(signed)) {
    const signature = signatureOf(name)
    pinned.set(signature, { ...signature })
    signature.hosts = ['127.0.0.1']
    signature.fingerprints = name === 'alpine' ? [key.getFingerprint()] : { 44: [key.getFingerprint()] }
    signature.keyUrl = `${origin.url}/key.asc`
  }
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  file = join(folder, 'images', 'images.yml')
  place = join(folder, 'mirror')
  for (const one of [join(folder, 'images'), place]) await mkdir(one)
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  return async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true, force: true })
  }
})
afterAll(async () => {
  for (const [signature, real] of pinned) Object.assign(signature, real)
  await origin.close()
})

async function update(more: Partial<UpdateOptions> = {}) {
  const mirror = { kind: 'directory', dir: place, keyPrefix: '' } as const
  const report = await updateCatalogue({ images: [file], keyserver: [], mirror, ...more }, { httpPolicy })
  return report.images[0]
}
const check = (more: Partial<CheckOptions> = {}) =>
  checkCatalogue({ images: [file], keyserver: [], fileRoot: [place], ...more }, { httpPolicy })

/** Nothing is visible, and the catalogue is as it was. */
async function expectNothing(name: keyof typeof signed): Promise<void> {
  const files = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => [])
  expect(files.filter((one) => one.isFile()).map((one) => one.name)).toEqual([])
  expect(await readFile(file, 'utf8')).toBe(signed[name].definition)
}

const read = (object = '') => readFile(join(place, object))
const downloads = ({ path }: Signed) =>
  origin.requestsOf(path).filter(({ method }) => method === 'GET').length

describe.each(['alpine', 'fedora-coreos'] as const)('an image of %s, which is signed itself,', (name) => {
  const subject = () => signed[name]
  beforeEach(async () => {
    origin.requests.length = 0
    await writeFile(file, subject().definition)
    await put(subject())
  })

  it('is signed once its bytes have come, in one download, and says no more later', async () => {
    expect(await update({ dryRun: true })).toMatchObject({ status: 'would-update', trust: 'checksum' })
    const outcome = await update()
    expect(outcome).toMatchObject({ status: 'updated', trust: 'signed', warnings: [] })
    expect((await read(outcome?.mirror?.object)).equals(image)).toBe(true)
    expect(downloads(subject())).toBe(1)
    expect(await update()).toMatchObject({ status: 'up-to-date', trust: 'checksum', warnings: [] })
    expect(downloads(subject())).toBe(1)
    await rm(join(place, outcome?.mirror?.object ?? ''))
    expect(await update()).toMatchObject({ mirror: { status: 'stored' }, trust: 'signed' })
  })

  it('is refused if a byte was changed, though its checksum was, too', async () => {
    const { bytes } = subject()
    const packedAnew = () => packBy('xz', ['-c'], changed(image)) ?? image
    await put(subject(), { bytes: name === 'alpine' ? changed(bytes) : packedAnew(), over: bytes })
    const outcome = await update()
    expect(outcome).toMatchObject({
      status: 'failed',
      trust: 'checksum',
      error: { code: 'SIGNATURE_BAD', message: expect.stringContaining(subject().path) },
    })
    expect(downloads(subject())).toBe(1)
    await expectNothing(name)
  })

  it('is not older than what a transfer has proven, and nothing else counts as proven', async () => {
    const at = (day: number) => new Date(lastModified.getTime() + day * 86_400_000)
    const { bytes } = subject()
    const other = name === 'alpine' ? changed(bytes) : (packBy('xz', ['-c'], changed(image)) ?? bytes)
    await put(subject(), { date: at(2) })
    expect(await update()).toMatchObject({ status: 'updated', trust: 'signed' })
    await put(subject(), { bytes: other, date: at(1) })
    for (const outcome of [await update(), (await check()).images[0]]) {
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'DOWNGRADE' } })
    }
    await put(subject(), { bytes: other, over: Buffer.from('another file'), date: at(9) })
    expect(await update()).toMatchObject({ status: 'failed', error: { code: 'SIGNATURE_BAD' } })
    await put(subject(), { bytes: other, date: at(3) })
    expect(await update()).toMatchObject({ status: 'updated', trust: 'signed' })
  })

  it('is refused with the signature of another file, as with that of another signer', async () => {
    await put(subject(), { over: Buffer.from('another file') })
    expect(await update()).toMatchObject({ status: 'failed', error: { code: 'SIGNATURE_BAD' } })
    await put(subject(), { by: stranger })
    expect(await update()).toMatchObject({ status: 'failed', error: { code: 'SIGNATURE_KEY' } })
    expect((await check()).images[0]).toMatchObject({ error: { code: 'SIGNATURE_KEY' } })
    await expectNothing(name)
  })

  it('must have its signature on the own host of its distribution; on a mirror it is told', async () => {
    origin.remove(subject().path + subject().suffix)
    expect(await update()).toMatchObject({ status: 'failed', error: { code: 'SIGNATURE_MISSING' } })
    await expectNothing(name)
    const signature = signatureOf(name)
    signature.hosts = []
    try {
      expect(await update({ signatures: 'require' })).toMatchObject({ error: { code: 'SIGNATURE_MISSING' } })
      const warnings = [expect.stringContaining('has no signature here')]
      expect(await update()).toMatchObject({ status: 'updated', trust: 'checksum', warnings })
    } finally {
      signature.hosts = ['127.0.0.1']
    }
  })

  it('is not asked for its signature where signatures are off', async () => {
    expect(await update({ signatures: 'off' })).toMatchObject({ status: 'updated', trust: 'checksum' })
    expect(origin.requestsOf(subject().path + subject().suffix)).toEqual([])
  })

  it('that must be signed is taken by a run that can prove it, and by no other', async () => {
    const signatures = 'require'
    const asked = await check({ signatures })
    expect(asked.images[0]).toMatchObject({ status: 'outdated', trust: 'checksum', warnings: [] })
    const alone = await update({ signatures, mirror: { kind: 'none' } })
    expect(alone).toMatchObject({ status: 'failed', error: { code: 'SIGNATURE_MISSING' } })
    expect(alone?.error?.message).toContain('covers the image itself')
    await expectNothing(name)
    expect(await update({ signatures })).toMatchObject({ status: 'updated', trust: 'signed' })
    expect(await update({ signatures })).toMatchObject({ status: 'up-to-date', trust: 'checksum' })
    expect(await check({ signatures })).toMatchObject({ summary: { failed: 0, outdated: 0 } })
  })

  it('that must be signed is brought anew if an earlier run stored it without', async () => {
    await update({ signatures: 'off' })
    await writeFile(file, subject().definition)
    expect(await update()).toMatchObject({ mirror: { status: 'present' }, trust: 'checksum' })
    await writeFile(file, subject().definition)
    const outcome = await update({ signatures: 'require' })
    expect(outcome).toMatchObject({ status: 'updated', mirror: { status: 'stored' }, trust: 'signed' })
  })
})
