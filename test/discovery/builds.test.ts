import { describe, expect, it } from 'vitest'
import { compressionOfUrl } from '../../src/discovery/file-url.ts'
import { compareBuilds, dateOf } from '../../src/discovery/find-newest.ts'
import { type Standing, standingOf } from '../../src/discovery/standing.ts'
import { type Build, type Digest, formatDigest } from '../../src/image.ts'
import { codeOf, fakeContext } from './fake-http.ts'

const url = 'https://h/images/x-latest.qcow2'
const found: Build = {
  url,
  resolver: 'x',
  digest: { algorithm: 'sha256', hex: 'a'.repeat(64) },
  trust: 'checksum',
}
const now = new Date('2026-07-20T12:00:00Z')

describe('the day of a build', () => {
  it('is the day that its names tell, without a question', async () => {
    const context = fakeContext([])
    expect(await dateOf({ ...found, date: '20260714' }, { ...context, now })).toBe('20260714')
    context.http.done()
  })

  it.each([
    ['Tue, 14 Jul 2026 23:59:59 GMT', '20260714'],
    ['Wed, 15 Jul 2026 00:00:00 GMT', '20260715'],
    ['Tue, 21 Jul 2026 11:59:59 GMT', '20260721'],
    ['Sat, 01 Jan 2000 00:00:00 GMT', '20000101'],
  ])('else that of Last-Modified in UTC: %s', async (lastModified, version) => {
    const context = fakeContext([[`HEAD ${url}`, { lastModified }]])
    expect(await dateOf(found, { ...context, now })).toBe(version)
    context.http.done()
  })

  it.each([undefined, 'Tue, 21 Jul 2026 12:00:01 GMT', 'Fri, 31 Dec 1999 23:59:59 GMT', 'no date'])(
    'and an error for Last-Modified %s',
    async (lastModified) => {
      const context = fakeContext([[`HEAD ${url}`, { lastModified }]])
      expect(await codeOf(() => dateOf(found, { ...context, now }))).toBe('DISCOVERY_NO_DATE')
    },
  )
})

describe('which of two builds is older', () => {
  const build = (newUrl: string, date = '20260714') => ({ url: newUrl, date })
  it.each([
    [
      'a respin on the same day',
      'https://h/x-20260119.0.qcow2',
      '20260120',
      'https://h/x-20260119.1.qcow2',
      '20260119',
      1,
    ],
    ['a respin in a folder', 'https://h/20260119.9/x', '20260119', 'https://h/20260119.10/x', '20260119', 1],
    [
      'a build of another running number',
      'https://h/20260119-1000/x',
      '20260119',
      'https://h/20260119-999/x',
      '20260119',
      -1,
    ],
    [
      'a folder and a file',
      'https://h/20260120/x',
      '20260120',
      'https://h/x-20260119.1.qcow2',
      '20260119',
      -1,
    ],
    [
      'the same stamp, whatever the versions',
      'https://h/x-20260119.0.qcow2',
      '20260120',
      'https://h/x-20260119.0.qcow2',
      '20260119',
      0,
    ],
    ['no stamp before', 'https://h/x-latest', '20251118', 'https://h/x-20260526', '20260526', 1],
    ['no stamps at all', 'https://h/x-latest', '20251118', 'https://h/x-latest', '20251117', -1],
    [
      'an older version',
      'https://h/x-HEREBE\\d+\\.qcow2$DRAGONS',
      '20221112',
      'https://h/x-2009.qcow2',
      '20201112',
      -1,
    ],
    [
      'a newer version in the URL',
      'https://h/4230.2.4/x',
      '20260301',
      'https://h/4230.2.10/x',
      '20260228',
      1,
    ],
    ['an older version in the URL', 'https://h/v1.12.0/x', '20260301', 'https://h/v1.11.9/x', '20260302', -1],
    [
      'versions before hashes',
      'https://h/1877.7-fe2/x',
      '20260301',
      'https://h/1877.10-01a/x',
      '20260228',
      1,
    ],
    ['numbers of hosts', 'https://h2/x', '20260301', 'https://h1/x', '20260301', 0],
    ['a version that is no date', 'https://h/x', '1.2.3', 'https://h/x', '20200101', 0],
    ['nothing known', undefined, undefined, 'https://h/x', '20200101', 0],
  ])('%s', (_, currentUrl, version, newUrl, newVersion, sign) => {
    expect(Math.sign(compareBuilds({ url: currentUrl, version }, build(newUrl, newVersion)))).toBe(sign)
  })
})

describe('which of two versions of the distribution is older', () => {
  const url = 'https://h/x'
  it.each<[string | undefined, string | undefined, string | undefined, number]>([
    ['1.9.5', '1.10.0', undefined, 1],
    ['1.10.0', '1.9.5', undefined, -1],
    ['v1.10.0', '1.9.5', undefined, -1],
    ['1.10.0', '1.10.0', undefined, 0],
    ['26.1', '26.1.6', undefined, 1],
    ['26.1-rc1', '26.1', undefined, 1],
    // By the day where the catalogue has no version of its own.
    ['20260801', '1.9.5', undefined, -1],
    ['latest', '1.9.5', '2026-08-01', -1],
    ['latest', '1.9.5', '2026-07-01', 1],
    [undefined, '1.9.5', '2026-08-01', -1],
    ['1.9.5', undefined, '2026-08-01', -1],
  ])('%s, then %s', (before, version, buildDate, sign) => {
    const order = compareBuilds({ url, version: before, buildDate }, { url, version, date: '20260714' })
    expect(Math.sign(order)).toBe(sign)
  })
})

