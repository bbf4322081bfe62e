import { imageOf } from '../../discovery/image.ts'
import {
  apacheListing,
  bsd,
  digest,
  gnu,
  gnu512,
  imageAt,
  type ResolverCase,
  replaced,
} from '../resolver-case.ts'

const sha256 = (mark: string) => ({ algorithm: 'sha256', hex: digest(mark) }) as const
const sha512 = (mark: string) => ({ algorithm: 'sha512', hex: digest(mark, 128) }) as const

const fedora = 'https://dl.fedoraproject.org/pub/fedora/linux/releases/44/Cloud/x86_64/images/'
const fedoraFile = 'Fedora-Cloud-Base-Generic-44-1.10.x86_64.qcow2'
const fedoraPage = (manifest: string) =>
  apacheListing([
    manifest,
    'Fedora-Cloud-Base-Generic-44-1.9.x86_64.qcow2',
    fedoraFile,
    'Fedora-Cloud-Base-Generic-45-1.1.x86_64.qcow2',
    'Fedora-Cloud-Base-UEFI-UKI-44-1.11.x86_64.qcow2',
    'Fedora-Cloud-Base-Generic-44-1.12.x86_64.qcow2/',
  ])
const tumbleweed = 'https://download.opensuse.org/tumbleweed/appliances/'
const tumbleweedFile = (snapshot: string) =>
  `openSUSE-Tumbleweed-Minimal-VM.x86_64-1.0.0-Cloud-Snapshot${snapshot}.qcow2`
const arch = 'https://geo.mirror.pkgbuild.com/images/'
const archFile = 'Arch-Linux-x86_64-cloudimg-20260715.556894.qcow2'
const alpine = 'https://dl-cdn.alpinelinux.org/alpine/v3.23/releases/cloud/'
const flatcar = 'https://stable.release.flatcar-linux.net/amd64-usr/'
const flatcarFile = 'flatcar_production_openstack_image.img'
const coreos = 'https://builds.coreos.fedoraproject.org/'
const coreosFile = (release: string, arch = 'x86_64') =>
  `${coreos}prod/streams/stable/builds/${release}/${arch}/fedora-coreos-${release}-openstack.${arch}.qcow2.xz`
const factory = 'https://factory.talos.dev/'
const schematic = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba'
const gardenlinux = 'https://gardenlinux-github-releases.s3.amazonaws.com/'
const gardenlinuxBuild = (version: string) => `openstack-gardener_prod-amd64-${version}`
const gardenlinuxFile = (version: string) =>
  `${gardenlinux}objects/${gardenlinuxBuild(version)}/${gardenlinuxBuild(version)}.qcow2`
const openeuler = 'https://repo.openeuler.org/'
const openeulerFile = 'openEuler-24.03-LTS-SP10-x86_64.qcow2.xz'
const oracle = 'https://yum.oracle.com/templates/OracleLinux/'
const amazon = 'https://cdn.amazonlinux.com/al2023/os-images/'
const freebsd = 'https://download.freebsd.org/releases/VM-IMAGES/'
const freebsdFile = 'FreeBSD-15.10-RELEASE-amd64-BASIC-CLOUDINIT-ufs.qcow2.xz'
const gentoo = 'https://distfiles.gentoo.org/releases/amd64/autobuilds/'
const gentooPath = '20260510T170106Z/di-amd64-cloudinit-20260510T170106Z.qcow2'
const gentooFile = 'di-amd64-cloudinit-20260510T170106Z.qcow2'
const kali = 'https://kali.download/cloud-images/'
const kaliFile = 'kali-linux-2026.1-cloud-genericcloud-amd64.tar.xz'
const cirros = 'https://download.cirros-cloud.net/'
const opnsense = 'https://pkg.opnsense.org/releases/'
const openwrt = 'https://downloads.openwrt.org/releases/'
const openwrtFile = 'openwrt-24.10.10-x86-64-generic-ext4-combined-efi.img.gz'
const haosReleases = 'https://api.github.com/repos/home-assistant/operating-system/releases'
const haosFile = (version: string) =>
  `https://github.com/home-assistant/operating-system/releases/download/${version}/haos_ova-${version}.qcow2.xz`
