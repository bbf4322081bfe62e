import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as openpgp from 'openpgp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  checkCatalogue,
  type RunEvent,
  type SourceRule,
  type UpdateOptions,
  updateCatalogue,
} from '../../src/index.ts'
import { clearsign, makeKey } from '../discovery/signature-keys.ts'
import { makeQcow2 } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { hexDigest } from '../support/world/published.ts'

const lastModified = new Date('2026-11-01T00:00:00Z')
const [april, may, june] = ['2026-04-01T10:00:00Z', '2026-05-01T10:00:00Z', '2026-06-01T10:00:00Z'] as const

let origin: Origin
let key: openpgp.PrivateKey
let folder: string
let file: string
let stateDir: string
let source: SourceRule

beforeAll(async () => {
  origin = await startOrigin()
  key = await makeKey()
  source = {
    name: 'ours',
    images: ['*'],
    strategy: 'manifest',
    signature: { form: 'clearsigned', keys: [key.getFingerprint()] },
  }
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  file = join(folder, 'images', 'images.yml')
  stateDir = join(folder, 'state')
  for (const name of ['images', 'mirror', 'keys']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'keys', 'key.asc'), key.toPublic().armor())
  await writeFile(file, definition('x'))
  return () => rm(folder, { recursive: true, force: true })
})
afterAll(() => origin.close())

const definition = (name: string) => `---
images:
  - name: ${name}
    shortname: x
    format: qcow2
    latest_url: ${origin.url}/x.qcow2
    latest_checksum_url: ${origin.url}/SUMS
    versions: []
`

/** @param signedAt absent: it is not signed */
async function publish(seed: number, signedAt?: string): Promise<void> {
  const body = makeQcow2({ size: 20_000, seed })
  const text = `${hexDigest('sha256', body)}  x.qcow2`
  origin.put('/x.qcow2', { body, lastModified })
  origin.put('/SUMS', signedAt === undefined ? text : await clearsign(text, key, new Date(signedAt)))
}

const told: string[] = []
const onEvent = (event: RunEvent) => {
  if (event.type === 'note' && event.level === 'warning') told.push(event.message)
}
const options = () => ({
  images: [join(folder, 'images')],
  sources: [source],
  keyring: join(folder, 'keys'),
  keyserver: [],
  cache: false,
  stateDir,
})
async function update(more: Partial<UpdateOptions> = {}) {
  const report = await updateCatalogue({ ...options(), mirror: { kind: 'none' }, ...more }, { onEvent })
  return report.images[0]
}
const onMirror = (more: Partial<UpdateOptions> = {}) =>
  update({ mirror: { kind: 'directory', dir: join(folder, 'mirror'), keyPrefix: '' }, ...more })
const check = async () => (await checkCatalogue(options())).images[0]
const remembered = async () => {
  const [name = ''] = await readdir(stateDir)
  return JSON.parse(await readFile(join(stateDir, name), 'utf8')).value
}
const lost = { status: 'failed', error: { code: 'SIGNATURE_LOST' } }
const downgrade = { status: 'failed', error: { code: 'DOWNGRADE' } }

describe('what a machine remembers of signatures', () => {
  it('is the newest, of which an older one is told apart though all names are the same', async () => {
    await publish(1, may)
    expect(await update()).toMatchObject({ status: 'updated', current: { version: '20260501' } })
    expect(await remembered()).toEqual({ x: { signed: may } })
    await publish(1, june)
    expect(await update()).toMatchObject({ status: 'up-to-date' })
    expect(await remembered()).toEqual({ x: { signed: june } })
    await publish(1, april)
    expect(await update()).toMatchObject({ status: 'up-to-date' })
    expect(await remembered()).toEqual({ x: { signed: june } })
    await publish(2, may)
    for (const outcome of [await update(), await check()]) expect(outcome).toMatchObject(downgrade)
    expect(await update({ dryRun: true, allowDowngrade: true })).toMatchObject({ status: 'would-update' })
    expect(await remembered()).toEqual({ x: { signed: june } })
    expect(await update({ allowDowngrade: true })).toMatchObject({ status: 'updated' })
    expect(await remembered()).toEqual({ x: { signed: may } })
    expect(await update()).toMatchObject({ status: 'up-to-date' })
  })

  it('is that an image was signed, until it is accepted that it is not', async () => {
    await publish(1, may)
    await update()
    await publish(1)
    for (const outcome of [await update(), await check(), await update({ acceptUnsigned: ['y'] })]) {
      expect(outcome).toMatchObject(lost)
    }
    await publish(2)
    expect(await update()).toMatchObject(lost)
    expect(await update({ dryRun: true, acceptUnsigned: ['x'] })).toMatchObject({ status: 'would-update' })
    expect(await update()).toMatchObject(lost)
    expect(await update({ acceptUnsigned: ['x'] })).toMatchObject({ status: 'updated', trust: 'checksum' })
    expect(await remembered()).toEqual({ x: { unsigned: expect.any(String) } })
    await publish(3)
    for (const outcome of [await check(), await update()]) expect(outcome?.error).toBeUndefined()
    await publish(4, june)
    await update({ allowDowngrade: true })
    await publish(4)
    expect(await update()).toMatchObject(lost)
  })

  it('holds whatever the URLs, the source and the way to the catalogue are', async () => {
    await publish(1, may)
    await update()
    await publish(2)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replaceAll('127.0.0.1', 'localhost'))
    expect(await update()).toMatchObject(lost)
    expect(await update({ sources: [{ ...source, signature: undefined }] })).toMatchObject(lost)
    await rm(join(folder, 'keys', 'key.asc'))
    await publish(2, june)
    expect(await update()).toMatchObject(lost)
    await symlink(join(folder, 'images'), join(folder, 'link'))
    expect(await update({ images: [join(folder, 'link')] })).toMatchObject(lost)
  })

  it('is neither looked at nor forgotten where signatures are off', async () => {
    await publish(1, may)
    await update()
    await publish(2)
    expect(await update({ signatures: 'off' })).toMatchObject({ status: 'updated' })
    expect(await update()).toMatchObject(lost)
  })

  it('is told not to be remembered where it cannot be, once', async () => {
    await writeFile(stateDir, '')
    await publish(1, may)
    told.length = 0
    expect(await update()).toMatchObject({ status: 'updated' })
    expect(told).toEqual([expect.stringMatching(/^Signatures of images.* are not remembered/)])
  })
})

describe('what a mirror remembers of signatures', () => {
  it('is that of the object that the catalogue names', async () => {
    await publish(1, june)
    expect(await onMirror()).toMatchObject({ status: 'updated', mirror: { status: 'stored' } })
    await rm(stateDir, { recursive: true })
    await publish(2, may)
    expect(await onMirror()).toMatchObject(downgrade)
    await publish(2)
    expect(await onMirror()).toMatchObject(lost)
    expect(await onMirror({ acceptUnsigned: ['*'], allowDowngrade: true })).toMatchObject({
      status: 'updated',
    })
    await rm(stateDir, { recursive: true })
    await publish(3)
    expect(await onMirror()).not.toMatchObject(lost)
  })
})