it.each([
  ['x.qcow2', undefined],
  ['x.img', undefined],
  ['x.qcow2.xz', 'xz'],
  ['x.raw.GZ', 'gz'],
  ['x.img.bz2', 'bz2'],
  ['x.zst', 'zst'],
  ['x.zip', 'zip'],
  ['x.tar.xz', 'tar.xz'],
  ['x.tgz', 'tar.gz'],
  ['x.TAR', 'tar'],
  ['xz', undefined],
  ['x.constructor', undefined],
])('%s is packed as %s', (name, compression) => {
  expect(compressionOfUrl(`https://h/${name}`)).toBe(compression)
})

const hex = 'ab'.repeat(32)
const build: Build = {
  resolver: 'rocky',
  url: 'https://download.example.org/rocky-9-20260531.qcow2',
  digest: { algorithm: 'sha256', hex },
  date: '20260531',
  trust: 'checksum',
}

describe('the standing of a version whose file is named as it is', () => {
  it.each([
    ['the same digest', `sha256:${hex}`, true],
    ['the same in upper case', `SHA256:${hex.toUpperCase()}`, true],
    ['another digest', `sha256:${'cd'.repeat(32)}`, false],
    ['another algorithm', `sha512:${'ab'.repeat(64)}`, false],
    ['no digest at all', 'unknown', false],
    ['nothing', undefined, false],
  ])('%s', (_, checksum, isSame) => {
    expect(standingOf({ checksum }, build, [])).toBe(isSame ? 'same' : 'other')
  })

  it.each([
    ['the same URL', build.url, `sha256:${hex}`, true],
    ['the same URL without a checksum', build.url, undefined, false],
    ['another URL', 'https://download.example.org/rocky-9-20260530.qcow2', `sha256:${hex}`, false],
    ['the same URL, with a checksum of nothing', build.url, 'md5:d41d8cd98f00b204e9800998ecf8427e', false],
  ])('where none is published: %s', (_, url, checksum, isSame) => {
    const standing = standingOf({ url, checksum }, { ...build, digest: undefined }, [])
    expect(standing).toBe(isSame ? 'same' : 'other')
  })
})

describe('the standing of a version whose mirror_url serves what was packed', () => {
  const of = (one: string, algorithm: 'md5' | 'sha256' | 'sha512' = 'sha256') => {
    const length = { md5: 32, sha256: 64, sha512: 128 }[algorithm]
    return { algorithm, hex: one.repeat(length) }
  }
  const [stored, source] = [of('a'), of('b')]
  const file: Build = {
    ...{ resolver: 'opnsense', url: 'https://o.example.org/o.img.bz2', compression: 'bz2' },
    ...{ digest: source, trust: 'checksum' },
  }
  const elsewhere = { ...file, url: 'https://o.example.org/p.img.bz2' }
  const entry = (digest: Digest = stored) => ({
    ...{ url: file.url, mirrorUrl: 'https://mirror.example.org/o.raw' },
    checksum: formatDigest(digest),
  })
  const published = { ...file, content: stored }
  const first = { ...file, digest: undefined }
  const record = (digest: Digest, of: Digest) => ({ digest, source: of })

  it.each<[string, Standing, ReturnType<typeof entry>, Build, ReturnType<typeof record>[]]>([
    ['a record of both digests', 'same', entry(), file, [record(stored, source)]],
    ['a record, for a build at another URL', 'same', entry(), elsewhere, [record(stored, source)]],
    ['a record of another packed file', 'other', entry(), file, [record(stored, of('c'))]],
    ['a record of another object, made of the build', 'other', entry(), file, [record(of('d'), source)]],
    ['a record of another object and file', 'other', entry(), file, [record(of('d'), of('c'))]],
    ['nothing', 'unknown', entry(), file, []],
    ['nothing, for a build at another URL', 'other', entry(), elsewhere, []],
    ['a record in other algorithms', 'unknown', entry(), file, [record(of('a', 'sha512'), source)]],
    ['a record of its source in another one', 'unknown', entry(), file, [record(stored, of('b', 'md5'))]],
    [
      'a second record that knows its source',
      'same',
      entry(of('a', 'sha512')),
      file,
      [record(stored, source), record(of('a', 'sha512'), source)],
    ],
    ['the digest of the packed file', 'packed', entry(source), file, []],
    ['that, with a record', 'packed', entry(source), file, [record(stored, source)]],
    ['a published digest of the content', 'same', entry(), published, []],
    [
      'another one than is published of the content',
      'other',
      entry(of('d')),
      published,
      [record(of('d'), source)],
    ],
    ['the digest of the packed file beside it', 'packed', entry(source), published, []],
    ['the URL, where no digest is published', 'same', entry(), first, []],
    ['another URL, where none is', 'other', entry(), { ...elsewhere, digest: undefined }, []],
    ['the record of a packed file, where none is', 'packed', entry(source), first, [record(stored, source)]],
    [
      'an md5 that is recorded beside the object',
      'same',
      entry(of('a', 'md5')),
      file,
      [record(of('a', 'md5'), source)],
    ],
  ])('by %s: %s', (_, standing, version, one, recorded) => {
    expect(standingOf(version, one, recorded)).toBe(standing)
  })

  it('goes by the packed file where there is no mirror_url', () => {
    expect(standingOf({ ...entry(source), mirrorUrl: undefined }, file, [])).toBe('same')
    expect(standingOf({ ...entry(), mirrorUrl: undefined }, file, [record(stored, source)])).toBe('other')
  })

  it('goes by the file itself once that is published as it is', () => {
    const plain = { ...file, url: 'https://o.example.org/o.img', compression: undefined, digest: stored }
    expect(standingOf(entry(), plain, [])).toBe('same')
    expect(standingOf(entry(source), plain, [])).toBe('other')
  })
})
