import { describe, expect, it } from 'vitest'
import { nearMiss } from '../../src/discovery/near-miss.ts'

/** A listing of each image that a distribution publishes of each of its builds. */
const product = (builds: readonly string[], images: readonly string[]) =>
  builds.flatMap((build) => images.map((image) => image.replaceAll('BUILD', build)))

const alpine = product(
  ['3.23.4', '3.23.5'],
  ['generic', 'aws', 'nocloud'].flatMap((kind) =>
    ['uefi-cloudinit', 'uefi-cloudinit-metal', 'uefi-tiny', 'bios-cloudinit'].flatMap((flavour) =>
      ['x86_64', 'aarch64'].flatMap((architecture) =>
        ['qcow2', 'qcow2.asc', 'qcow2.sha512', 'yaml'].map(
          (ending) => `${kind}_alpine-BUILD-${architecture}-${flavour}-r0.${ending}`,
        ),
      ),
    ),
  ),
)
const alma = product(
  ['9.7-20260310', '9.8-20260526'],
  ['GenericCloud', 'GenericCloud-ext4', 'OpenNebula'].map((kind) => `AlmaLinux-9-${kind}-BUILD.x86_64.qcow2`),
)
const stream = product(
  ['20260630.2', '20260706.0', '20260714.1'],
  [
    'CentOS-Stream-GenericCloud-9-BUILD.x86_64.qcow2',
    'CentOS-Stream-GenericCloud-x86_64-9-BUILD.x86_64.qcow2',
    'CentOS-Stream-ec2-9-BUILD.x86_64.raw.xz',
    'CentOS-Stream-Vagrant-9-BUILD.x86_64.vagrant-libvirt.box',
  ],
)
const rocky = product(
  ['10.1-20251116.0', '10.2-20260525.0'],
  ['Base', 'LVM'].map((kind) => `Rocky-10-GenericCloud-${kind}-BUILD.x86_64.qcow2`),
)
const fedora = [
  'Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2',
  'Fedora-Cloud-Base-UEFI-UKI-44-1.7.x86_64.qcow2',
  'Fedora-Cloud-Base-AmazonEC2-44-1.7.x86_64.raw.xz',
  'Fedora-Cloud-44-1.7-x86_64-CHECKSUM',
]
const opnsense = ['24.7', '25.1', '25.7', '26.1', 'mirror', 'snapshots']
const debian = ['20260601-2490', '20260701-2540', 'daily', 'latest']
const ubuntu = ['20260307', '20260615', '20260705', 'current']
const freebsd = ['13.5-RELEASE', '14.3-RELEASE', '14.4-RELEASE', '15.1-RELEASE', 'README.txt']
const openeuler = [
  'openEuler-22.03-LTS-SP4',
  'openEuler-24.03-LTS',
  'openEuler-24.03-LTS-SP3',
  'openEuler-25.09',
]
const talos = ['v1.10.0', 'v1.11.10', 'v1.12.0-alpha.1', 'v1.12.0-beta.0']
const garden = product(
  ['1877.2-11111111', '1877.3-75df9f40'],
  [
    'openstack-gardener_prod',
    'openstackbaremetal-gardener_prod',
    'openstack-gardener_prod_tpm2_trustedboot',
  ].map((kind) => `objects/${kind}-amd64-BUILD/${kind}-amd64-BUILD.qcow2`),
)
const gardenForm = 'openstack-gardener_prod-amd64-1877\\.\\d+-[0-9a-f]{8}'

