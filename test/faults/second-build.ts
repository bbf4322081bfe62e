import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { hexDigest, imageOf } from '../support/world/published.ts'
import { entryOf, objectOf } from '../support/world/whole.ts'
import { startCommand } from './command.ts'
import { usualArgs, usualEnv } from './run-row.ts'
import type { Scene } from './scene.ts'

type Mirror = 'store' | 'folder'

/** Where the first build of the day is, and what it is. */
export interface FirstBuild {
  readonly object: string
  readonly bytes: Buffer
}

/** The image's newest build is on the mirror and in the catalogue, and its distribution publishes another one of that day. */
export async function publishSecondBuild(
  scene: Scene,
  mirror: Mirror,
  options: readonly string[] = [],
): Promise<FirstBuild> {
  const { image, file, paths } = scene
  const { ended } = startCommand([...usualArgs(scene, mirror), ...options, image.shortname], usualEnv(scene))
  const { status, err } = await ended
  expect(status, err).toBe(0)
  scene.before[image.file] = await readFile(file, 'utf8')
  const object = objectOf(image)
  const bytes = (await scene.place(mirror).read(object)) ?? Buffer.of()
  scene.earlier.push(object, `${object}.source.json`)
  const stored = imageOf('second build', 150_000)
  const packed = paths.image.endsWith('.gz') ? gzipSync(stored) : stored
  scene.publish(stored, packed)
  image.object = object.replace(/(\/\d{8})-/, `$1.${hexDigest('sha256', packed).slice(0, 12)}-`)
  return { object, bytes }
}

/** What the catalogue names has the bytes that its checksum says, and the first build is as it was. */
export async function assertAgreed(scene: Scene, mirror: Mirror, first: FirstBuild): Promise<void> {
  const place = scene.place(mirror)
  expect((await place.read(first.object))?.equals(first.bytes), `${first.object} is as it was`).toBe(true)
  const { checksum = '', mirror_url: url = '' } =
    entryOf(await readFile(scene.file, 'utf8'), scene.image.shortname) ?? {}
  const named = [first.object, objectOf(scene.image)].find((object) => String(url).endsWith(`/${object}`))
  const bytes = await place.read(named ?? '')
  const [algorithm = '', hex] = String(checksum).split(':')
  expect(
    createHash(algorithm)
      .update(bytes ?? '')
      .digest('hex'),
    `${url} has its checksum`,
  ).toBe(hex)
}

/** Rewrites the entry of the catalogue. */
export async function rewriteEntry(
  { file, image, before }: Scene,
  change: (text: string) => string,
): Promise<void> {
  const text = change(await readFile(file, 'utf8'))
  before[image.file] = text
  await writeFile(file, text)
}
