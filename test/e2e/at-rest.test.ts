import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundledCommand } from '../support/command.ts'
import { type HistoryWorld, startHistoryWorld } from '../support/history-world.ts'

const main = await bundledCommand()

let world: HistoryWorld
let home: string
beforeEach(async () => {
  world = await startHistoryWorld()
  home = await mkdtemp(join(tmpdir(), 'at-rest-'))
  return async () => {
    await world.close()
    await rm(home, { recursive: true, force: true })
  }
})
afterEach(() => expect(world.store.uploads()).toEqual([]))

/** A mirror of either kind, as a test sees it. */
interface Place {
  readonly args: readonly string[]
  url(key: string): string
  read(key: string): Promise<Buffer>
  rot(key: string): Promise<void>
}

const places: Record<string, () => Place> = {
  'an object store': () => ({
    args: [],
    url: world.publicUrl,
    read: (key) => world.store.read('openstack-images', key),
    rot: (key) => world.store.rot(key),
  }),
  'a folder': () => ({
    args: ['--mirror-dir', home],
    url: (key) => pathToFileURL(join(home, key)).href,
    read: (key) => readFile(join(home, key)),
    async rot(key) {
      const bytes = await readFile(join(home, key))
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
      await writeFile(join(home, key), bytes)
    },
  }),
}

async function command(...args: readonly string[]) {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    MINIO_SERVER: world.store.endpoint,
    MINIO_ACCESS_KEY: world.store.accessKey,
    MINIO_SECRET_KEY: world.store.secretKey,
    SWIFT_PREFIX: world.store.swiftPrefix,
    IMAGE_UPDATER_IMAGES: world.folder,
  }
  const child = spawn(process.execPath, [main, ...args, '--output', 'json'], { env })
  const [out, err, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { status, err, report: JSON.parse(out) }
}

describe.each(Object.entries(places))('bytes that changed at rest, in %s', (_name, open) => {
  it.each([false, true])('are found and replaced by mirror --verify full (packed: %s)', async (packed) => {
    const place = open()
    const [sound, rotten] = [world.build('20260301', { packed }), world.build('20260201', { packed })]
    const keyOf = ({ version }: { version: string }) => `demo-1/${version}-demo-1.qcow2`
    await world.write([sound, rotten].map((one) => ({ ...one, mirrorUrl: place.url(keyOf(one)) })))
    const catalogue = () => readFile(join(world.folder, 'demo.yml'), 'utf8')
    const before = await catalogue()
    expect((await command('mirror', ...place.args)).report.summary).toMatchObject({ stored: 2, failed: 0 })
    expect((await command('mirror', '--verify', 'full', ...place.args)).report.summary).toMatchObject({
      ...{ present: 2, stored: 0 },
    })
    await place.rot(keyOf(rotten))
    expect((await command('verify', '--full', '--file-root', home)).status).toBe(5)
    expect((await command('mirror', ...place.args)).report.summary).toMatchObject({ present: 2 })
    const dry = await command('mirror', '--verify', 'full', '--dry-run', ...place.args)
    expect(dry.report.summary).toMatchObject({ present: 1, would_store: 1 })
    expect((await place.read(keyOf(rotten))).equals(rotten.stored)).toBe(false)

    const mended = await command('mirror', '--verify', 'full', ...place.args)
    expect(mended.status, mended.err).toBe(0)
    expect(mended.report.versions).toMatchObject([
      { status: 'present', warnings: [] },
      {
        status: 'stored',
        warnings: [
          expect.stringMatching(
            /^The bytes of demo-1\/20260201\S+ on the mirror have sha256:\S+, not sha256:/,
          ),
        ],
      },
    ])
    expect((await place.read(keyOf(rotten))).equals(rotten.stored)).toBe(true)
    expect((await command('verify', '--full', '--file-root', home)).status).toBe(0)
    expect(await catalogue()).toBe(before)
  })

  it('stay, and are told, where the source is gone or other than the catalogue says', async () => {
    const place = open()
    const [gone, other] = [world.build('20260301'), world.build('20260201')]
    const keyOf = ({ version }: { version: string }) => `demo-1/${version}-demo-1.qcow2`
    await world.write([gone, other].map((one) => ({ ...one, mirrorUrl: place.url(keyOf(one)) })))
    await command('mirror', ...place.args)
    await place.rot(keyOf(gone))
    await place.rot(keyOf(other))
    const rotten = await place.read(keyOf(gone))
    world.origin.remove('/demo/20260301/demo.qcow2')
    world.origin.put('/demo/20260201/demo.qcow2', world.build('20260202').stored)
    const { status, report } = await command('mirror', '--verify', 'full', ...place.args)
    expect(status).toBe(1)
    expect(report.versions).toMatchObject([
      { status: 'failed', reason: 'source-gone', warnings: [expect.stringContaining('on the mirror have')] },
      { status: 'failed', reason: 'mismatch', warnings: [expect.stringContaining('on the mirror have')] },
    ])
    expect((await place.read(keyOf(gone))).equals(rotten)).toBe(true)
    expect((await command('verify', '--full', '--file-root', home)).status).toBe(5)
  })
})

describe('an object that nobody can read', () => {
  it('is a failure of mirror, though it is there', async () => {
    await world.write([world.build('20260301')])
    await command('mirror')
    world.store.fault({
      on: 'PublicRead',
      effect: { type: 'error', status: 409, code: 'Conflict' },
      times: 1000,
    })
    for (const args of [[], ['--verify', 'full']]) {
      const { status, report } = await command('mirror', ...args)
      expect(status).toBe(1)
      expect(report.versions).toMatchObject([{ status: 'failed', error: { code: 'PUBLIC_UNREADABLE' } }])
    }
  })
})
