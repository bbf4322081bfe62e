import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { S3Server } from '../support/s3-server.ts'
import { startS3Server } from '../support/s3-server.ts'
import { hexDigest, type Newest } from '../support/world/published.ts'
import type { MirrorPlace, Watched } from '../support/world/whole.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'
import { mountDisk, unmountDisk } from './disk.ts'

export const bystander = 'debian-12'

/** Of the image's own file, which its version is made of. */
export const lastModified = new Date('2026-05-31T23:30:00Z')

type Changing<T> = { -readonly [Key in keyof T]: T[Key] }

type Victim = Changing<Omit<Watched, 'newest'>> & { readonly newest: Changing<Newest> }

/** Everything around one run of the command. */
export interface Scene {
  readonly world: World
  readonly origin: World['origin']
  store: S3Server
  /** Further options and variables of the command. */
  readonly args: string[]
  readonly env: Record<string, string>
  /** The catalogue's folder, in `home`. */
  readonly folder: string
  readonly home: string
  /** A mirror in a folder. */
  readonly mirrorDir: string
  readonly image: Victim
  readonly other: Watched
  /** Objects that were there before. */
  readonly earlier: string[]
  /** Paths on the origin. */
  readonly paths: { image: string; manifest: string }
  /** The catalogue file of the image. */
  readonly file: string
  /** The texts as the run finds them. */
  readonly before: Record<string, string>
  /** Settles when a fault calls `reach`. */
  readonly reached: Promise<void>
  readonly reach: () => void
  /** Changes the image's catalogue file before the run. */
  rewrite(change: (text: string) => string): Promise<void>
  /** Puts other bytes where the image's are, and leaves the manifest as it is. */
  replace(bytes: Uint8Array | string): void
  /** Declares another format in the catalogue. */
  declare(format: string): Promise<void>
  /** The image, which is published as .gz, is published in another way. */
  compress(compression: string): Promise<void>
  /** A PATH on which there is Node and what its start needs, and no decompressor. */
  pathOfNodeAlone(): Promise<string>
  /** Publishes other bytes at the image's own path, with a manifest that is right. */
  publish(stored: Uint8Array, packed?: Uint8Array): void
  /** Puts the home with the catalogue and the mirror on a file system of its own with so much room. */
  onDiskOf(size: string): Promise<void>
  texts(): Promise<Record<string, string>>
  place(mirror: 'store' | 'folder'): MirrorPlace
  /** Runs after the scene, last one first. */
  onEnd(task: () => unknown): void
  end(): Promise<void>
}

/** @param shortname the image that will meet the fault */
export async function openScene(shortname: string): Promise<Scene> {
  const world = await startWorld(150_000)
  const store = await startS3Server()
  const folder = await world.writeCatalogue()
  const home = dirname(folder)
  const mirrorDir = join(home, 'mirror')
  await mkdir(mirrorDir)
  const tasks: (() => unknown)[] = [
    () => rm(home, { recursive: true, force: true }),
    () => world.close(),
    () => scene.store.close(),
  ]
  const watch = (name: string): Victim => {
    const found = world.published.find(({ definition }) => definition.shortname === name)
    if (found?.newest === undefined) throw new Error(`the world has no ${name}`)
    return { file: found.definition.file, shortname: name, newest: { ...found.newest } }
  }
  const image = watch(shortname)
  const { definition } = world.published.find((one) => one.definition.shortname === shortname) ?? {}
  const paths = {
    image: `/${image.newest.path}`,
    manifest: `/${definition?.checksumUrl}`,
  }
  const before: Record<string, string> = { ...world.catalogue }
  let reach = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const scene: Scene = {
    world,
    origin: world.origin,
    args: [],
    env: {},
    store,
    folder,
    home,
    mirrorDir,
    image,
    other: watch(bystander),
    earlier: [],
    paths,
    file: join(folder, image.file),
    before,
    reached,
    reach: () => reach(),
    async rewrite(change) {
      const text = change(before[image.file] ?? '')
      before[image.file] = text
      await writeFile(join(folder, image.file), text)
    },
    replace: (body) => world.origin.put(paths.image, { body, lastModified }),
    publish(stored, packed = stored) {
      const name = paths.image.slice(paths.image.lastIndexOf('/') + 1)
      const digest = hexDigest('sha256', packed)
      scene.replace(packed)
      world.origin.put(paths.manifest, `${digest}  ${name}\n`)
      Object.assign(image.newest, { stored, checksum: `sha256:${hexDigest('sha256', stored)}` })
    },
    async declare(format) {
      image.format = format
      await scene.rewrite((text) => text.replace(/format: \w+/, `format: ${format}`))
    },
    async compress(compression) {
      const rename = (text: string) => text.replace(/\.qcow2\.gz/g, `.qcow2.${compression}`)
      world.origin.remove(paths.image)
      paths.image = rename(paths.image)
      image.newest.path = rename(image.newest.path)
      await scene.rewrite(rename)
    },
    async pathOfNodeAlone() {
      const bin = join(home, 'bin')
      await mkdir(bin)
      await symlink(process.execPath, join(bin, 'node'))
      for (const name of ['sh', 'readlink']) await symlink(`/bin/${name}`, join(bin, name))
      return bin
    },
    async onDiskOf(size) {
      mountDisk(home, size)
      tasks.push(() => unmountDisk(home))
      await mkdir(folder)
      await mkdir(mirrorDir)
      for (const [name, text] of Object.entries(before)) await writeFile(join(folder, name), text)
    },
    texts: () => readCatalogueFolder(folder, Object.keys(before)),
    place: (mirror) => (mirror === 'store' ? onStore(scene) : inFolder(scene)),
    onEnd: (task) => void tasks.push(task),
    async end() {
      for (const task of tasks.reverse()) await task()
    },
  }
  return scene
}

function onStore({ store }: Scene): MirrorPlace {
  return {
    read: async (object) =>
      store.objects().some(({ key }) => key === object) ? store.read('openstack-images', object) : undefined,
    url: (object) => `${store.endpoint}/${store.swiftPrefix}openstack-images/${object}`,
  }
}

function inFolder({ mirrorDir }: Scene): MirrorPlace {
  return {
    read: async (object) => {
      const path = join(mirrorDir, object)
      return existsSync(path) ? readFile(path) : undefined
    },
    url: (object) => `file://${mirrorDir}/${object}`,
  }
}
