import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { addressOf, baseOf, type MirrorOptions } from '../../src/stores/kinds.ts'
import {
  checksumFileKey,
  encodeSegment,
  folderPrefix,
  kindOfKey,
  objectKey,
  objectOfSidecar,
  probeKey,
  sidecarKey,
  sidecarUrl,
  stagingKey,
} from '../../src/stores/naming.ts'
import { parseServer, splitBucket } from '../../src/stores/s3/options.ts'
import { anyText } from '../support/any-text.ts'

const image = { shortname: 'debian-12', format: 'qcow2' } as const
const s3: Extract<MirrorOptions, { kind: 's3' }> = {
  kind: 's3',
  server: 'swift.example',
  bucket: 'openstack-images',
  region: 'us-east-1',
  swiftPrefix: 'swift/v1/AUTH_b18/',
  keyPrefix: '',
  acl: 'public-read',
}

describe('sidecars', () => {
  const key = objectKey(image, { date: '20260124' }, 'p')

  it('are beside their object, by key and by URL', () => {
    expect(sidecarKey(key)).toBe('p/debian-12/20260124-debian-12.qcow2.source.json')
    expect(objectOfSidecar(sidecarKey(key))).toBe(key)
    expect(sidecarUrl('https://m.example/a%20b/x.raw?y=1')).toBe(
      'https://m.example/a%20b/x.raw.source.json?y=1',
    )
  })

  it.each([
    [key, 'final'],
    [sidecarKey(key), 'sidecar'],
    [sidecarKey(sidecarKey(key)), undefined],
    [sidecarKey(stagingKey(key, '0123456789ab')), undefined],
    [`${key}.unnamed`, 'mark'],
    [`${sidecarKey(key)}.unnamed`, undefined],
    ['p/debian-12/notes.unnamed', undefined],
    [probeKey('0123456789ab', 'p/'), 'probe'],
    [`${probeKey('0123456789ab', 'p/')}.source.json`, undefined],
    [probeKey('0123456789ab', 'p/demo/'), undefined],
    ['p/image-updater-probe-notes.qcow2', undefined],
    [sidecarKey(checksumFileKey('p/debian-12/', 'sha256')), undefined],
    ['p/debian-12/other.source.json', undefined],
    ['p/debian-12/.source.json', undefined],
  ])('%s is of kind %s', (one, kind) => {
    expect(kindOfKey(one, 'p')).toBe(kind)
  })
})