/** What is taken of each listing, and what the image's URLs say of it. */
const images = {
  alpine: [
    alpine,
    'generic_alpine-3.23.5-x86_64-uefi-cloudinit-r0.qcow2',
    'generic_alpine-3\\.23\\.\\d+-x86_64-uefi-cloudinit-r0.qcow2',
  ],
  'alpine tiny': [
    alpine,
    'generic_alpine-3.23.5-x86_64-uefi-tiny-r0.qcow2',
    'generic_alpine-3\\.23\\.\\d+-x86_64-uefi-tiny-r0.qcow2',
  ],
  alma: [
    alma,
    'AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2',
    'AlmaLinux-9-GenericCloud-latest.x86_64.qcow2',
  ],
  'alma ext4': [
    alma,
    'AlmaLinux-9-GenericCloud-ext4-9.8-20260526.x86_64.qcow2',
    'AlmaLinux-9-GenericCloud-ext4-latest.x86_64.qcow2',
  ],
  stream: [
    stream,
    'CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2',
    'CentOS-Stream-GenericCloud-9-\\d+\\.\\d.x86_64.qcow2',
  ],
  rocky: [
    rocky,
    'Rocky-10-GenericCloud-Base-10.2-20260525.0.x86_64.qcow2',
    'Rocky-10-GenericCloud-Base.latest.x86_64.qcow2',
  ],
  fedora: [
    fedora,
    'Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2',
    'Fedora-Cloud-Base-Generic-44-\\d+\\.\\d+.x86_64.qcow2',
  ],
  opnsense: [opnsense, '26.1', '\\d\\d\\.\\d+'],
  debian: [debian, '20260701-2540', ''],
  ubuntu: [ubuntu, '20260705', ''],
  freebsd: [freebsd, '14.4-RELEASE', '14\\.\\d+-RELEASE'],
  openeuler: [openeuler, 'openEuler-24.03-LTS-SP3', 'openEuler-24\\.03-LTS(-SP\\d+)?'],
  talos: [talos, 'v1.11.10', 'v\\d+\\.\\d+\\.\\d+'],
  garden: [garden, garden[3] ?? '', `objects/${gardenForm}/${gardenForm}.qcow2`],
} as const satisfies Record<string, readonly [readonly string[], string, string]>

function missed(image: keyof typeof images, ...more: string[]): string | undefined {
  const [listing, name, form] = images[image]
  return nearMiss({ name, others: [...listing.filter((one) => one !== name), ...more], form })
}

