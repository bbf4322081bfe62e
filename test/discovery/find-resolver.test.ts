import { describe, expect, it } from 'vitest'
import { findResolver } from '../../src/discovery/find-resolver.ts'
import { codeOf } from './fake-http.ts'
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
    ['centos', 'centos', 'https://h/x-HEREBE\\d+DRAGONS', sums],
    ['placeholder', 'debian', 'https://h/latest/x-HEREBE\\d+DRAGONS', sums],
  ])('%s', (name, osDistro, latestUrl, latestChecksumUrl) => {
    expect(findResolver(imageOf({ osDistro, latestUrl, latestChecksumUrl })).resolver.name).toBe(name)
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
