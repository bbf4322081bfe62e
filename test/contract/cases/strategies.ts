import type { Build, Image } from '../../../src/image.ts'
import { imageOf } from '../../discovery/image.ts'
import { apacheListing, bsd, digest, gnu, gnu512, type ResolverCase, replaced } from '../resolver-case.ts'

function datedCase(
  resolver: string,
  image: Partial<Image>,
  base: string,
  folders: readonly string[],
  newest: string,
  file: string,
  manifest: readonly [name: string, text: string],
  found: Partial<Build>,
): ResolverCase {
  return {
    resolver,
    image: imageOf(image),
    exchanges: [
      [`GET ${base}`, apacheListing(folders)],
      [`GET ${base}${newest}/${manifest[0]}`, manifest[1]],
    ],
    found: { url: `${base}${newest}/${file}`, trust: 'checksum', ...found },
    newerUrl: `${base}${newest}/${file}`.replaceAll(newest, '20270101'),
    listed: file,
    rename: replaced(file),
  }
}

const noble = 'https://cloud-images.ubuntu.com/noble/'
const minimal = 'https://cloud-images.ubuntu.com/minimal/releases/noble/'
const bookworm = 'https://cdimage.debian.org/cdimage/cloud/bookworm/daily/'
const alma = 'https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/'
const stream = 'https://cloud.centos.org/centos/9-stream/x86_64/images/'
const seven = 'https://cloud.centos.org/centos/7/images/'
const rockyImages = 'https://download.rockylinux.org/pub/rocky/9/images/x86_64/'
const rockyFile = 'Rocky-9-GenericCloud.latest.x86_64.qcow2'
const debianFile = 'debian-12-genericcloud-amd64-daily-20260124-10000.qcow2'
const other = 'https://images.example.org/'

