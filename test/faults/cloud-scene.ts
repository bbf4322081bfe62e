import { join } from 'node:path'
import { type CloudBuild, type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { type FakeCloud, type FakeRecord, startFakeCloud } from '../support/fake-cloud.ts'
import { usualSettings } from '../support/fake-glance.ts'
import type { FakeUser } from '../support/fake-keystone.ts'

export const imageName = 'Debian 12'
export const otherName = 'Ubuntu 24'
export const password = 'pa55w0rd-of-nobody'

/** Everything around one publish: one image has an old version in the cloud, the other one is not there. */
export interface CloudScene {
  readonly world: CloudWorld
  readonly cloud: FakeCloud
  readonly builds: { readonly old: CloudBuild; new: CloudBuild; readonly other: CloudBuild }
  /** The image of the old version. */
  readonly old: FakeRecord
  /** Further options and variables of the command. */
  readonly args: string[]
  readonly env: Record<string, string>
  /** No cloud is named on the command line. */
  unnamed: boolean
  /** Where the command runs. */
  cwd: string
  readonly clock: {
    /** Milliseconds by which the cloud's clock is ahead of the machine's. */
    ahead: number
    /** Seconds that a token lives. */
    lifetime: number
  }
  /** What was wrong in the cloud between two requests. */
  readonly wrongs: string[]
  /** Settles when a fault calls `reach`. */
  readonly reached: Promise<void>
  readonly reach: () => void
  /** Writes the image's definition, with these keys beside the usual ones. */
  define(
    more: Readonly<Record<string, unknown>>,
    versions?: readonly Readonly<Record<string, unknown>>[],
  ): Promise<void>
  /** The same of the other image. */
  defineOther(more: Readonly<Record<string, unknown>>): Promise<void>
  /** An image in the cloud as a finished run of ours leaves it. */
  leaveOurs(name: string, build: CloudBuild, more?: Readonly<Record<string, unknown>>): FakeRecord
  /** Nothing is wrong any more, and three hours have passed. */
  heal(): void
  onEnd(task: () => unknown): void
  end(): Promise<void>
}

const users: readonly FakeUser[] = [
  {
    name: 'admin',
    password,
    roles: { admin: ['admin', 'member', 'reader'], tenant: ['admin', 'member', 'reader'] },
  },
  { name: 'member', password, roles: { tenant: ['member', 'reader'] } },
  { name: 'reader', password, roles: { tenant: ['reader'] } },
]

export async function openCloudScene(): Promise<CloudScene> {
  const world = await startCloudWorld({ size: 40_000 })
  const wrongs: string[] = []
  const clock = { ahead: 0, lifetime: 3600 }
  const cloud = await startFakeCloud({
    users,
    settings: { importLooks: 1 },
    now: () => Date.now() + clock.ahead,
    lifetime: () => clock.lifetime,
    done: ({ call, method }) => {
      const twice = namedTwice(cloud.images())
      if (twice.length > 0)
        wrongs.push(`after ${method} (${call}): two public images called ${twice.join(', ')}`)
    },
  })
  const builds = {
    old: world.build('debian', '20260101'),
    new: world.build('debian', '20260201'),
    other: world.build('ubuntu', '20260201'),
  }
  const tasks: (() => unknown)[] = [() => world.close(), () => cloud.close()]
  let reach = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const leaveOurs: CloudScene['leaveOurs'] = (name, { version, checksum, url, bytes }, more = {}) => {
    const day = `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}`
    return cloud.leave(
      {
        name,
        visibility: 'public',
        disk_format: 'qcow2',
        container_format: 'bare',
        min_disk: 1,
        min_ram: 512,
        tags: ['managed_by_osism', 'os:debian'],
        created_at: `${day}T00:00:00Z`,
        updated_at: `${day}T00:00:00Z`,
        image_description: name.replace(/ \(.*/, ''),
        image_name: name.replace(/ \(.*/, ''),
        image_source: url,
        image_updater_checksum: checksum,
        image_updater_definition: name.replace(/ \(.*/, ''),
        internal_version: version,
        ...more,
      },
      bytes,
    )
  }
  const scene: CloudScene = {
    world,
    cloud,
    builds,
    old: leaveOurs(imageName, builds.old),
    args: [],
    env: {},
    unnamed: false,
    cwd: world.home,
    clock,
    wrongs,
    reached,
    reach: () => reach(),
    define: (more, versions = [scene.builds.new.entry]) =>
      world.write('debian.yml', [cloudEntry(imageName, versions, more)]),
    defineOther: (more) => world.write('ubuntu.yml', [cloudEntry(otherName, [builds.other.entry], more)]),
    leaveOurs,
    heal() {
      scene.unnamed = false
      cloud.forgetFaults()
      Object.assign(cloud.settings, { ...usualSettings, importLooks: 1 })
      clock.ahead += 3 * 3_600_000
    },
    onEnd: (task) => void tasks.push(task),
    async end() {
      for (const task of tasks.reverse()) await task()
    },
  }
  await scene.define({})
  await scene.defineOther({})
  await world.login(cloud.cloudsFile('admin'))
  return scene
}

/** A publish of the scene's catalogue. */
export function publishArgs({ world, unnamed }: Pick<CloudScene, 'world' | 'unnamed'>): readonly string[] {
  const usual = ['publish', '--images', world.folder, '--output', 'json', '--debug']
  return unnamed ? usual : [...usual, '--cloud', 'fake']
}

export function publishEnv({ world }: Pick<CloudScene, 'world'>): Readonly<Record<string, string>> {
  const { home, cloudsFile } = world
  return { HOME: home, OS_CLIENT_CONFIG_FILE: cloudsFile, XDG_STATE_HOME: join(home, 'state') }
}

/** Names that more than one public image of ours has. */
export function namedTwice(images: readonly FakeRecord[]): string[] {
  const names = images
    .filter(
      ({ visibility, owner, image_updater_definition: own }) =>
        visibility === 'public' && own !== undefined && owner !== null,
    )
    .map(({ name }) => String(name))
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}
