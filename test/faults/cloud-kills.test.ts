import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { type CloudBuild, cloudEntry } from '../support/cloud-world.ts'
import type { FakeRecord } from '../support/fake-cloud.ts'
import {
  type CloudScene,
  imageName,
  openCloudScene,
  otherName,
  publishArgs,
  publishEnv,
} from './cloud-scene.ts'
import { startCommand } from './command.ts'
import { seeded } from './seeded.ts'

/** Each of the four series is killed so often; together 100 times. */
const killsOfSeries = 25
/** Kills in one cloud, whose catalogue has new builds each time. */
const killsOfScene = 9
/** Requests that a run makes of the cloud and of the distribution, roughly. */
const requestsOfRun = { 'glance-direct': 62, upload: 52 }
/** Milliseconds. */
const longestWait = 15

/** By what was left behind: steps of unfinished records. */
const kills = new Map<string, number>()
afterAll(() => {
  const counts = [...kills].sort().map(([left, count]) => `${count} with ${left}`)
  process.stdout.write(`kills of a publish: ${counts.join('; ')}\n`)
})

interface Wanted {
  readonly name: string
  readonly build: CloudBuild
}

/** New builds of both images. */
async function rebuild({ world }: CloudScene, version: string): Promise<readonly Wanted[]> {
  const wanted = [
    { name: imageName, build: world.build('debian', version) },
    { name: otherName, build: world.build('ubuntu', version) },
  ]
  const entries = wanted.map(({ name, build }) =>
    cloudEntry(name, [build.entry], { meta: { uuid_validity: 'last-2' } }),
  )
  await world.write('debian.yml', entries)
  await world.write('ubuntu.yml', [])
  return wanted
}

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Every image that users see is whole and says what it is; a name has one image, or none while it is being given away. */
function assertSafe({ cloud, wrongs }: CloudScene, wanted: readonly Wanted[]): void {
  expect(wrongs).toEqual([])
  // The record that tries the rights is public for a moment, hidden and without bytes.
  const seen = cloud.images().filter((one) => one.visibility === 'public' && stepOf(one) !== 'probing')
  for (const { id, image_updater_checksum: checksum, status, name } of seen) {
    expect([status, sha256(cloud.bytes(id))], `${name} (${id})`).toEqual(['active', checksum])
  }
  for (const { name } of wanted) {
    const holders = seen.filter((one) => one.name === name && !one.os_hidden)
    const isOnItsWay = cloud.images().some((one) => one.name === name && stepOf(one) === 'promoting')
    const wasThere = cloud
      .images()
      .some((one) => one.image_updater_definition === name && one.visibility === 'public')
    if (wasThere) expect(holders.length === 1 || isOnItsWay, `somebody has the name ${name}`).toBe(true)
  }
}

function stepOf({ image_updater_journal: journal }: FakeRecord): string | undefined {
  return typeof journal === 'string' ? journal.split(' ')[0] : undefined
}

function tally({ cloud }: CloudScene): void {
  const left = cloud.images().flatMap((image) => stepOf(image) ?? [])
  const key = left.length === 0 ? 'nothing unfinished' : left.sort().join(' and ')
  kills.set(key, (kills.get(key) ?? 0) + 1)
}

/** Exactly one image of each name, of the right bytes, and nothing that is not finished. */
function assertFinished(scene: CloudScene, wanted: readonly Wanted[]): void {
  const { cloud } = scene
  assertSafe(scene, wanted)
  for (const { name, build } of wanted) {
    const { id, visibility, os_hidden: isHidden } = cloud.named(name)
    expect([visibility, isHidden, sha256(cloud.bytes(id))], name).toEqual(['public', false, build.checksum])
  }
  for (const image of cloud.images()) {
    expect([image.status, stepOf(image)], `${image.name} (${image.id})`).toEqual(['active', undefined])
    const isCurrent = wanted.some(({ name }) => name === image.name)
    expect(image.os_hidden, `${image.name} is hidden`).toBe(!isCurrent)
  }
  const names = cloud.images().map(({ name }) => name)
  expect(new Set(names).size, 'names').toBe(names.length)
}

/** Kills a run at a random request, a random moment after it. `false`: it ended before. */
async function killOnce(scene: CloudScene, args: readonly string[], requests: number, random: () => number) {
  const asked = () => scene.cloud.calls.length + scene.world.origin.requests.length
  const limit = asked() + 1 + Math.floor(random() * requests)
  const wait = random() * longestWait
  const { child, ended } = startCommand(args, publishEnv(scene))
  while (asked() < limit && child.exitCode === null) await pause(1)
  await pause(wait)
  child.kill('SIGKILL')
  return (await ended).status === null
}

describe('publishes that are killed by SIGKILL at random moments', () => {
  it.concurrent.each([
    ['glance-direct', 'the same machine', 51],
    ['glance-direct', 'another machine', 52],
    ['upload', 'the same machine', 53],
    ['upload', 'another machine', 54],
  ] as const)(
    'never leave two images of one name, and are finished by the next run (%s, %s, seed %i)',
    async (method, next, seed) => {
      const random = seeded(seed)
      let day = 0
      for (let left = killsOfSeries; left > 0; ) {
        const scene = await openCloudScene()
        const args = [...publishArgs(scene), '--import', method]
        try {
          for (let turn = 0; turn < killsOfScene && left > 0; turn += 1) {
            const wanted = await rebuild(
              scene,
              `2026${String(1000 + (day % 28) + 201)
                .slice(1)
                .padStart(4, '0')}`,
            )
            day += 1
            if (await killOnce(scene, args, requestsOfRun[method], random)) {
              left -= 1
              tally(scene)
            }
            assertSafe(scene, wanted)
            // Another machine knows of the run only by its mark, which has to be old.
            if (next === 'another machine') scene.clock.ahead += 2 * 3_600_000
            const state =
              next === 'another machine' ? { XDG_STATE_HOME: join(scene.world.home, `state-${turn}`) } : {}
            const { status, err } = await startCommand(args, { ...publishEnv(scene), ...state }).ended
            expect(status, err).toBe(0)
            assertFinished(scene, wanted)
          }
        } finally {
          await scene.end()
        }
      }
    },
    600_000,
  )
})