/** Cases of the strategies, and of the distributions that they were first made for. */
export const strategyCases: readonly ResolverCase[] = [
  datedCase(
    'ubuntu',
    {
      osDistro: 'ubuntu',
      latestUrl: `${noble}current/noble-server-cloudimg-amd64.img`,
      latestChecksumUrl: `${noble}current/SHA256SUMS`,
    },
    noble,
    [
      '20260615/',
      '20260705.9/',
      '20260705.10/',
      '20260705/',
      '20261399/',
      'release-20270101/',
      '20280101',
      'current/',
    ],
    '20260705.10',
    'noble-server-cloudimg-amd64.img',
    [
      'SHA256SUMS',
      `${digest('bad')} *noble-server-cloudimg-amd64.img.manifest\n${digest('a')} *noble-server-cloudimg-amd64.img\n`,
    ],
    { date: '20260705', digest: { algorithm: 'sha256', hex: digest('a') } },
  ),
  datedCase(
    'ubuntu',
    {
      osDistro: 'ubuntu',
      latestUrl: `${minimal}release/ubuntu-24.04-minimal-cloudimg-amd64.img`,
      latestChecksumUrl: `${minimal}release/SHA256SUMS`,
    },
    minimal,
    ['release/', 'release-20260105/', 'release-20260105.1/', 'release-20251231.2/', '20270101/'],
    'release-20260105.1',
    'ubuntu-24.04-minimal-cloudimg-amd64.img',
    ['SHA256SUMS', `${digest('a')} *ubuntu-24.04-minimal-cloudimg-amd64.img\n`],
    { date: '20260105', digest: { algorithm: 'sha256', hex: digest('a') } },
  ),
  datedCase(
    'debian',
    {
      osDistro: 'debian',
      latestUrl: `${bookworm}latest/debian-12-genericcloud-amd64-daily.qcow2`,
      latestChecksumUrl: `${bookworm}latest/SHA512SUMS`,
    },
    bookworm,
    ['20260123-10001/', '20260124-9999/', '20260124-10000/', 'latest/'],
    '20260124-10000',
    debianFile,
    ['SHA512SUMS', gnu512('bad', debianFile.replace('generic', 'no')) + gnu512('a', debianFile)],
    { date: '20260124', digest: { algorithm: 'sha512', hex: digest('a', 128) } },
  ),
  datedCase(
    'dated-folder',
    { latestUrl: `${other}nightly/latest/os.qcow2`, latestChecksumUrl: `${other}nightly/latest/SHA256SUMS` },
    `${other}nightly/`,
    ['2026-02-28/', '2026-03-01/', '2026-13-01/', '2026-03_02/', 'latest/'],
    '2026-03-01',
    'os.qcow2',
    ['SHA256SUMS', `${digest('a')}  os.qcow2\n`],
    { version: undefined, date: '20260301', digest: { algorithm: 'sha256', hex: digest('a') } },
  ),
  {
    resolver: 'almalinux',
    image: imageOf({
      osDistro: 'centos',
      latestUrl: `${alma}AlmaLinux-9-GenericCloud-latest.x86_64.qcow2`,
      latestChecksumUrl: `${alma}CHECKSUM`,
    }),
    exchanges: [
      [
        `GET ${alma}CHECKSUM`,
        gnu('bad', 'AlmaLinux-9-GenericCloud-ext4-latest.x86_64.qcow2') +
          gnu('bad', 'AlmaLinux-9-GenericCloud-9.10-20260601.x86_64.qcow2') +
          gnu('a', 'AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2') +
          gnu('a', 'AlmaLinux-9-GenericCloud-9.8-20260526.1.x86_64.qcow2') +
          gnu('a', 'AlmaLinux-9-GenericCloud-latest.x86_64.qcow2'),
      ],
    ],
    found: {
      url: `${alma}AlmaLinux-9-GenericCloud-9.8-20260526.1.x86_64.qcow2`,
      date: '20260526',
      digest: { algorithm: 'sha256', hex: digest('a') },
    },
    warned: [/lists AlmaLinux-9-GenericCloud-9\.10-20260601\.x86_64\.qcow2, which looks newer/],
    alias: `${alma}AlmaLinux-9-GenericCloud-latest.x86_64.qcow2`,
    newerUrl: `${alma}AlmaLinux-9-GenericCloud-9.8-20260527.x86_64.qcow2`,
    listed: 'AlmaLinux-9-GenericCloud-latest.x86_64.qcow2',
    rename: replaced('AlmaLinux-9-GenericCloud-latest.x86_64.qcow2'),
  },
  {
    resolver: 'centos',
    image: imageOf({
      osDistro: 'centos',
      latestUrl: `${stream}CentOS-Stream-GenericCloud-9-HEREBE\\d+\\.\\dDRAGONS.x86_64.qcow2`,
      latestChecksumUrl: `${stream}CHECKSUM`,
    }),
    exchanges: [
      [
        `GET ${stream}CHECKSUM`,
        bsd('b', 'CentOS-Stream-GenericCloud-9-20260714.0.x86_64.qcow2', 1) +
          bsd('a', 'CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2', 1517945856) +
          bsd('c', 'CentOS-Stream-GenericCloud-9-20260713.2.x86_64.qcow2', 2) +
          bsd('a', 'CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2', 1517945856) +
          bsd('bad', 'CentOS-Stream-GenericCloud-x86_64-9-20260715.0.x86_64.qcow2', 3),
      ],
    ],
    found: {
      url: `${stream}CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2`,
      date: '20260714',
      size: 1517945856,
      digest: { algorithm: 'sha256', hex: digest('a') },
    },
    newerUrl: `${stream}CentOS-Stream-GenericCloud-9-20260714.2.x86_64.qcow2`,
    listed: 'CentOS-Stream-GenericCloud-9-20',
    rename: replaced('CentOS-Stream-GenericCloud-9-20'),
    missing: 'DISCOVERY_NOTHING_FOUND',
  },
  {
    resolver: 'centos',
    image: imageOf({
      osDistro: 'centos',
      latestUrl: `${seven}CentOS-7-x86_64-GenericCloud-HEREBE\\d+\\.qcow2$DRAGONS`,
      latestChecksumUrl: `${seven}sha256sum.txt`,
    }),
    exchanges: [
      [
        `GET ${seven}sha256sum.txt`,
        gnu('b', 'CentOS-7-x86_64-GenericCloud-999.qcow2') +
          gnu('bad', 'CentOS-7-x86_64-GenericCloud-20150628_01.qcow2') +
          gnu('bad', 'CentOS-7-x86_64-GenericCloud.qcow2') +
          gnu('a', 'CentOS-7-x86_64-GenericCloud-2211.qcow2') +
          gnu('bad', 'CentOS-7-x86_64-GenericCloud-2212.qcow2c') +
          gnu('bad', 'CentOS-7-x86_64-GenericCloud-2212.qcow2.xz'),
      ],
    ],
    found: {
      url: `${seven}CentOS-7-x86_64-GenericCloud-2211.qcow2`,
      date: undefined,
      digest: { algorithm: 'sha256', hex: digest('a') },
    },
    newerUrl: `${seven}CentOS-7-x86_64-GenericCloud-2212.qcow2`,
    listed: 'CentOS-7-x86_64-GenericCloud-',
    rename: replaced('CentOS-7-x86_64-GenericCloud-'),
    missing: 'DISCOVERY_NOTHING_FOUND',
  },
  {
    resolver: 'rocky',
    image: imageOf({
      osDistro: 'rocky',
      latestUrl: `${rockyImages}${rockyFile}`,
      latestChecksumUrl: `${rockyImages}${rockyFile}.CHECKSUM`,
    }),
    exchanges: [[`GET ${rockyImages}${rockyFile}.CHECKSUM`, bsd('a', rockyFile, 645988352)]],
    found: {
      url: `${rockyImages}${rockyFile}`,
      date: undefined,
      size: 645988352,
      digest: { algorithm: 'sha256', hex: digest('a') },
    },
    newerUrl: `${rockyImages}${rockyFile}`,
    listed: rockyFile,
    rename: replaced(rockyFile),
  },
  {
    resolver: 'placeholder',
    image: imageOf({
      osDistro: 'arch',
      latestUrl: `${other}x-HEREBE.*DRAGONS.qcow2.xz`,
      latestChecksumUrl: `${other}SHA512SUMS`,
    }),
    exchanges: [
      [
        `GET ${other}SHA512SUMS`,
        gnu512('b', 'x-20260101.9.qcow2.xz') +
          gnu512('a', 'x-20260101.10.qcow2.xz') +
          gnu512('a', 'x-latest.qcow2.xz'),
      ],
    ],
    found: { url: `${other}x-20260101.10.qcow2.xz`, date: '20260101', compression: 'xz' },
    newerUrl: `${other}x-20260101.11.qcow2.xz`,
    listed: 'x-',
    rename: replaced('x-'),
    missing: 'DISCOVERY_NOTHING_FOUND',
  },
  datedCase(
    'dated-folder',
    {
      osDistro: 'gentoo',
      latestUrl: `${other}cloud/latest/x-amd64.tar.xz`,
      latestChecksumUrl: `${other}cloud/latest/SHA256SUMS`,
    },
    `${other}cloud/`,
    ['20260101-8/', '20260101-10/', '20260101-9/'],
    '20260101-10',
    'x-amd64-20260101-10.tar.xz',
    ['SHA256SUMS', gnu('a', './x-amd64-20260101-10.tar.xz')],
    { date: '20260101', compression: 'tar.xz', digest: { algorithm: 'sha256', hex: digest('a') } },
  ),
  {
    resolver: 'manifest',
    image: imageOf({
      osDistro: 'freebsd',
      latestUrl: `${other}current/x-latest.img.bz2`,
      latestChecksumUrl: `${other}sums/x.sha256`,
      versions: [{ checksum: `sha256:${digest('01d')}`, version: '20260101' }],
    }),
    exchanges: [
      [
        `GET ${other}sums/x.sha256`,
        gnu('a', 'x-20260101.img.bz2') +
          gnu('a', 'x-20260101.2.img.bz2') +
          gnu512('c', 'x-latest.img.bz2') +
          gnu('a', 'x-latest.img.bz2') +
          gnu('a', 'x-20270101.img') +
          gnu('a', '../20270101.img.bz2'),
      ],
    ],
    found: {
      url: `${other}current/x-20260101.2.img.bz2`,
      date: '20260101',
      compression: 'bz2',
      digest: { algorithm: 'sha256', hex: digest('a') },
    },
    alias: `${other}current/x-latest.img.bz2`,
    newerUrl: `${other}current/x-20260101.3.img.bz2`,
    listed: 'x-latest.img.bz2',
    rename: replaced('x-latest.img.bz2'),
  },
]
