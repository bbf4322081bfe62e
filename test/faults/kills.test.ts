import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { assertWhole, entryOf, type Watched } from '../support/world/whole.ts'
import { startCommand } from './command.ts'
import { usualArgs, usualEnv } from './run-row.ts'
import { openScene, type Scene } from './scene.ts'
import { assertAgreed, publishSecondBuild } from './second-build.ts'
import { seeded } from './seeded.ts'

/** Each of the four series is killed so often; together 200 times. */
const killsOfSeries = 50
/** Each of the four of a second build of one day. */
const killsOfSecond = 12
/** Kills of one catalogue, on its way from outdated to finished. */
const killsOfRound = 8
/** Requests that a run makes, roughly: of all its images, and more for each one that is not done. */
const requestsOfRun = 12
const requestsOfImage = 7
/** Of one image for which the catalogue names the first build of a day. */
const requestsOfSecond = { store: 26, folder: 4 }
/** Milliseconds. */
const longestWait = 30

let killed = 0
afterAll(() => {
  process.stdout.write(`${killed} kills\n`)
})

interface Round {
  readonly scene: Scene
  readonly images: readonly Watched[]
  readonly mirror: 'store' | 'folder'
  /** Default: all. */
  readonly names?: readonly string[]
}

async function openRound(mirror: 'store' | 'folder'): Promise<Round> {
  const scene = await openScene('rocky-9')
  const images = scene.world.published.flatMap(({ definition: { file, shortname }, newest }) =>
    newest === undefined ? [] : [{ file, shortname, newest }],
  )
  return { scene, images, mirror }
}

function start({ scene, mirror, names = [] }: Round) {
  return startCommand([...usualArgs(scene, mirror), '--quiet', ...names], {
    ...usualEnv(scene),
    XDG_STATE_HOME: join(scene.home, 'state'),
  })
}

/** What the machine remembers is as old as what lies in the store. */
async function ageState(home: string, milliseconds: number): Promise<void> {
  const folder = join(home, 'state/image-updater')
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith('upload-')) continue
    const path = join(folder, name)
    const { format, value } = JSON.parse(await readFile(path, 'utf8'))
    const begun = new Date(Date.parse(value.begun) - milliseconds).toISOString()
    await writeFile(path, JSON.stringify({ format, value: { ...value, begun } }))
  }
}

/** Every file and every object is the old one or the new one. Returns how many entries are new. */
async function assertAllWhole({ scene, images, mirror }: Round): Promise<number> {
  const texts = { before: scene.before, after: await scene.texts() }
  const done = await assertWhole(images, texts, scene.origin.url, scene.place(mirror))
  return done.length
}

/** Kills a run at a random request of so many, a random moment after it. `false`: it ended before. */
async function killAt(round: Round, requests: number, random: () => number): Promise<boolean> {
  const { origin, store } = round.scene
  const { child, ended } = start(round)
  const moment = 1 + Math.floor(random() * requests)
  const wait = random() * longestWait
  const asked = () => origin.requests.length + store.requests.length
  const limit = asked() + moment
  while (asked() < limit && child.exitCode === null) await pause(1)
  await pause(wait)
  child.kill('SIGKILL')
  const { status } = await ended
  return status === null
}

async function kill(round: Round, random: () => number): Promise<boolean> {
  const left = round.images.length - (await assertAllWhole(round))
  const isKilled = await killAt(round, requestsOfRun + requestsOfImage * left, random)
  await assertAllWhole(round)
  return isKilled
}

/** The next run finishes the work; where it comes two days later, it removes what the others left. */
async function finish(round: Round): Promise<void> {
  const { scene, images, mirror } = round
  scene.store.age(48 * 3_600_000)
  await ageState(scene.home, 48 * 3_600_000)
  const { status, err } = await start(round).ended
  expect(status, err).toBe(0)
  expect(await assertAllWhole(round)).toBe(images.length)
  expect((await readdir(scene.folder)).sort()).toEqual(Object.keys(scene.before).sort())
  expect((await readdir(scene.home)).filter((name) => name.startsWith('.images.'))).toEqual([])
  if (mirror === 'store') {
    const sums = /\/SHA(?:256|512)SUMS$/
    const keys = scene.store.objects().map(({ key }) => key)
    const sidecars = keys.filter((key) => key.endsWith('.source.json'))
    expect(sidecars).toEqual(['appliance/20260401-appliance.qcow2.source.json'])
    const objects = keys.filter((key) => !sums.test(key) && !sidecars.includes(key))
    expect([scene.store.uploads(), objects.length]).toEqual([[], images.length])
  }
}

describe('runs that are killed by SIGKILL at random moments', () => {
  it.concurrent.each([
    ['an object store', 'store', 11],
    ['an object store', 'store', 12],
    ['a folder', 'folder', 21],
    ['a folder', 'folder', 22],
  ] as const)(
    'leave every file whole, and are finished by the next one (%s, seed %s %i)',
    async (_, mirror, seed) => {
      const random = seeded(seed)
      for (let left = killsOfSeries; left > 0; ) {
        const round = await openRound(mirror)
        try {
          for (let turn = 0; turn < killsOfRound && left > 0; turn += 1) {
            if (!(await kill(round, random))) continue
            left -= 1
            killed += 1
          }
          await finish(round)
        } finally {
          await round.scene.end()
        }
      }
    },
    600_000,
  )

  it.concurrent.each([
    ['an object store', 'store', 'rocky-9', 31],
    ['an object store, packed', 'store', 'appliance', 32],
    ['a folder', 'folder', 'rocky-9', 41],
    ['a folder, packed', 'folder', 'appliance', 42],
  ] as const)(
    'leave what the catalogue names as its checksum says, where a day has a second build (%s)',
    async (_, mirror, shortname, seed) => {
      const random = seeded(seed)
      for (let left = killsOfSecond; left > 0; ) {
        const scene = await openScene(shortname)
        const round = { scene, images: [], mirror, names: [shortname] }
        try {
          const first = await publishSecondBuild(scene, mirror)
          for (let turn = 0; turn < killsOfRound && left > 0; turn += 1) {
            const isKilled = await killAt(round, requestsOfSecond[mirror], random)
            await assertAgreed(scene, mirror, first)
            if (!isKilled) break
            left -= 1
            killed += 1
          }
          const { status, err } = await start(round).ended
          expect(status, err).toBe(0)
          await assertAgreed(scene, mirror, first)
          const entry = entryOf(await readFile(scene.file, 'utf8'), shortname)
          expect(entry?.checksum).toBe(scene.image.newest.checksum)
        } finally {
          await scene.end()
        }
      }
    },
    600_000,
  )
})