describe('a near miss', () => {
  it.each(Object.keys(images) as (keyof typeof images)[])('is not in the usual listing: %s', (image) => {
    expect(missed(image)).toBeUndefined()
  })

  it.each<[string, keyof typeof images, string[], string]>([
    [
      'without a word',
      'alpine',
      ['alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2'],
      'alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2',
    ],
    [
      'without two words',
      'alpine',
      ['alpine-3.23.6-x86_64-cloudinit-r2.qcow2'],
      'alpine-3.23.6-x86_64-cloudinit-r2.qcow2',
    ],
    [
      'with another revision',
      'alpine',
      ['generic_alpine-3.23.5-x86_64-uefi-cloudinit-r1.qcow2'],
      'generic_alpine-3.23.5-x86_64-uefi-cloudinit-r1.qcow2',
    ],
    ['the newest of several', 'opnsense', ['26.1.10', '26.1.2', '26.1.6'], '26.1.10'],
    [
      'a serial of two digits',
      'stream',
      ['CentOS-Stream-GenericCloud-9-20260714.10.x86_64.qcow2'],
      'CentOS-Stream-GenericCloud-9-20260714.10.x86_64.qcow2',
    ],
    [
      'behind an alias that stands still',
      'alma',
      ['AlmaLinux-9-GenericCloud-9.9-20261120.x86_64.qcow2'],
      'AlmaLinux-9-GenericCloud-9.9-20261120.x86_64.qcow2',
    ],
    [
      'with a word that is new',
      'alma',
      ['AlmaLinux-9-GenericCloud-Base-9.9-20261120.x86_64.qcow2'],
      'AlmaLinux-9-GenericCloud-Base-9.9-20261120.x86_64.qcow2',
    ],
    [
      'of a third part',
      'garden',
      [
        `objects/openstack-gardener_prod-amd64-1877.4.0-40f62d58/openstack-gardener_prod-amd64-1877.4.0-40f62d58.qcow2`,
      ],
      `objects/openstack-gardener_prod-amd64-1877.4.0-40f62d58/openstack-gardener_prod-amd64-1877.4.0-40f62d58.qcow2`,
    ],
    ['in a folder of another form', 'debian', ['20260801.2600-1'], '20260801.2600-1'],
    [
      'another form of a service pack',
      'openeuler',
      ['openEuler-24.03-LTS-SP3.1'],
      'openEuler-24.03-LTS-SP3.1',
    ],
  ])('is told: %s', (_, image, more, expected) => {
    expect(missed(image, ...more)).toBe(expected)
  })

  it.each<[string, keyof typeof images, string]>([
    ['another release', 'alpine', 'generic_alpine-3.24.0-x86_64-uefi-cloudinit-r0.qcow2'],
    ['another release', 'alma', 'AlmaLinux-10-GenericCloud-10.2-20260601.x86_64.qcow2'],
    ['another release', 'fedora', 'Fedora-Cloud-Base-Generic-45-1.1.x86_64.qcow2'],
    ['another release', 'freebsd', '15.2-RELEASE'],
    ['another release', 'openeuler', 'openEuler-26.03-LTS'],
    [
      'another release',
      'garden',
      'objects/openstack-gardener_prod-amd64-2150.8.0-40f62d58/openstack-gardener_prod-amd64-2150.8.0-40f62d58.qcow2',
    ],
    ['another architecture', 'alpine', 'alpine-3.23.6-aarch64-uefi-cloudinit-r0.qcow2'],
    ['another architecture', 'alma', 'AlmaLinux-9-GenericCloud-9.8-20260601.x86_64_v2.qcow2'],
    ['another format', 'alpine', 'generic_alpine-3.23.6-x86_64-uefi-cloudinit-r0.vhd'],
    ['a packed file', 'stream', 'CentOS-Stream-GenericCloud-9-20260801.0.x86_64.qcow2.xz'],
    ['a file beside an image', 'alpine', 'alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2.sha512'],
    ['a candidate', 'alpine', 'generic_alpine-3.23.6_rc1-x86_64-uefi-cloudinit-r0.qcow2'],
    ['a candidate', 'freebsd', '14.5-BETA2'],
    ['a candidate', 'opnsense', '26.7.r1'],
    ['a candidate', 'fedora', 'Fedora-Cloud-Base-Generic-44_Beta-1.9.x86_64.qcow2'],
    ['a variant that is a day later', 'alma', 'AlmaLinux-9-GenericCloud-Lite-9.8-20260527.x86_64.qcow2'],
    ['a variant', 'alma', 'AlmaLinux-9-GenericCloud-ext4-9.9-20261120.x86_64.qcow2'],
    ['a variant', 'alma', 'AlmaLinux-9-OpenNebula-9.9-20261120.x86_64.qcow2'],
    ['not the variant', 'alma ext4', 'AlmaLinux-9-GenericCloud-9.9-20261120.x86_64.qcow2'],
    ['a variant', 'rocky', 'Rocky-10-GenericCloud-LVM-10.3-20261120.0.x86_64.qcow2'],
    ['a variant', 'stream', 'CentOS-Stream-GenericCloud-x86_64-9-20260801.0.x86_64.qcow2'],
    [
      'a variant',
      'garden',
      'objects/openstackbaremetal-gardener_prod-amd64-1877.9-0a1b2c3d/openstackbaremetal-gardener_prod-amd64-1877.9-0a1b2c3d.qcow2',
    ],
    ['a nightly folder', 'debian', '20260901-nightly'],
    ['a folder of something else', 'ubuntu', 'test-20260901'],
    ['something else', 'opnsense', 'tools-30.1'],
    ['an older one', 'opnsense', '25.7.11'],
    ['a name that leads elsewhere', 'alma', '../AlmaLinux-9-GenericCloud-9.9-20261120.x86_64.qcow2'],
    ['a date beside a version', 'opnsense', '20260901'],
  ])('is not %s of %s: %s', (_, image, name) => {
    expect(missed(image, name)).toBeUndefined()
  })

  it('is not told of a name that tells neither date nor version', () => {
    const form = 'noble-server-cloudimg-amd64.img'
    const others = ['noble-server-cloudimg-amd64-2.img', 'noble-server-cloudimg-amd64-20260705.img']
    expect(nearMiss({ name: form, others, form })).toBeUndefined()
  })

  it('may have a number in common with the release', () => {
    const others = ['x-3.23.4-r0.img', 'x-3.24.0-r0.img']
    expect(nearMiss({ name: 'x-3.23.3-r0.img', others, form: 'x-3\\.23\\.[0-3]-r0.img' })).toBe(
      'x-3.23.4-r0.img',
    )
  })

  it('is found in a long listing', () => {
    const others = Array.from({ length: 90_000 }, (_, index) => `x-1.${index}-lvm-amd64.qcow2`)
    expect(
      nearMiss({
        name: 'x-1.7-amd64.qcow2',
        others: [...others, 'x-1.7.1-amd64.qcow2'],
        form: 'x-\\d\\.\\d+-amd64.qcow2',
      }),
    ).toBe('x-1.7.1-amd64.qcow2')
  })

  it('is found among names that each have words of their own', () => {
    const word = (index: number) =>
      index.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '')
    const others = Array.from({ length: 12_000 }, (_, index) => `x-${word(index)}-20260901-1.2.3.qcow2`)
    expect(nearMiss({ name: 'x-20260101.qcow2', others, form: 'x-\\d{8}.qcow2' })).toMatch(/-20260901-/)
  })
})
