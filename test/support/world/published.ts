import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { makeQcow2 } from '../images.ts'
import type { Origin } from '../origin.ts'

/** An image definition of the world's catalogue. URLs are paths below the origin. */
export interface Definition {
  readonly file: string
  readonly name: string
  readonly shortname: string
  readonly osDistro: string
  readonly enable?: boolean
  readonly latestUrl: string
  readonly checksumUrl: string
  /** Of the outdated entry; absent: `versions: []`. */
  readonly before?: { readonly version: string; readonly url: string }
}

/** What a run makes of an image. */
export interface Newest {
  readonly version: string
  /** Path below the origin. */
  readonly path: string
  readonly checksum: string
  /** What is published of a packed file. */
  readonly source?: string
  /** The bytes that end up on the mirror. */
  readonly stored: Uint8Array
}

export interface Published {
  readonly definition: Definition
  /** Absent where a run leaves the image alone. */
  readonly newest?: Newest
}

/** Puts builds on the origin; `size` is that of an image, roughly, in bytes. */
export interface Publisher {
  readonly origin: Origin
  readonly size: number
}

export function hexDigest(algorithm: string, bytes: Uint8Array | string): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

/** A small qcow2 that no other name shares. */
export function imageOf(name: string, size: number): Uint8Array {
  const seed = Number.parseInt(hexDigest('md5', name).slice(0, 6), 16)
  return makeQcow2({ size: size + (seed % 50) * 512, seed, virtualSize: 2 ** 17 })
}

function build({ origin, size }: Publisher, path: string, lastModified: string): Uint8Array {
  const body = imageOf(path, size)
  origin.put(`/${path}`, { body, lastModified: new Date(lastModified) })
  return body
}

/** Dated folders beside an alias of the newest, GNU manifests with binary marks. */
function ubuntu(
  publisher: Publisher,
  about: { name: string; shortname: string; base: string; alias: string; fileName: string },
  folders: readonly [string, ...string[]],
): Published {
  const { name, shortname, base, alias, fileName } = about
  let stored: Uint8Array = new Uint8Array()
  for (const folder of [...folders, alias]) {
    if (folder !== alias) stored = build(publisher, `${base}${folder}/${fileName}`, '2026-07-06T01:02:03Z')
    else publisher.origin.put(`/${base}${alias}/${fileName}`, stored)
    const other = fileName.replace('amd64', 'arm64')
    const lines = [`${hexDigest('sha256', other)} *${other}`, `${hexDigest('sha256', stored)} *${fileName}`]
    publisher.origin.put(`/${base}${folder}/SHA256SUMS`, `${lines.join('\n')}\n`)
  }
  const newest = folders.at(-1) ?? folders[0]
  const versionOf = (folder: string) => /\d{8}/.exec(folder)?.[0] ?? ''
  return {
    definition: {
      file: 'ubuntu.yml',
      name,
      shortname,
      osDistro: 'ubuntu',
      latestUrl: `${base}${alias}/${fileName}`,
      checksumUrl: `${base}${alias}/SHA256SUMS`,
      before: { version: versionOf(folders[0]), url: `${base}${folders[0]}/${fileName}` },
    },
    newest: {
      version: versionOf(newest),
      path: `${base}${newest}/${fileName}`,
      checksum: `sha256:${hexDigest('sha256', stored)}`,
      stored,
    },
  }
}

