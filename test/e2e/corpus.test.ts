import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type RunReport, updateCatalogue } from '../../src/index.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { hexDigest, imageOf } from '../support/world/published.ts'

/** OSISM's real catalogue and real answers of the distributions' servers; they lie beside the project, not in it. */
const corpus = new URL('../../../shared/corpus/', import.meta.url).pathname
const present = existsSync(join(corpus, 'catalogue'))
if (!present)
  process.stdout.write('../shared/corpus is missing: the tests on the real catalogue are skipped\n')

interface Definition {
  readonly shortname: string
  readonly latest_url: string
  readonly latest_checksum_url: string
  readonly versions: readonly Record<string, string>[]
}

interface Published {
  readonly path: string
  readonly version: string
  readonly bytes: Uint8Array
}

let origin: Origin
let store: S3Server
let folder: string
let names: string[]

const rehosted = (text: string) =>
  text.replace(/https?:\/\/(?!nbg1)([a-z0-9.-]+\/)/g, (_match, host: string) => `${origin.url}/${host}`)

async function writeCatalogue(): Promise<void> {
  for (const name of names)
    await writeFile(join(folder, name), rehosted(readFileSync(join(corpus, 'catalogue', name), 'utf8')))
}

function definitions(): Definition[] {
  return names.flatMap((name) =>
    (
      parse(rehosted(readFileSync(join(corpus, 'catalogue', name), 'utf8'))) as { images: Definition[] }
    ).images.filter(({ latest_url }) => latest_url !== undefined),
  )
}

const lastModified = new Date('2026-08-03T22:30:00Z')

/** Appends to a checksum file, for several images share one. */
function list(path: string, text: string): void {
  manifests.set(path, `${manifests.get(path) ?? ''}${text}`)
  origin.put(path, manifests.get(path) ?? '')
}

const manifests = new Map<string, string>()

/** Puts a newest build of the image on the origin, laid out as its distribution does. */
function publish({ shortname, latest_url, latest_checksum_url }: Definition): Published {
  const path = latest_url.slice(origin.url.length)
  const [, parent = '', file = ''] = /^(.*\/)([^/]*)$/.exec(path) ?? []
  const bytes = imageOf(shortname, 60_000)
  const folders = /^(.*\/)(current|latest|release)\/$/.exec(parent)
  const manifest = latest_checksum_url.slice(origin.url.length)
  const placed =
    folders === null
      ? placeInFolder(parent, file, manifest, hexDigest('sha256', bytes))
      : placeInDatedFolder(folders[1] ?? '', folders[2] ?? '', file, manifest, bytes)
  origin.put(placed.path, { body: bytes, lastModified })
  return { ...placed, bytes }
}

type Placed = Omit<Published, 'bytes'>

/** Ubuntu and Debian. */
function placeInDatedFolder(
  base: string,
  alias: string,
  file: string,
  manifest: string,
  bytes: Uint8Array,
): Placed {
  const stamps: Record<string, string> = {
    latest: '20260801-1000',
    release: 'release-20260801',
    current: '20260801',
  }
  const stamp = stamps[alias] ?? ''
  const isDebian = alias === 'latest'
  const name = isDebian ? file.replace('.qcow2', `-${stamp}.qcow2`) : file
  const sums = manifest.slice(manifest.lastIndexOf('/') + 1)
  const digest = hexDigest(sums === 'SHA512SUMS' ? 'sha512' : 'sha256', bytes)
  list(`${base}${stamp}/${sums}`, `${digest} ${isDebian ? ' ' : '*'}${name}\n`)
  return { path: `${base}${stamp}/${name}`, version: '20260801' }
}

/** CentOS Stream, CentOS 7, AlmaLinux and Rocky Linux. */
function placeInFolder(parent: string, file: string, manifest: string, digest: string): Placed {
  const placeholder = /HEREBE.*DRAGONS/
  if (file.includes('Stream')) {
    const name = file.replace(placeholder, '20260802.1')
    list(manifest, `SHA256 (${name}) = ${digest}\n`)
    return { path: `${parent}${name}`, version: '20260802' }
  }
  if (placeholder.test(file)) {
    const name = file.replace(placeholder, '2211.qcow2')
    list(manifest, `${digest}  ${name}\n`)
    return { path: `${parent}${name}`, version: '20260803' }
  }
  if (file.startsWith('AlmaLinux')) {
    const name = file.replace('latest', '9.9-20260802')
    list(manifest, `${digest}  ${file}\n${digest}  ${name}\n`)
    return { path: `${parent}${name}`, version: '20260802' }
  }
  list(manifest, `SHA256 (${file}) = ${digest}\n`)
  return { path: `${parent}${file}`, version: '20260803' }
}

/** The types and forms that OpenStack Image Manager's schema wants, as its reader of YAML 1.1 sees them. */
function assertImageManagerReads(text: string): void {
  const { images } = parse(text, { version: '1.1' }) as { images: { versions: Record<string, unknown>[] }[] }
  const allowed = ['build_date', 'checksum', 'mirror_url', 'url', 'version']
  for (const { versions } of images) {
    for (const entry of versions) {
      expect(allowed).toEqual(expect.arrayContaining(Object.keys(entry)))
      expect(entry.build_date).toBeInstanceOf(Date)
      expect(entry.version).toBeTypeOf('string')
      expect(entry.checksum).toMatch(/^\w+:([a-f0-9]{32}|[a-f0-9]{40}|[a-f0-9]{64}|[a-f0-9]{128})$/)
      expect(entry.url).toMatch(/^(http|ftp)s?:\/\/\w+.*/)
    }
  }
}