const haosRelease = (version: string, mark: string, prerelease = false) => ({
  tag_name: version,
  prerelease,
  assets: [
    {
      name: `haos_ova-${version}.qcow2.xz`,
      browser_download_url: haosFile(version),
      digest: `sha256:${digest(mark)}`,
    },
  ],
})
const capi = 'https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/'
const capiPath = 'ubuntu-2404-kube-v1.33/ubuntu-2404-kube-v1.33.9.qcow2'
const amphora = 'https://nbg1.your-objectstorage.com/osism/openstack-octavia-amphora-image/'
const amphoraFile = 'octavia-amphora-haproxy-2025.2.20260118.qcow2'
const streams = 'https://cloud-images.ubuntu.com/releases/'
const other = 'https://images.example.org/'

/** The frame of a clearsigned text; who signed it is tested elsewhere. */
const clearsigned = (text: string) =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${text}-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n`

function simplestreams(
  products: Readonly<Record<string, Record<string, readonly [path: string, mark: string]>>>,
) {
  const entries = Object.entries(products).map(([name, versions]) => {
    const items = Object.entries(versions).map(([version, [path, mark]]) => [
      version,
      { items: { 'disk1.img': { ftype: 'disk1.img', path, sha256: digest(mark), size: 7 } } },
    ])
    return [name, { arch: 'amd64', versions: Object.fromEntries(items) }]
  })
  return JSON.stringify({ format: 'products:1.0', products: Object.fromEntries(entries) })
}

/** One case of each layout that a distribution has. */
export const layoutCases: readonly ResolverCase[] = [
  // A run asks for the listing once, and has it for the second question.
  ...['Fedora-Cloud-44-1.10-x86_64-CHECKSUM', 'Fedora-Cloud-images-44-1.10-x86_64-CHECKSUM'].map(
    (manifest): ResolverCase => ({
      resolver: 'fedora',
      image: imageAt('fedora', 'Fedora 44'),
      exchanges: [
        [`GET ${fedora}`, fedoraPage(manifest)],
        [`GET ${fedora}`, fedoraPage(manifest)],
        [
          `GET ${fedora}${manifest}`,
          bsd('a', fedoraFile, 3) + bsd('bad', fedoraFile.replace('Generic', 'AmazonEC2'), 4),
        ],
      ],
      found: { url: `${fedora}${fedoraFile}`, size: 3, date: undefined, digest: sha256('a') },
      newerUrl: `${fedora}${fedoraFile.replace('1.10', '1.11')}`,
      listed: fedoraFile,
      rename: replaced(fedoraFile),
    }),
  ),
  ...(
    [
      ['16.0', 'Leap-16.0-Minimal-VM.x86_64-Cloud', 'Leap-16.0-Minimal-VM.x86_64-Cloud-Build18.7'],
      [
        '15.6',
        'openSUSE-Leap-15.6-Minimal-VM.x86_64-Cloud',
        'openSUSE-Leap-15.6-Minimal-VM.x86_64-15.6.0-Cloud-Build19.143',
      ],
    ] as const
  ).map(([release, file, build]): ResolverCase => {
    const url = `https://download.opensuse.org/distribution/leap/${release}/appliances/${file}.qcow2`
    return {
      resolver: 'opensuse',
      image: imageAt('opensuse', `openSUSE Leap ${release}`),
      exchanges: [[`GET ${url}.sha256`, gnu('a', `${build}.qcow2`)]],
      found: { url, date: undefined, digest: sha256('a') },
      newerUrl: url,
      listed: `${build}.qcow2`,
      rename: replaced(`${build}.qcow2`),
    }
  }),
  {
    resolver: 'opensuse',
    image: imageAt('opensuse', 'openSUSE Tumbleweed'),
    exchanges: [
      [
        `GET ${tumbleweed}SHA256SUMS`,
        gnu('b', tumbleweedFile('20260206')) +
          gnu('a', tumbleweedFile('20260207')) +
          gnu('bad', 'openSUSE-MicroOS.x86_64-16.0.0-OpenStack-Cloud-Snapshot20260208.qcow2') +
          gnu('bad', tumbleweedFile('20260209').replace('Cloud', 'kvm-and-xen')),
      ],
    ],
    found: { url: `${tumbleweed}${tumbleweedFile('20260207')}`, date: '20260207', digest: sha256('a') },
    newerUrl: `${tumbleweed}${tumbleweedFile('20260208')}`,
    listed: 'openSUSE-Tumbleweed-Minimal-VM',
    rename: replaced('openSUSE-Tumbleweed-Minimal-VM'),
    missing: 'DISCOVERY_NOTHING_FOUND',
  },
  {
    resolver: 'arch',
    image: imageAt('arch', 'Arch Linux'),
    exchanges: [
      [
        `GET ${arch}`,
        apacheListing([
          'latest/',
          'v20260701.99/',
          'v20260715.99/',
          'v20260715.556894/',
          'v20270101.1',
          'v20280101/',
        ]),
      ],
      [`GET ${arch}v20260715.556894/${archFile}.SHA256`, gnu('a', archFile)],
    ],
    found: { url: `${arch}v20260715.556894/${archFile}`, date: '20260715', digest: sha256('a') },
    warned: [/lists v20280101, which looks newer than v20260715\.556894/],
    newerUrl: `${arch}v20260715.556895/${archFile.replace('556894', '556895')}`,
    listed: archFile,
    rename: replaced(archFile),
  },
  ...[
    'generic_alpine-3.23.10-x86_64-uefi-cloudinit-r0.qcow2',
    'alpine-3.23.10-x86_64-uefi-cloudinit-r0.qcow2',
    'alpine-3.23.10-x86_64-cloudinit-r2.qcow2',
  ].map(
    (name): ResolverCase => ({
      resolver: 'alpine',
      image: imageAt('alpine', 'Alpine 3.23'),
      exchanges: [
        [
          `GET ${alpine}`,
          apacheListing([
            ...['3.23.9', '3.24.0', '3.23.11_rc1'].map(
              (version) => `generic_alpine-${version}-x86_64-uefi-cloudinit-r0.qcow2`,
            ),
            name,
            name.replace('x86_64', 'aarch64').replace('3.23.10', '3.23.12'),
            'generic_alpine-3.23.10-x86_64-uefi-cloudinit-metal-r9.qcow2',
            'generic_alpine-3.23.12-x86_64-bios-tiny-r0.qcow2',
            'aws_alpine-3.23.13-x86_64-uefi-cloudinit-r0.vhd',
          ]),
        ],
        [`GET ${alpine}${name}.sha512`, `${digest('a', 128)}\n`],
      ],
      found: {
        url: `${alpine}${name}`,
        version: name.endsWith('-r2.qcow2') ? '3.23.10-r2' : '3.23.10',
        date: undefined,
        digest: sha512('a'),
      },
      newerUrl: `${alpine}alpine-3.23.11-x86_64-uefi-cloudinit-r0.qcow2`,
    }),
  ),
  {
    resolver: 'flatcar',
    image: imageAt('flatcar', 'Flatcar stable'),
    exchanges: [
      [
        `GET ${flatcar}current/version.txt`,
        'FLATCAR_BUILD=4230\nFLATCAR_BRANCH=2\nFLATCAR_PATCH=4\nFLATCAR_VERSION=4230.2.4\nFLATCAR_BUILD_ID=""\n',
      ],
      [
        `GET ${flatcar}4230.2.4/${flatcarFile}.DIGESTS`,
        `# MD5 HASH\n${digest('bad', 32)}  ${flatcarFile}\n# SHA1 HASH\n${digest('bad', 40)}  ${flatcarFile}\n# SHA512 HASH\n${gnu512('a', flatcarFile)}`,
      ],
    ],
    found: {
      url: `${flatcar}4230.2.4/${flatcarFile}`,
      version: '4230.2.4',
      date: undefined,
      digest: sha512('a'),
    },
    newerUrl: `${flatcar}4230.10.0/${flatcarFile}`,
    listed: flatcarFile,
    rename: replaced(flatcarFile),
  },
  {
    resolver: 'fedora-coreos',
    image: imageAt('fedora-coreos', 'Fedora CoreOS stable'),
    exchanges: [
      [
        `GET ${coreos}streams/stable.json`,
        JSON.stringify({
          stream: 'stable',
          architectures: {
            aarch64: {
              artifacts: {
                openstack: {
                  release: '43.20260301.3.1',
                  formats: {
                    'qcow2.xz': {
                      disk: { location: coreosFile('43.20260301.3.1', 'aarch64'), sha256: digest('bad') },
                    },
                  },
                },
              },
            },
            x86_64: {
              artifacts: {
                metal: {
                  release: '43.20260301.3.0',
                  formats: { pxe: { kernel: { location: `${coreos}kernel`, sha256: digest('bad') } } },
                },
                openstack: {
                  release: '43.20260301.3.0',
                  formats: {
                    'qcow2.xz': { disk: { location: coreosFile('43.20260301.3.0'), sha256: digest('a') } },
                  },
                },
              },
            },
          },
        }),
      ],
    ],
    found: {
      url: coreosFile('43.20260301.3.0'),
      date: '20260301',
      compression: 'xz',
      digest: sha256('a'),
    },
    newerUrl: coreosFile('43.20260315.3.0'),
    listed: 'fedora-coreos-43.20260301.3.0-openstack.x86_64',
    rename: replaced('fedora-coreos-43.20260301.3.0-openstack.x86_64'),
    missing: 'DISCOVERY_NOTHING_FOUND',
    isDocument: true,
  },
  {
    resolver: 'talos',
    image: imageAt('talos', 'Talos Linux'),
    exchanges: [
      [
        `GET ${factory}versions`,
        JSON.stringify(['v1.9.5', 'v1.10.0', 'v1.11.3', 'v1.12.0-alpha.1', 'v1.11.10', '../v9.9.9']),
      ],
    ],
    found: {
      url: `${factory}image/${schematic}/v1.11.10/openstack-amd64.raw.xz`,
      date: undefined,
      digest: undefined,
      trust: 'first-use',
      compression: 'xz',
    },
    newerUrl: `${factory}image/${schematic}/v1.12.0/openstack-amd64.raw.xz`,
    empty: ['DISCOVERY_NOTHING_FOUND'],
    manifest: 'none',
  },
  ...(
    [
      // What the database has beside it; the newest; its published digests; the one that counts; one that is newer.
      [
        ['1877.7-5282bd31'],
        '1877.10-3d56ba62',
        `  md5sum: ${digest('bad', 32)}\n  sha256sum: ${digest('a')}\n`,
        sha256('a'),
        '1877.11-00000000',
      ],
      [
        ['1877.10-5282bd31', '1877.7.10-3d56ba62'],
        '1877.10.1-40f62d58',
        `  md5sum: ${digest('a', 32)}\n  sha256sum: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n`,
        { algorithm: 'md5', hex: digest('a', 32) },
        '1877.11.0-00000000',
      ],
    ] as const
  ).map(([others, newest, digests, expected, newer]): ResolverCase => {
    const file = `${gardenlinuxBuild(newest)}.qcow2`
    const releases = ['1592.16-c5ed8155', ...others, newest, '1878.1-00000000'].map((version) => ({
      name: `minor-${version}`,
      type: 'minor',
      lifecycle: { released: { isodate: '2026-01-29', timestamp: 1769644800 } },
      flavors: {
        'metal-gardener_prod-amd64': { image: `${gardenlinux}objects/x/x.qcow2` },
        'openstack-gardener_prod-amd64': { metadata: 'x', image: gardenlinuxFile(version) },
        'container-amd64': {},
      },
    }))
    return {
      resolver: 'gardenlinux',
      image: imageAt('gardenlinux', 'Garden Linux 1877'),
      exchanges: [
        [
          'GET https://gardenlinux-glrd.s3.eu-central-1.amazonaws.com/releases-minor.json',
          JSON.stringify({ releases }),
        ],
        [
          `GET ${gardenlinux}meta/singles/${gardenlinuxBuild(newest)}`,
          `platform: openstack\npaths:\n- name: ${file}\n  suffix: qcow2\n${digests}`,
        ],
      ],
      found: {
        url: gardenlinuxFile(newest),
        version: newest.replace(/-.*/, ''),
        date: '20260129',
        digest: expected,
      },
      warned: expected.algorithm === 'md5' ? [/^Nothing better than MD5/] : [],
      newerUrl: gardenlinuxFile(newer),
      listed: file,
      rename: replaced(file),
      missing: 'CHECKSUM_NOT_PUBLISHED',
      empty: ['CHECKSUM_MALFORMED', 'CHECKSUM_NOT_PUBLISHED'],
      isDocument: true,
    }
  }),
  {
    resolver: 'openeuler',
    image: imageAt('openeuler', 'openEuler 24.03 LTS'),
    exchanges: [
      [
        `GET ${openeuler}`,
        apacheListing([
          'openEuler-22.03-LTS-SP4/',
          'openEuler-24.03-LTS/',
          'openEuler-24.03-LTS-SP9/',
          'openEuler-24.03-LTS-SP10/',
          'openEuler-25.03/',
        ]),
      ],
      [
        `GET ${openeuler}openEuler-24.03-LTS-SP10/virtual_machine_img/x86_64/${openeulerFile}.sha256sum`,
        gnu('a', openeulerFile),
      ],
    ],
    found: {
      url: `${openeuler}openEuler-24.03-LTS-SP10/virtual_machine_img/x86_64/${openeulerFile}`,
      date: undefined,
      compression: 'xz',
      digest: sha256('a'),
    },
    newerUrl: `${openeuler}openEuler-24.03-LTS-SP11/virtual_machine_img/x86_64/${openeulerFile}`,
    listed: openeulerFile,
    rename: replaced(openeulerFile),
  },
  {
    resolver: 'oraclelinux',
    image: imageAt('oraclelinux', 'Oracle Linux 9'),
    exchanges: [
      [
        `GET ${oracle}ol9-template.json`,
        JSON.stringify({
          base_url: `${oracle}OL9/u8/x86_64`,
          kvm: { image: 'OL9U8_x86_64-kvm-b293.qcow2', sha256: digest('a') },
          olvm: { image: 'OL9U8_x86_64-olvm-b294.ova', sha256: digest('bad') },
        }),
      ],
    ],
    found: {
      url: `${oracle}OL9/u8/x86_64/OL9U8_x86_64-kvm-b293.qcow2`,
      date: undefined,
      digest: sha256('a'),
    },
    newerUrl: `${oracle}OL9/u10/x86_64/OL9U10_x86_64-kvm-b1.qcow2`,
    listed: 'OL9U8_x86_64-kvm-b293.qcow2',
    rename: replaced('OL9U8_x86_64-kvm-b293.qcow2'),
    missing: 'DISCOVERY_NOTHING_FOUND',
    isDocument: true,
  },
  ...(
    [
      ['x86_64', 'kvm', 'x86_64'],
      ['aarch64', 'kvm-arm64', 'arm64'],
    ] as const
  ).map(([architecture, folder, inNames]): ResolverCase => {
    const file = (version: string) => `al2023-kvm-${version}-kernel-6.1-${inNames}.xfs.gpt.qcow2`
    return {
      resolver: 'amazonlinux',
      image: imageAt('amazonlinux', 'Amazon Linux 2023', architecture),
      exchanges: [
        [
          `GET ${amazon}latest/${folder}/SHA256SUMS`,
          gnu('a', file('2023.12.20260831.0')) +
            gnu('bad', file('2023.12.20260831.1').replace('6.1', '6.12')),
        ],
      ],
      found: {
        url: `${amazon}2023.12.20260831.0/${folder}/${file('2023.12.20260831.0')}`,
        date: '20260831',
        digest: sha256('a'),
      },
      newerUrl: `${amazon}2023.12.20260831.1/${folder}/${file('2023.12.20260831.1')}`,
      listed: 'al2023-kvm',
      rename: replaced('al2023-kvm'),
      missing: 'DISCOVERY_NOTHING_FOUND',
    }
  }),
  {
    resolver: 'freebsd',
    image: imageAt('freebsd', 'FreeBSD 15'),
    exchanges: [
      [
        `GET ${freebsd}`,
        apacheListing([
          '14.4-RELEASE/',
          '15.9-RELEASE/',
          '15.10-RELEASE/',
          '15.11-RC1/',
          '16.0-RELEASE/',
          'README',
        ]),
      ],
      [
        `GET ${freebsd}15.10-RELEASE/amd64/Latest/CHECKSUM.SHA512`,
        `SHA512 (${freebsdFile.replace('ufs', 'zfs')}) = ${digest('bad', 128)}\nSHA512 (${freebsdFile}) = ${digest('a', 128)}\n`,
      ],
    ],
    found: {
      url: `${freebsd}15.10-RELEASE/amd64/Latest/${freebsdFile}`,
      date: undefined,
      compression: 'xz',
      digest: sha512('a'),
    },
    newerUrl: `${freebsd}15.11-RELEASE/amd64/Latest/${freebsdFile}`,
    listed: freebsdFile,
    rename: replaced(freebsdFile),
  },
  {
    resolver: 'gentoo',
    image: imageAt('gentoo', 'Gentoo'),
    exchanges: [
      [
        `GET ${gentoo}latest-di-amd64-cloudinit.txt`,
        clearsigned(`# Latest as of Sun, 10 May 2026\n# ts=1778433000\n${gentooPath} 1380843520\n`),
      ],
      [`GET ${gentoo}${gentooPath}.sha256`, `# SHA256 HASH\n${gnu('a', gentooFile)}`],
    ],
    found: { url: `${gentoo}${gentooPath}`, date: '20260510', size: 1380843520, digest: sha256('a') },
    newerUrl: `${gentoo}${gentooPath.replaceAll('T170106Z', 'T170107Z')}`,
    listed: gentooFile,
    rename: replaced(gentooFile),
  },
  {
    resolver: 'kali',
    image: imageAt('kali', 'Kali Linux'),
    exchanges: [
      [`GET ${kali}`, apacheListing(['current/', 'kali-2025.4/', 'kali-2026.1/', 'kali-weekly/'])],
      [
        `GET ${kali}kali-2026.1/SHA256SUMS`,
        gnu('bad', kaliFile.replace('amd64', 'arm64')) + gnu('a', kaliFile),
      ],
    ],
    found: {
      url: `${kali}kali-2026.1/${kaliFile}`,
      date: undefined,
      compression: 'tar.xz',
      digest: sha256('a'),
    },
    newerUrl: `${kali}kali-2026.2/${kaliFile.replace('2026.1', '2026.2')}`,
    listed: kaliFile,
    rename: replaced(kaliFile),
  },
  {
    resolver: 'cirros',
    image: imageAt('cirros', 'CirrOS'),
    exchanges: [
      [
        `GET ${cirros}streams/v1/net.cirros-cloud:released:download.sjson`,
        simplestreams({
          'net.cirros-cloud:standard:0.6:x86_64': {
            '20230530': ['0.6.9/cirros-0.6.9-x86_64-disk.img', 'b'],
            '20240926': ['0.6.10/cirros-0.6.10-x86_64-disk.img', 'a'],
            '20240927': ['0.6.11/cirros-0.6.11-aarch64-disk.img', 'bad'],
          },
        }),
      ],
    ],
    found: {
      url: `${cirros}0.6.10/cirros-0.6.10-x86_64-disk.img`,
      date: '20240926',
      size: 7,
      digest: sha256('a'),
    },
    newerUrl: `${cirros}0.6.12/cirros-0.6.12-x86_64-disk.img`,
    listed: 'cirros-0.6.10',
    rename: (text, name) => text.replaceAll(/cirros-0\.6\.\d+/g, name),
    missing: 'DISCOVERY_NOTHING_FOUND',
    isDocument: true,
  },
  ...(
    [
      ['25.7', ['24.7/', '25.1/', '25.7/', 'mirror/'], '26.1'],
      ['26.1.6', ['25.7/', '26.1/', '26.1.2/', '26.1.6/', 'mirror/'], '26.1.7'],
    ] as const
  ).map(
    ([release, folders, newer]): ResolverCase => ({
      resolver: 'opnsense',
      image: imageAt('opnsense', 'OPNsense'),
      exchanges: [
        [`GET ${opnsense}`, apacheListing(folders)],
        [
          `GET ${opnsense}${release}/OPNsense-${release}-checksums-amd64.sha256`,
          `SHA256 (OPNsense-${release}-dvd-amd64.iso.bz2) = ${digest('bad')}\nSHA256 (OPNsense-${release}-nano-amd64.img.bz2) = ${digest('a')}\n`,
        ],
      ],
      found: {
        url: `${opnsense}${release}/OPNsense-${release}-nano-amd64.img.bz2`,
        date: undefined,
        compression: 'bz2',
        digest: sha256('a'),
      },
      newerUrl: `${opnsense}${newer}/OPNsense-${newer}-nano-amd64.img.bz2`,
      listed: `OPNsense-${release}-nano-amd64.img.bz2`,
      rename: replaced(`OPNsense-${release}-nano-amd64.img.bz2`),
    }),
  ),
  {
    resolver: 'openwrt',
    image: imageAt('openwrt', 'OpenWrt'),
    exchanges: [
      [
        `GET ${openwrt}`,
        apacheListing(['24.10.9/', '24.10.10/', '24.10-SNAPSHOT/', '25.12.0-rc5/', 'packages-25.12/']),
      ],
      [
        `GET ${openwrt}24.10.10/targets/x86/64/sha256sums`,
        `${digest('bad')} *${openwrtFile.replace('-efi', '')}\n${digest('a')} *${openwrtFile}\n`,
      ],
    ],
    found: {
      url: `${openwrt}24.10.10/targets/x86/64/${openwrtFile}`,
      compression: 'gz',
      digest: sha256('a'),
    },
    newerUrl: `${openwrt}25.12.0/targets/x86/64/${openwrtFile.replace('24.10.10', '25.12.0')}`,
    listed: openwrtFile,
    rename: replaced(openwrtFile),
  },
  {
    resolver: 'homeassistant',
    image: imageAt('homeassistant', 'Home Assistant OS'),
    exchanges: [
      [
        `GET ${haosReleases}`,
        JSON.stringify([
          haosRelease('19.0.rc1', 'bad', true),
          haosRelease('18.9', 'bad'),
          haosRelease('18.10', 'a'),
        ]),
      ],
    ],
    found: { url: haosFile('18.10'), compression: 'xz', digest: sha256('a') },
    newerUrl: haosFile('18.11'),
    listed: 'haos_ova-18.10.qcow2.xz',
    rename: (text, other) => text.replaceAll('haos_ova-18', other),
    missing: 'DISCOVERY_NOTHING_FOUND',
    empty: ['CHECKSUM_MALFORMED'],
    isDocument: true,
  },
  {
    resolver: 'cluster-api',
    image: imageAt('cluster-api', 'Kubernetes 1.33'),
    exchanges: [
      [`GET ${capi}last-1.33`, `2025-11-15 ${capiPath}\n`],
      [`GET ${capi}${capiPath}.CHECKSUM`, gnu('a', 'ubuntu-2404-kube-v1.33.9.qcow2')],
    ],
    found: { url: `${capi}${capiPath}`, date: '20251115', digest: sha256('a') },
    newerUrl: `${capi}${capiPath.replace('33.9', '33.10')}`,
    listed: 'ubuntu-2404-kube-v1.33.9.qcow2',
    rename: replaced('ubuntu-2404-kube-v1.33.9.qcow2'),
  },
  {
    resolver: 'octavia-amphora',
    image: imageAt('octavia-amphora', 'Octavia amphora 2025.2'),
    exchanges: [
      [`GET ${amphora}last-2025.2`, `2026-01-18 ${amphoraFile}\n`],
      [`GET ${amphora}${amphoraFile}.CHECKSUM`, gnu('a', amphoraFile)],
    ],
    found: { url: `${amphora}${amphoraFile}`, date: '20260118', digest: sha256('a') },
    newerUrl: `${amphora}${amphoraFile.replace('0118', '0119')}`,
    listed: amphoraFile,
    rename: replaced(amphoraFile),
  },
  {
    resolver: 'ubuntu-streams',
    image: imageAt('ubuntu-streams', 'Ubuntu 24.04 (simplestreams)'),
    exchanges: [
      [
        `GET ${streams}streams/v1/com.ubuntu.cloud:released:download.sjson`,
        simplestreams({
          'com.ubuntu.cloud:server:24.04:amd64': Object.fromEntries(
            ['20260108', '20260705', '20260705.1'].map((version) => [
              version,
              [
                `server/releases/noble/release-${version}/ubuntu-24.04-server-cloudimg-amd64.img`,
                version === '20260705.1' ? 'a' : 'b',
              ],
            ]),
          ),
          'com.ubuntu.cloud:server:26.04:amd64': {
            '20270101': [
              'server/releases/resolute/release-20270101/ubuntu-26.04-server-cloudimg-amd64.img',
              'bad',
            ],
          },
        }),
      ],
    ],
    found: {
      url: `${streams}server/releases/noble/release-20260705.1/ubuntu-24.04-server-cloudimg-amd64.img`,
      date: '20260705',
      size: 7,
      digest: sha256('a'),
    },
    newerUrl: `${streams}server/releases/noble/release-20260705.2/ubuntu-24.04-server-cloudimg-amd64.img`,
    listed: 'ubuntu-24.04-server',
    rename: replaced('ubuntu-24.04-server'),
    missing: 'DISCOVERY_NOTHING_FOUND',
    isDocument: true,
  },
  {
    resolver: 'document',
    image: imageOf({
      latestUrl: `${other}download/vHEREBE[\\d.]+DRAGONS/x-HEREBE[\\d.]+DRAGONS.img.zst`,
      latestChecksumUrl: `${other}repos/o/r/releases`,
    }),
    exchanges: [
      [
        `GET ${other}repos/o/r/releases`,
        JSON.stringify(
          [
            { tag_name: 'v1.11.0', draft: true, mark: 'bad' },
            { tag_name: 'v1.12.0', prerelease: true, mark: 'bad' },
            { tag_name: 'v1.9.0', mark: 'b' },
            { tag_name: 'v1.10.0', mark: 'a' },
          ].map(({ mark, ...release }) => ({
            ...release,
            published_at: '2026-02-03T04:05:06Z',
            assets: [
              {
                browser_download_url: `${other}download/${release.tag_name}/x-${release.tag_name.slice(1)}.img.zst`,
                digest: `sha256:${digest(mark)}`,
                size: 5,
              },
            ],
          })),
        ),
      ],
    ],
    found: {
      url: `${other}download/v1.10.0/x-1.10.0.img.zst`,
      date: '20260203',
      size: 5,
      compression: 'zst',
      digest: sha256('a'),
    },
    newerUrl: `${other}download/v1.11.0/x-1.11.0.img.zst`,
    listed: 'x-1.10.0.img',
    rename: (text, name) => text.replaceAll(/x-1\.\d+\.0\.img/g, name),
    missing: 'DISCOVERY_NOTHING_FOUND',
    isDocument: true,
  },
  {
    resolver: 'pointer',
    image: imageOf({
      latestUrl: `${other}builds/newest.txt`,
      latestChecksumUrl: `${other}sums/HEREBEx-.*DRAGONS.sha512`,
    }),
    exchanges: [
      [
        `GET ${other}builds/newest.txt`,
        '# comment\n2026-01-02 y-9.img\n2026-01-03 x-9.img\n2026-01-04 x-10.img\n',
      ],
      [`GET ${other}sums/x-10.img.sha512`, gnu512('a', 'x-10.img')],
    ],
    found: { url: `${other}builds/x-10.img`, date: '20260104', digest: sha512('a') },
    newerUrl: `${other}builds/x-11.img`,
    listed: 'x-10.img',
    rename: replaced('x-10.img'),
  },
]