/** Folders `date-build`, whose files carry the same. */
function debian(publisher: Publisher): Published {
  const base = 'cdimage.debian.org/cdimage/cloud/bookworm/daily/'
  const alias = 'debian-12-genericcloud-amd64-daily'
  const nameIn = (folder: string) => `${alias}-${folder}.qcow2`
  let stored: Uint8Array = new Uint8Array()
  for (const folder of ['20260124-2367', '20260717-999', '20260717-1000']) {
    stored = build(publisher, `${base}${folder}/${nameIn(folder)}`, '2026-07-18T00:00:00Z')
    publisher.origin.put(
      `/${base}${folder}/SHA512SUMS`,
      `${hexDigest('sha512', stored)}  ${nameIn(folder)}\n`,
    )
  }
  publisher.origin.put(`/${base}latest/SHA512SUMS`, `${hexDigest('sha512', stored)}  ${alias}.qcow2\n`)
  return {
    definition: {
      file: 'debian.yml',
      name: 'Debian 12',
      shortname: 'debian-12',
      osDistro: 'debian',
      latestUrl: `${base}latest/${alias}.qcow2`,
      checksumUrl: `${base}latest/SHA512SUMS`,
      before: { version: '20260124', url: `${base}20260124-2367/${nameIn('20260124-2367')}` },
    },
    newest: {
      version: '20260717',
      path: `${base}20260717-1000/${nameIn('20260717-1000')}`,
      checksum: `sha512:${hexDigest('sha512', stored)}`,
      stored,
    },
  }
}

/** One manifest with the alias, its dated twin and a sibling of a similar name. */
function almalinux(publisher: Publisher): Published {
  const base = 'repo.almalinux.org/almalinux/9/cloud/x86_64/images/'
  const dated = 'AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2'
  const alias = 'AlmaLinux-9-GenericCloud-latest.x86_64.qcow2'
  const stored = build(publisher, `${base}${dated}`, '2026-05-27T00:00:00Z')
  const digest = hexDigest('sha256', stored)
  publisher.origin.put(`/${base}${alias}`, { body: stored, lastModified: new Date('2026-05-27T00:00:00Z') })
  const lines = [
    `${digest}  ${dated}`,
    `${hexDigest('sha256', 'ext4')}  AlmaLinux-9-GenericCloud-ext4-latest.x86_64.qcow2`,
    `${digest}  ${alias}`,
  ]
  publisher.origin.put(`/${base}CHECKSUM`, `${lines.join('\n')}\n`)
  return {
    definition: {
      file: 'almalinux.yml',
      name: 'AlmaLinux 9',
      shortname: 'almalinux-9',
      osDistro: 'centos',
      latestUrl: `${base}${alias}`,
      checksumUrl: `${base}CHECKSUM`,
      before: { version: '20251118', url: `${base}${alias}` },
    },
    newest: { version: '20260526', path: `${base}${dated}`, checksum: `sha256:${digest}`, stored },
  }
}

/** An alias alone, with a BSD manifest of its own: the version is the day of its Last-Modified. */
function rocky(publisher: Publisher): Published {
  const base = 'download.rockylinux.org/pub/rocky/9/images/x86_64/'
  const fileName = 'Rocky-9-GenericCloud.latest.x86_64.qcow2'
  const stored = build(publisher, `${base}${fileName}`, '2026-05-31T23:30:00Z')
  const digest = hexDigest('sha256', stored)
  publisher.origin.put(
    `/${base}${fileName}.CHECKSUM`,
    `# ${fileName}: ${stored.length} bytes\nSHA256 (${fileName}) = ${digest}\n`,
  )
  return {
    definition: {
      file: 'rockylinux.yml',
      name: 'Rocky 9',
      shortname: 'rocky-9',
      osDistro: 'rocky',
      latestUrl: `${base}${fileName}`,
      checksumUrl: `${base}${fileName}.CHECKSUM`,
      before: { version: '20251123', url: `${base}${fileName}` },
    },
    newest: { version: '20260531', path: `${base}${fileName}`, checksum: `sha256:${digest}`, stored },
  }
}

