import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { findResolver } from '../../src/discovery/find-resolver.ts'
import { type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const corpus = new URL('../../../shared/corpus/', import.meta.url)
const missing = !existsSync(corpus)
if (missing) process.stderr.write('skipped: ../shared/corpus is not there, the real answers are not tested\n')

const read = (path: string) => readFileSync(new URL(path, corpus), 'utf8')

interface Entry {
  name: string
  latest_url?: string
  latest_checksum_url?: string
  meta: { os_distro?: string }
  versions: { checksum?: string }[]
}

function imagesOf(file: string) {
  const { images } = parse(read(`catalogue/${file}.yml`)) as { images: Entry[] }
  return images.map((entry) =>
    imageOf({
      name: entry.name,
      latestUrl: entry.latest_url,
      latestChecksumUrl: entry.latest_checksum_url,
      osDistro: entry.meta.os_distro,
      versions: entry.versions.map(({ checksum }) => ({ checksum })),
    }),
  )
}

const alma = 'https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/'
const stream = 'https://cloud.centos.org/centos/9-stream/x86_64/images/'
const rocky =
  'https://download.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud.latest.x86_64.qcow2'
const noble = 'https://cloud-images.ubuntu.com/noble/'

describe.skipIf(missing)('the real catalogue and the real answers', () => {
  it.each([
    ['almalinux', 'almalinux', 2],
    ['centos', 'centos', 3],
    ['debian', 'debian', 4],
    ['rockylinux', 'rocky', 2],
    ['ubuntu', 'ubuntu', 11],
  ])('all of %s.yml are served by %s', (file, resolver, count) => {
    const names = imagesOf(file).map((image) => findResolver(image).resolver.name)
    expect(names).toEqual(Array.from({ length: count }, () => resolver))
  })

  it.each<[string, string, [string, string][], object]>([
    [
      'ubuntu',
      'Ubuntu 24.04',
      [
        [noble, 'upstream/ubuntu2404/index.html'],
        [`${noble}20260705/SHA256SUMS`, 'upstream/ubuntu2404/SHA256SUMS'],
      ],
      {
        url: `${noble}20260705/noble-server-cloudimg-amd64.img`,
        date: '20260705',
        digest: {
          algorithm: 'sha256',
          hex: 'ffe6203da54deeb6db5d2a98a83f9ec8e55f149d3f7ba622e1abe5fa966ee3d6',
        },
      },
    ],
    [
      'almalinux',
      'AlmaLinux 9',
      [[`${alma}CHECKSUM`, 'upstream/almalinux9/CHECKSUM']],
      {
        url: `${alma}AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2`,
        date: '20260526',
        digest: {
          algorithm: 'sha256',
          hex: 'c397eed7023e92c841155831b1f47e26300e5bef0f0256c129322307c897a251',
        },
      },
    ],
    [
      'centos',
      'CentOS Stream 9',
      [[`${stream}CHECKSUM`, 'upstream/centos_stream9/CHECKSUM']],
      {
        url: `${stream}CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2`,
        date: '20260714',
        size: 1517945856,
        digest: {
          algorithm: 'sha256',
          hex: '2aa1716dc75fc5485df1b221d3d930f276024d70024f68f9ee047dad0e03d85d',
        },
      },
    ],
    [
      'rockylinux',
      'Rocky 9',
      [[`${rocky}.CHECKSUM`, 'upstream/rocky9/CHECKSUM']],
      {
        url: rocky,
        date: undefined,
        size: 645988352,
        digest: {
          algorithm: 'sha256',
          hex: '92c206cc6f790c61583247eefe87890f8828420662c17cacf247cec78ab4eec8',
        },
      },
    ],
  ])('%s.yml: %s', async (file, name, answers, expected) => {
    const image = imagesOf(file).find((candidate) => candidate.name === name)
    const context = fakeContext(answers.map(([url, path]): Exchange => [`GET ${url}`, read(path)]))
    expect(image).toBeDefined()
    if (image !== undefined) expect(await find(image, context)).toMatchObject(expected)
    expect(context.told.filter(({ type }) => type === 'warning')).toEqual([])
    context.http.done()
  })
})
