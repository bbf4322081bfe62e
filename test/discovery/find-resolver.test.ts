import { describe, expect, it } from 'vitest'
import { findResolver } from '../../src/discovery/find-resolver.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { apacheListing } from '../contract/resolver-case.ts'
import { codeOf, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const sums = 'https://h/x/SHA256SUMS'

describe('which resolver serves an image', () => {
  it.each([
    ['ubuntu', 'ubuntu', 'https://h/noble/current/x.img', 'https://h/noble/current/SHA256SUMS'],
    ['ubuntu', 'ubuntu', 'http://127.0.0.1:1/release/x.img', 'http://127.0.0.1:1/release/SHA256SUMS'],
    ['debian', 'debian', 'https://h/trixie/latest/x.qcow2', 'https://h/trixie/latest/SHA512SUMS'],
    ['dated-folder', undefined, 'https://h/x/current/x.img', 'https://sums/x/current/SHA256SUMS'],
    ['manifest', 'ubuntu', 'https://h/noble/20260101/x.img', 'https://h/noble/20260101/SHA256SUMS'],
    ['manifest', 'ubuntu', 'https://h/noble/current/x.img', sums],
    ['manifest', 'debian', 'https://h/x.img', sums],
    ['manifest', undefined, 'https://current/x.img', 'https://current/SHA256SUMS'],
    ['almalinux', 'centos', 'https://h/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2', sums],
    ['rocky', 'rocky', 'https://h/x.qcow2', sums],
    ['rocky', 'centos', 'https://h/Rocky-9-GenericCloud.latest.x86_64.qcow2', sums],
    ['almalinux', 'centos', 'https://h/%41lmaLinux-9-GenericCloud-latest.x86_64.qcow2', sums],
    ['almalinux', 'centos', 'https://h/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2?of=/x', sums],
    ['almalinux', 'centos', 'https://h/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2#/x', sums],
    ['almalinux', 'centos', 'https://h\\AlmaLinux-9-GenericCloud-latest.x86_64.qcow2', sums],
    ['almalinux', undefined, 'https://h/%41lmaLinux-9-HEREBE\\d+DRAGONS.x86_64.qcow2', sums],
    ['centos', 'centos', 'https://h/x-HEREBE\\d+DRAGONS', sums],
    ['placeholder', 'debian', 'https://h/latest/x-HEREBE\\d+DRAGONS', sums],
  ])('%s', (name, osDistro, latestUrl, latestChecksumUrl) => {
    expect(findResolver(imageOf({ osDistro, latestUrl, latestChecksumUrl })).resolver.name).toBe(name)
  })

  it.each([
    ['another spelling of the alias', '/noble/%63urrent/'],
    ['a second slash', '/noble/current//'],
    ['a folder of one build', '/noble/20260101/'],
  ])("at the distribution's own host its keys hold for %s", (_, folder) => {
    const chosen = (host: string) => {
      const [latestUrl, latestChecksumUrl] = ['x.img', 'SHA256SUMS'].map(
        (name) => `https://${host}${folder}${name}`,
      )
      return findResolver(imageOf({ osDistro: 'ubuntu', latestUrl, latestChecksumUrl })).resolver
    }
    const { signature } = resolvers.find(({ name }) => name === 'ubuntu') ?? {}
    expect(signature).toBeDefined()
    for (const host of ['cloud-images.ubuntu.com', 'Cloud-Images.ubuntu.com.']) {
      expect(chosen(host)).toMatchObject({ name: 'manifest', signature })
    }
    expect(chosen('mirror.example').signature).toBeUndefined()
  })

  it.each([
    ['no latest_url', undefined, sums],
    ['no latest_checksum_url', 'https://h/x.img', undefined],
    ['a URL of a folder', 'https://h/x/', sums],
    ['a URL of a host', 'https://h', sums],
    ['another scheme', 'ftp://h/x.img', sums],
    ['a pattern under another scheme', 'ftp://h/HEREBE\\d+DRAGONS.img', sums],
    ['a file', 'file:///etc/passwd', sums],
    ['no URL', 'x.img', sums],
    ['an empty text', '', sums],
    ['a checksum URL of another scheme', 'https://h/x.img', 'rsync://h/SHA256SUMS'],
    ['a checksum URL that is none', 'https://h/x.img', 'SHA256SUMS'],
    ['a broken percent-encoding', 'https://h/x%zz.img', sums],
  ])('none with %s', async (_, latestUrl, latestChecksumUrl) => {
    const image = imageOf({ name: 'My image', latestUrl, latestChecksumUrl })
    expect(await codeOf(() => findResolver(image))).toBe('DISCOVERY_UNSUPPORTED')
    expect(() => findResolver(image)).toThrow('My image')
  })
})

describe('the URLs of an earlier catalogue', () => {
  it.each([
    [
      'alpine',
      'https://dl-cdn.alpinelinux.org/alpine/v3.23/releases/cloud/generic_alpine-HEREBE3\\.23\\.\\d+DRAGONS-x86_64-uefi-cloudinit-r0.qcow2',
      '.sha512',
    ],
    [
      'opnsense',
      'https://pkg.opnsense.org/releases/HEREBE\\d\\d\\.\\d+DRAGONS/OPNsense-HEREBE\\d\\d\\.\\d+DRAGONS-nano-amd64.img.bz2',
      'https://pkg.opnsense.org/releases/HEREBE\\d\\d\\.\\d+DRAGONS/OPNsense-HEREBE\\d\\d\\.\\d+DRAGONS-checksums-amd64.sha256',
    ],
    [
      'gardenlinux',
      'https://gardenlinux-github-releases.s3.amazonaws.com/objects/openstack-gardener_prod-amd64-HEREBE1877\\.\\d+-[0-9a-f]{8}DRAGONS/openstack-gardener_prod-amd64-HEREBE1877\\.\\d+-[0-9a-f]{8}DRAGONS.qcow2',
      'https://gardenlinux-glrd.s3.eu-central-1.amazonaws.com/releases-minor.json',
    ],
    [
      'amazonlinux',
      'https://cdn.amazonlinux.com/al2023/os-images/HEREBE2023\\.[\\d.]+DRAGONS/kvm-arm64/al2023-kvm-arm64-HEREBE2023\\.[\\d.]+DRAGONS-kernel-6.1-arm64.xfs.gpt.qcow2',
      'https://cdn.amazonlinux.com/al2023/os-images/latest/kvm-arm64/SHA256SUMS',
    ],
    [
      'fedora',
      'https://dl.fedoraproject.org/pub/fedora/linux/releases/44/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-HEREBE44-\\d+\\.\\d+DRAGONS.x86_64.qcow2',
      'https://dl.fedoraproject.org/pub/fedora/linux/releases/44/Cloud/x86_64/images/Fedora-Cloud-HEREBE44-\\d+\\.\\d+DRAGONS-x86_64-CHECKSUM',
    ],
  ])('of %s are read as those that are recommended now', (name, latestUrl, checksums) => {
    const { outgrown = [], recommended = [] } = resolvers.find((one) => one.name === name) ?? {}
    const present = (url: string) => outgrown.reduce((text, [was, is]) => text.replaceAll(was, is), url)
    const checksumUrl = checksums.startsWith('.') ? latestUrl + checksums : checksums
    expect(recommended).toContainEqual(
      expect.objectContaining({ latestUrl: present(latestUrl), latestChecksumUrl: present(checksumUrl) }),
    )
    for (const { latestUrl: url, latestChecksumUrl: sum = '' } of recommended) {
      expect([present(url), present(sum)]).toEqual([url, sum])
    }
  })

  it('find the build that has the new name', async () => {
    const folder = 'https://dl-cdn.alpinelinux.org/alpine/v3.23/releases/cloud/'
    const url = `${folder}generic_alpine-HEREBE3\\.23\\.\\d+DRAGONS-x86_64-uefi-cloudinit-r0.qcow2`
    const image = imageOf({ latestUrl: url, latestChecksumUrl: `${url}.sha512` })
    const names = [
      'generic_alpine-3.23.5-x86_64-uefi-cloudinit-r0.qcow2',
      'alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2',
    ]
    const context = fakeContext([
      [`GET ${folder}`, apacheListing(names)],
      [`GET ${folder}${names[1]}.sha512`, 'a'.repeat(128)],
    ])
    expect(await find(image, context)).toMatchObject({ url: `${folder}${names[1]}` })
  })
})