/** A pattern in the file name; the newest is neither the last listed nor the alias. */
function centosStream(publisher: Publisher): Published {
  const base = 'cloud.centos.org/centos/9-stream/x86_64/images/'
  const nameOf = (stamp: string) => `CentOS-Stream-GenericCloud-9-${stamp}.x86_64.qcow2`
  const builds = ['20260706.0', '20260714.1', '20260714.0'].map((stamp) => ({
    name: nameOf(stamp),
    bytes: build(publisher, `${base}${nameOf(stamp)}`, '2026-07-15T00:00:00Z'),
  }))
  const stored = builds[1]?.bytes ?? new Uint8Array()
  const sibling = 'CentOS-Stream-GenericCloud-x86_64-9-20260714.1.x86_64.qcow2'
  const entries = [
    ...builds,
    { name: nameOf('latest'), bytes: stored },
    { name: sibling, bytes: imageOf(sibling, 4096) },
  ]
  const manifest = entries.map(
    ({ name, bytes }) =>
      `# ${name}: ${bytes.length} bytes\nSHA256 (${name}) = ${hexDigest('sha256', bytes)}\n`,
  )
  publisher.origin.put(`/${base}CHECKSUM`, manifest.join(''))
  return {
    definition: {
      file: 'centos.yml',
      name: 'CentOS Stream 9',
      shortname: 'centos-stream-9',
      osDistro: 'centos',
      latestUrl: `${base}CentOS-Stream-GenericCloud-9-HEREBE\\d+\\.\\dDRAGONS.x86_64.qcow2`,
      checksumUrl: `${base}CHECKSUM`,
      before: { version: '20260120', url: `${base}${nameOf('20260119.0')}` },
    },
    newest: {
      version: '20260714',
      path: `${base}${nameOf('20260714.1')}`,
      checksum: `sha256:${hexDigest('sha256', stored)}`,
      stored,
    },
  }
}

function centos7(): Published {
  const base = 'cloud.centos.org/centos/7/images/'
  return {
    definition: {
      file: 'centos.yml',
      name: 'CentOS 7',
      shortname: 'centos-7',
      osDistro: 'centos',
      enable: false,
      latestUrl: `${base}CentOS-7-x86_64-GenericCloud-HEREBE\\d+\\.qcow2$DRAGONS`,
      checksumUrl: `${base}sha256sum.txt`,
      before: { version: '20221112', url: `${base}CentOS-7-x86_64-GenericCloud-2211.qcow2` },
    },
  }
}

/** Published compressed, never mirrored so far. */
function appliance({ origin, size }: Publisher): Published {
  const base = 'images.example.org/appliance/'
  const fileName = 'appliance-20260401.qcow2.gz'
  const stored = imageOf(fileName, size)
  const packed = gzipSync(stored)
  const checksum = hexDigest('sha256', packed)
  origin.put(`/${base}${fileName}`, { body: packed, lastModified: new Date('2026-04-01T12:00:00Z') })
  origin.put(`/${base}SHA256SUMS`, `${checksum}  ${fileName}\n`)
  return {
    definition: {
      file: 'appliance.yml',
      name: 'Appliance',
      shortname: 'appliance',
      osDistro: 'freebsd',
      latestUrl: `${base}appliance-HEREBE\\d{8}DRAGONS.qcow2.gz`,
      checksumUrl: `${base}SHA256SUMS`,
    },
    newest: {
      version: '20260401',
      path: `${base}${fileName}`,
      checksum: `sha256:${hexDigest('sha256', stored)}`,
      source: `sha256:${checksum}`,
      stored,
    },
  }
}

/** Everything that the world's distributions publish. */
export function publishAll(publisher: Publisher): Published[] {
  const host = 'cloud-images.ubuntu.com'
  return [
    almalinux(publisher),
    appliance(publisher),
    centos7(),
    centosStream(publisher),
    debian(publisher),
    rocky(publisher),
    ubuntu(
      publisher,
      {
        name: 'Ubuntu 24.04',
        shortname: 'ubuntu-24.04',
        base: `${host}/noble/`,
        alias: 'current',
        fileName: 'noble-server-cloudimg-amd64.img',
      },
      ['20260108', '20260615', '20260705'],
    ),
    ubuntu(
      publisher,
      {
        name: 'Ubuntu 24.04 Minimal',
        shortname: 'ubuntu-24.04-minimal',
        base: `${host}/minimal/releases/noble/`,
        alias: 'release',
        fileName: 'ubuntu-24.04-minimal-cloudimg-amd64.img',
      },
      ['release-20260105', 'release-20260630.9', 'release-20260630.10'],
    ),
  ]
}
