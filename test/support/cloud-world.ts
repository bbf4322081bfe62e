import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Origin } from './origin.ts'
import { startOrigin } from './origin.ts'
import { hexDigest, imageOf } from './world/published.ts'

/** A build that a distribution publishes, and an entry of `versions` names. */
export interface CloudBuild {
  readonly version: string
  /** Path on the origin. */
  readonly path: string
  readonly url: string
  readonly checksum: string
  readonly bytes: Buffer
  /** The entry of `versions`. */
  readonly entry: Readonly<Record<string, unknown>>
}

/** An entry of `images`. */
export type CloudEntry = Readonly<Record<string, unknown>>

/** A catalogue for clouds, and the server of what it names. */
export interface CloudWorld {
  readonly home: string
  /** Of the catalogue's files. */
  readonly folder: string
  readonly origin: Origin
  readonly cloudsFile: string
  /** Publishes a build, e.g. of `debian`, version `20260101`; other `seed`s make other bytes of the same version. */
  build(image: string, version: string, seed?: string): CloudBuild
  /** Writes a catalogue file of these entries. */
  write(file: string, entries: readonly CloudEntry[]): Promise<void>
  /** The text of a `clouds.yaml`, for nobody else to read. */
  login(cloudsFile: string): Promise<void>
  read(file: string): Promise<string>
  close(): Promise<void>
}

export interface CloudWorldOptions {
  /** Default: any that is free. */
  readonly port?: number | undefined
  /** Bytes of an image, roughly. Default: 150,000. */
  readonly size?: number
}

export async function startCloudWorld({ port, size = 150_000 }: CloudWorldOptions = {}): Promise<CloudWorld> {
  const home = await mkdtemp(join(tmpdir(), 'cloud-world-'))
  const folder = join(home, 'images')
  const cloudsFile = join(home, 'clouds.yaml')
  await mkdir(folder)
  const origin = await startOrigin({ port })
  return {
    home,
    folder,
    origin,
    cloudsFile,
    build(image, version, seed = '') {
      const path = `/${image}/${version}${seed}/${image}.qcow2`
      const url = `${origin.url}${path}`
      const bytes = Buffer.from(imageOf(`${image} ${version} ${seed}`, size))
      origin.put(path, bytes)
      const checksum = `sha256:${hexDigest('sha256', bytes)}`
      const buildDate = `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}`
      const entry = { version, url, checksum, build_date: buildDate }
      return { version, path, url, checksum, bytes, entry }
    },
    write: (file, entries) => writeFile(join(folder, file), stringify({ images: entries })),
    login: (text) => writeFile(cloudsFile, text, { mode: 0o600 }),
    read: (file) => readFile(join(folder, file), 'utf8'),
    async close() {
      await origin.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** An entry of a catalogue: `multi`, public, of these versions. */
export function cloudEntry(
  name: string,
  versions: readonly Readonly<Record<string, unknown>>[],
  more: Readonly<Record<string, unknown>> = {},
): CloudEntry {
  const shortname = name.toLowerCase().replaceAll(' ', '-')
  const { meta, ...others } = more
  return {
    name,
    shortname,
    enable: true,
    format: 'qcow2',
    login: 'user',
    min_disk: 0,
    min_ram: 512,
    status: 'active',
    visibility: 'public',
    multi: true,
    tags: [],
    ...others,
    meta: {
      architecture: 'x86_64',
      hw_disk_bus: 'scsi',
      os_distro: shortname.replace(/-.*/, ''),
      os_version: /-(\d+)$/.exec(shortname)?.[1] ?? '99',
      uuid_validity: 'last-3',
      ...(meta as object),
    },
    versions,
  }
}
