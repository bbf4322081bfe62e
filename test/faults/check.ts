import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { expect } from 'vitest'
import { hexDigest } from '../support/world/published.ts'
import { assertWhole, objectOf, type Watched } from '../support/world/whole.ts'
import type { Ended } from './command.ts'
import type { Holds, Row } from './row.ts'
import type { Scene } from './scene.ts'

interface Document {
  readonly exit_status: number
  readonly errors?: readonly { readonly code: string }[]
  readonly images?: readonly { readonly shortname: string; readonly error?: { readonly code: string } }[]
}

/** Whatever the fault is, all of this must hold after it. */
export async function check(row: Row, scene: Scene, { status, out, err }: Ended): Promise<void> {
  const { holds, mirror = 'store' } = row
  assertClean(`${out}\n${err}`, scene)
  if (holds.status !== 70) expect(out + err).not.toContain('INTERNAL')
  expect(status, err).toBe(holds.status)
  if (holds.atOnce !== true) assertReport(out, holds, scene)
  if (holds.says !== undefined) expect(`${out}\n${err}`).toMatch(holds.says)
  await assertCatalogue(holds, scene, mirror)
  await assertMirror(holds, scene, mirror)
  if (holds.memory !== undefined) {
    const used = Number(await readFile(`${scene.home}/usage`, 'utf8')) / 1024
    expect(used, 'MiB of memory').toBeLessThan(holds.memory)
  }
  await holds.more?.(scene)
}

function assertReport(out: string, holds: Holds, scene: Scene): void {
  const document: Document = JSON.parse(out)
  expect(document.exit_status).toBe(holds.status)
  expect(errorsOf(document, holds, scene.image.shortname), out).toEqual(
    holds.error === undefined ? [] : [holds.error],
  )
}

/** Nobody's secret, no stack, no control character, no warning of Node's, in any output. */
function assertClean(text: string, { store }: Scene): void {
  expect(text).not.toContain(store.secretKey)
  expect(text).not.toMatch(/\n {4}at /)
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
  expect(text).not.toMatch(/\(node:\d+\)|Warning: /)
}

function errorsOf(
  { errors = [], images = [] }: Document,
  { status, other }: Holds,
  shortname: string,
): string[] {
  if (status === 2 || status === 75) return [...new Set(errors.map(({ code }) => code))]
  const failed = images.flatMap((image) => (image.error === undefined ? [] : [{ ...image.error, image }]))
  const others = failed.filter(({ image }) => image.shortname !== shortname)
  if (status < 2 && other === undefined) expect(others, 'errors of other images').toEqual([])
  const own = failed.filter(({ image }) => image.shortname === shortname)
  if (status === 70) expect(errors.map(({ code }) => code)).toEqual(['INTERNAL'])
  // An error of the whole run is that of each image that it keeps from being transferred.
  return [...new Set((status === 70 ? own : [...errors, ...own]).map(({ code }) => code))]
}

async function assertCatalogue(holds: Holds, scene: Scene, mirror: 'store' | 'folder'): Promise<void> {
  const { image, other, before, folder } = scene
  const after = await scene.texts()
  const done = await assertWhole([image, other], { before, after }, scene.origin.url, scene.place(mirror))
  const usual = {
    0: 'new',
    1: 'new',
    2: 'old',
    70: 'either',
    75: 'old',
    129: 'either',
    130: 'either',
    143: 'either',
  } as const
  for (const [{ shortname }, wanted] of [
    [image, holds.entry],
    [other, holds.other ?? usual[holds.status]],
  ] as const) {
    if (wanted !== 'either') expect(done.includes(shortname) ? 'new' : 'old', shortname).toBe(wanted)
  }
  const touched = new Set(
    [image, other].filter(({ shortname }) => done.includes(shortname)).map(({ file }) => file),
  )
  for (const [name, text] of Object.entries(after)) {
    if (!touched.has(name)) expect(text, `${name} byte for byte`).toBe(before[name])
  }
  const ours = (await readdir(dirname(folder))).filter((name) => name.startsWith(`.${basename(folder)}.`))
  const left = [...(await readdir(folder)), ...ours].filter((name) => !(name in before))
  if (holds.atOnce !== true) expect(left, 'what lies beside the catalogue').toEqual(holds.beside ?? [])
}

async function assertMirror(holds: Holds, scene: Scene, mirror: 'store' | 'folder'): Promise<void> {
  const { store, image, other } = scene
  const visible = (await scene.place(mirror).read(objectOf(image))) !== undefined
  if (holds.entry !== 'either') expect(visible, 'the object').toBe(holds.object ?? holds.entry === 'new')
  if (mirror === 'folder' && existsSync(scene.mirrorDir)) {
    const names = (await readdir(scene.mirrorDir, { recursive: true })).filter((name) =>
      name.endsWith('.part'),
    )
    expect(names, 'unfinished files').toEqual([])
  }
  expect(store.uploads(), 'unfinished uploads').toHaveLength(holds.uploads ?? 0)
  const known = [...[image, other].map(objectOf), ...scene.earlier]
  for (const { key, acl } of store.objects()) {
    if (known.includes(key) || acl !== 'public-read') continue
    if (key === `${objectOf(image)}.source.json`) {
      expect((await store.read('openstack-images', key)).toString()).toContain(image.newest.checksum)
      continue
    }
    if (/^image-updater-probe-[0-9a-f]{12}\.qcow2$/.test(key)) continue
    expect(key, 'another visible object').toMatch(/^[^/]+\/SHA(?:256|512)SUMS$/)
    await assertTrue(key, await store.read('openstack-images', key), [image, other])
  }
  const staging = store.objects().filter(({ key }) => key.endsWith('.upload'))
  expect(staging, 'temporary objects').toHaveLength(holds.staging ?? 0)
}

/** A checksum file of the mirror names the image's file by its digest. */
async function assertTrue(key: string, text: Buffer, images: readonly Watched[]): Promise<void> {
  const algorithm = key.includes('SHA512') ? 'sha512' : 'sha256'
  for (const image of images) {
    const [folder = '', name = ''] = objectOf(image).split('/')
    if (!key.startsWith(`${folder}/`)) continue
    const digest = hexDigest(algorithm, image.newest.stored)
    for (const line of text.toString().split('\n')) if (line.endsWith(name)) expect(line).toContain(digest)
  }
}
