import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const killsEach = 8

let world: World
let store: S3Server
let mirrorDir: string

beforeAll(async () => {
  world = await startWorld(2_000_000)
  store = await startS3Server()
  mirrorDir = await mkdtemp(join(tmpdir(), 'image-updater-mirror-'))
})
afterAll(async () => {
  await world.close()
  await store.close()
  await rm(mirrorDir, { recursive: true })
})

/** Park and Miller's generator: the same kills in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

interface Place {
  readonly args: () => readonly string[]
  /** The object's bytes, if it is visible. */
  readonly read: (object: string) => Promise<Buffer | undefined>
  readonly url: (object: string) => string
}

const onStore: Place = {
  args: () => ['--minio-server', store.endpoint, '--swift-prefix', store.swiftPrefix],
  read: async (object) =>
    store.objects().some(({ key }) => key === object) ? store.read('openstack-images', object) : undefined,
  url: (object) => `${store.endpoint}/${store.swiftPrefix}openstack-images/${object}`,
}
const inFolder: Place = {
  args: () => ['--mirror-dir', mirrorDir],
  read: async (object) => {
    const path = join(mirrorDir, object)
    return existsSync(path) ? readFile(path) : undefined
  },
  url: (object) => `file://${mirrorDir}/${object}`,
}

function start(folder: string, place: Place): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', main, '--quiet', '--images', folder, ...place.args()], {
    env: {
      PATH: process.env.PATH,
      HOME: dirname(folder),
      MINIO_ACCESS_KEY: store.accessKey,
      MINIO_SECRET_KEY: store.secretKey,
    },
    stdio: 'ignore',
  })
}

const asked = () => world.origin.requests.length + store.requests.length

/** Every entry is the old one or the new one, what it names is there, and nothing else is visible. */
async function assertWhole(folder: string, place: Place): Promise<number> {
  const texts = await readCatalogueFolder(folder, Object.keys(world.catalogue))
  let done = 0
  for (const { definition, newest } of world.published) {
    if (newest === undefined) continue
    const { shortname, file } = definition
    const entryOf = (text = '') =>
      (parse(text) as { images: { shortname: string; versions: Record<string, string>[] }[] }).images.find(
        (image) => image.shortname === shortname,
      )?.versions[0]
    const object = `${shortname}/${newest.version}-${shortname}.qcow2`
    const bytes = await place.read(object)
    if (bytes !== undefined) expect(bytes.equals(newest.stored), object).toBe(true)
    const entry = entryOf(texts[file])
    if (entry?.version !== newest.version) {
      expect(entry).toEqual(entryOf(world.catalogue[file]))
      continue
    }
    done += 1
    expect(entry).toMatchObject({
      checksum: newest.checksum,
      url: `${world.origin.url}/${newest.path}`,
      mirror_url: place.url(object),
    })
    expect(bytes, object).toBeDefined()
  }
  return done
}

describe.each([
  ['an object store', onStore, 11],
  ['a folder', inFolder, 22],
] as const)('a run on %s that is killed', (_, place, seed) => {
  it(`${killsEach} times leaves every file whole, and the next run finishes the work`, async () => {
    const folder = await world.writeCatalogue()
    const random = seeded(seed)
    for (let kill = 0; kill < killsEach; kill += 1) {
      const child = start(folder, place)
      const ended = once(child, 'exit')
      const limit = asked() + 1 + Math.floor(random() * 40)
      while (asked() < limit && child.exitCode === null) await turn()
      for (let left = Math.floor(random() * 200); left > 0; left -= 1) await turn()
      child.kill('SIGKILL')
      await ended
      await assertWhole(folder, place)
    }
    const child = start(folder, place)
    const [status] = await once(child, 'exit')
    expect(status).toBe(0)
    expect(await assertWhole(folder, place)).toBe(7)
    const finished = await readCatalogueFolder(folder, Object.keys(world.catalogue))
    const [again] = await once(start(folder, place), 'exit')
    expect(again).toBe(0)
    expect(await readCatalogueFolder(folder, Object.keys(world.catalogue))).toEqual(finished)
    expect((await readdir(folder)).sort()).toEqual(Object.keys(world.catalogue).sort())
    await rm(dirname(folder), { recursive: true })
  }, 300_000)
})