function run(options: Partial<Parameters<typeof updateCatalogue>[0]>): Promise<RunReport> {
  return updateCatalogue({
    images: [folder],
    mirror: {
      kind: 's3',
      server: store.endpoint,
      bucket: 'openstack-images',
      region: store.region,
      swiftPrefix: store.swiftPrefix,
      keyPrefix: '',
      accessKey: store.accessKey,
      secretKey: store.secretKey,
      acl: 'public-read',
    },
    ...options,
  })
}

describe.skipIf(!present)('the real catalogue', () => {
  beforeAll(async () => {
    origin = await startOrigin()
    store = await startS3Server()
    folder = await mkdtemp(join(tmpdir(), 'image-updater-corpus-'))
    names = readdirSync(join(corpus, 'catalogue'))
    await mkdir(folder, { recursive: true })
  })
  afterAll(async () => {
    await origin?.close()
    await store?.close()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  it('gets the right values from the real answers', async () => {
    const put = (path: string, answer: string) =>
      origin.put(path, readFileSync(join(corpus, 'upstream', answer), 'utf8'))
    const lastModified = new Date('2026-06-01T10:00:00Z')
    const rocky =
      '/download.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud.latest.x86_64.qcow2'
    put('/cloud-images.ubuntu.com/noble/', 'ubuntu2404/index.html')
    put('/cloud-images.ubuntu.com/noble/20260705/SHA256SUMS', 'ubuntu2404/SHA256SUMS')
    put('/repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM', 'almalinux9/CHECKSUM')
    put('/cloud.centos.org/centos/9-stream/x86_64/images/CHECKSUM', 'centos_stream9/CHECKSUM')
    put(`${rocky}.CHECKSUM`, 'rocky9/CHECKSUM')
    origin.put(rocky, { body: 'only its date is asked for', lastModified })
    await writeCatalogue()
    const selected = ['ubuntu-24.04', 'almalinux-9', 'centos-stream-9', 'rocky-9']
    const report = await run({ names: selected, dryRun: true })
    const values = Object.fromEntries(
      report.images.map(({ shortname, current }) => [
        shortname,
        [current?.version, current?.build_date, current?.checksum, current?.url?.slice(origin.url.length)],
      ]),
    )
    expect(values).toEqual({
      'almalinux-9': [
        '20260526',
        '2026-05-26',
        'sha256:c397eed7023e92c841155831b1f47e26300e5bef0f0256c129322307c897a251',
        '/repo.almalinux.org/almalinux/9/cloud/x86_64/images/AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2',
      ],
      'centos-stream-9': [
        '20260714',
        '2026-07-14',
        'sha256:2aa1716dc75fc5485df1b221d3d930f276024d70024f68f9ee047dad0e03d85d',
        '/cloud.centos.org/centos/9-stream/x86_64/images/CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2',
      ],
      'rocky-9': [
        '20260601',
        '2026-06-01',
        'sha256:92c206cc6f790c61583247eefe87890f8828420662c17cacf247cec78ab4eec8',
        rocky,
      ],
      'ubuntu-24.04': [
        '20260705',
        '2026-07-05',
        'sha256:ffe6203da54deeb6db5d2a98a83f9ec8e55f149d3f7ba622e1abe5fa966ee3d6',
        '/cloud-images.ubuntu.com/noble/20260705/noble-server-cloudimg-amd64.img',
      ],
    })
  })

  it('is brought up to date whole: every image with latest_url, and only the changed values', async () => {
    await origin.close()
    origin = await startOrigin()
    await writeCatalogue()
    const before = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
    const published = new Map(definitions().map((definition) => [definition.shortname, publish(definition)]))
    expect(published.size).toBe(22)
    const report = await run({ includeDisabled: true })
    expect(report.images.filter(({ status }) => status === 'failed')).toEqual([])
    expect(report.summary).toMatchObject({ checked: 22, updated: 22, failed: 0 })

    for (const [shortname, { path, version, bytes }] of published) {
      const { current } = report.images.find((image) => image.shortname === shortname) ?? {}
      expect(current).toMatchObject({ version, url: `${origin.url}${path}` })
      const stored = await store.read('openstack-images', `${shortname}/${version}-${shortname}.qcow2`)
      expect(stored.equals(bytes), shortname).toBe(true)
    }
    for (const name of names) {
      const now = await readFile(join(folder, name), 'utf8')
      const [old, lines] = [before[name]?.split('\n') ?? [], now.split('\n')]
      expect(lines).toHaveLength(old.length)
      const changed = lines.filter((line, index) => line !== old[index])
      for (const line of changed) {
        expect(line).toMatch(
          /^\s+(?:- )?(?:version: '\d{8}'|build_date: \d{4}-\d\d-\d\d|https?:\/\/\S+|sha(?:256|512):[0-9a-f]+)$/,
        )
      }
    }
    for (const name of names) assertImageManagerReads(await readFile(join(folder, name), 'utf8'))
    const again = await run({ includeDisabled: true })
    expect(again.summary).toMatchObject({ checked: 22, up_to_date: 22 })
    expect(again.changes).toEqual([])
  })
})