describe('object keys', () => {
  it('have the form that mirrors have had so far', () => {
    expect(objectKey(image, { date: '20260124' }, '')).toBe('debian-12/20260124-debian-12.qcow2')
    expect(objectKey(image, { date: '20260124' }, 'images')).toBe('images/debian-12/20260124-debian-12.qcow2')
    expect(objectKey(image, { date: '20260124' }, '/a//b/')).toBe('a/b/debian-12/20260124-debian-12.qcow2')
  })

  it('tell a later build of a day by its serial', () => {
    const key = objectKey(image, { date: '20260124', serial: '2367' }, 'p')
    expect(key).toBe('p/debian-12/20260124.2367-debian-12.qcow2')
    expect(kindOfKey(key, 'p')).toBe('final')
    expect(kindOfKey(sidecarKey(key), 'p')).toBe('sidecar')
    expect(kindOfKey(stagingKey(key, '0123456789ab'), 'p')).toBe('staging')
    expect(kindOfKey(`${key}.unnamed`, 'p')).toBe('mark')
  })

  it.each(['', 'A', '0123456789abc', '1/2', '..', '1-2', '20260124.1'])('refuse the serial %j', (serial) => {
    expect(() => objectKey(image, { date: '20260124', serial }, '')).toThrow(UpdaterError)
    expect(kindOfKey(`debian-12/20260124.${serial}-debian-12.qcow2`, '')).toBeUndefined()
  })

  it.each(['../x', 'a/b', '', '.', '..', '.hidden', 'a\0b', 'a\nb', 'a\\b', 'ü', 'x'.repeat(300)])(
    'refuse the shortname %j',
    (shortname) => {
      expect(() => objectKey({ ...image, shortname }, { date: '20260124' }, '')).toThrow(UpdaterError)
    },
  )

  it.each(['2026-01-24', '../20260124', '2026012', '202601245', '', '20260124/x'])(
    'refuse the version %j',
    (version) => {
      expect(() => objectKey(image, { date: version }, '')).toThrow(UpdaterError)
    },
  )

  it('never leave the prefix, whatever the names', () => {
    fc.assert(
      fc.property(anyText(), anyText(), (shortname, version) => {
        try {
          const segments = objectKey({ shortname, format: 'raw' }, { date: version }, 'p/').split('/')
          const [prefix, ...names] = segments
          return prefix === 'p' && names.length === 2 && !names.some((name) => /^(\.|$)/.test(name))
        } catch (error) {
          return error instanceof UpdaterError && error.code === 'CONFIGURATION'
        }
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it('are told from foreign ones', () => {
    const key = objectKey(image, { date: '20260124' }, 'p/')
    expect(kindOfKey(key, 'p')).toBe('final')
    expect(kindOfKey(stagingKey(key, '0123456789ab'), 'p/')).toBe('staging')
    expect(kindOfKey(key, '')).toBeUndefined()
    expect(kindOfKey(key, 'q/')).toBeUndefined()
    expect(kindOfKey('p/debian-12/20260124-debian-11.qcow2', 'p/')).toBeUndefined()
    expect(kindOfKey('p/debian-12/backup.qcow2', 'p/')).toBeUndefined()
    expect(kindOfKey(`${key}.0123.upload`, 'p/')).toBeUndefined()
  })

  it.each([
    ['debian-12/SHA256SUMS', 'checksums'],
    ['debian-12/SHA512SUMS', 'checksums'],
    ['debian-12/MD5SUMS', 'checksums'],
    ['SHA256SUMS', undefined],
    ['a/b/SHA256SUMS', undefined],
    ['debian-12/SHA256SUMS.gpg', undefined],
    ['debian-12/sha256sums', undefined],
    ['.trash/SHA256SUMS', undefined],
  ])('of checksum files are told apart: %s', (name, kind) => {
    expect(kindOfKey(`p/${name}`, 'p')).toBe(kind)
    expect(checksumFileKey('p/debian-12/', 'sha256')).toBe('p/debian-12/SHA256SUMS')
  })
})

describe('prefixes and buckets', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['images', 'images/'],
    ['/a//b/', 'a/b/'],
  ])('%j becomes %j', (text, prefix) => expect(folderPrefix(text)).toBe(prefix))

  it.each(['..', 'a/../b', './a', 'a/\n'])('%j is refused', (text) => {
    expect(() => folderPrefix(text)).toThrow(/prefix of object keys/)
  })

  it('splits a prefix from the bucket', () => {
    expect(splitBucket('openstack-images')).toEqual({ bucket: 'openstack-images', prefix: '' })
    expect(splitBucket('osism/openstack-images')).toEqual({ bucket: 'osism', prefix: 'openstack-images/' })
    expect(splitBucket('osism//a/b/')).toEqual({ bucket: 'osism', prefix: 'a/b/' })
  })

  it.each(['', '/', '/images', '.', '..', 'a b', 'a?b', '-a'])('%j names no bucket', (text) => {
    expect(() => splitBucket(text)).toThrow(/is not the name of a bucket|is not a plain path/)
  })
})

describe('servers', () => {
  it.each([
    ['swift.example', 'https://swift.example/'],
    ['swift.example:8080', 'https://swift.example:8080/'],
    ['http://127.0.0.1:8085', 'http://127.0.0.1:8085/'],
    ['https://swift.example/', 'https://swift.example/'],
    ['[::1]:8080', 'https://[::1]:8080/'],
  ])('%j is %s', (text, url) => expect(parseServer(text).href).toBe(url))

  it.each([
    '',
    'ftp://a',
    'https://user:secret@a',
    'a/path',
    'a?b=c',
    'a#b',
    'a b',
    'https://',
    'a\nb',
    'a:99999',
  ])('%j is refused, without repeating a password', (text) => {
    expect(() => baseOf({ ...s3, server: text })).toThrow(/^The server of the mirror (?!.*secret)/)
  })
})

describe('public URLs', () => {
  it.each<[MirrorOptions, string | undefined]>([
    [s3, 'https://swift.example/swift/v1/AUTH_b18/openstack-images/debian-12/20260124-debian-12.qcow2'],
    [
      {
        ...s3,
        server: 'http://127.0.0.1:8085/',
        swiftPrefix: '/swift//v1/AUTH_x',
        bucket: 'osism/images/',
        keyPrefix: '/k',
      },
      'http://127.0.0.1:8085/swift/v1/AUTH_x/osism/images/k/debian-12/20260124-debian-12.qcow2',
    ],
    [{ ...s3, swiftPrefix: '' }, 'https://swift.example/openstack-images/debian-12/20260124-debian-12.qcow2'],
    [
      { ...s3, keyPrefix: 'k', baseUrl: 'https://cdn.example/i/' },
      'https://cdn.example/i/debian-12/20260124-debian-12.qcow2',
    ],
    [{ kind: 'none' }, undefined],
    [
      { kind: 'none', baseUrl: 'https://cdn.example' },
      'https://cdn.example/debian-12/20260124-debian-12.qcow2',
    ],
    [
      { kind: 'directory', dir: '/srv/my images', keyPrefix: 'k' },
      'file:///srv/my%20images/k/debian-12/20260124-debian-12.qcow2',
    ],
    [
      { kind: 'directory', dir: '/srv', keyPrefix: 'k', baseUrl: 'http://m.example/x' },
      'http://m.example/x/debian-12/20260124-debian-12.qcow2',
    ],
  ])('of %j', (mirror, url) => expect(addressOf(mirror, image, { date: '20260124' })?.url).toBe(url))

  it.each([
    'cdn.example',
    'ftp://cdn.example',
    'https://u:secret@cdn.example',
    'https://cdn.example/?x=secret',
  ])('refuse the base %j without repeating it', (baseUrl) => {
    expect(() => addressOf({ kind: 'none', baseUrl }, image, { date: '20260124' })).toThrow(
      /^The public base (?!.*secret)/,
    )
  })

  it('encode what is odd', () => {
    expect(encodeSegment("a+b c'(d)*!~ü\ud800")).toBe('a%2Bb%20c%27%28d%29%2A%21~%C3%BC%EF%BF%BD')
  })
})
