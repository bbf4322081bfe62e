import { describe, expect, it } from 'vitest'
import { apacheListing, digest, gnu } from '../contract/resolver-case.ts'
import { codeOf, type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const h = 'https://h.example/'
const listing = (path: string, ...names: string[]): Exchange => [`GET ${h}${path}`, apacheListing(names)]

async function urlOf(latestUrl: string, latestChecksumUrl: string, exchanges: readonly Exchange[]) {
  const context = fakeContext(exchanges)
  const image = imageOf({ latestUrl: h + latestUrl, latestChecksumUrl: h + latestChecksumUrl })
  const found = await find(image, context)
  context.http.done()
  return found.url
}

describe('patterns in path segments', () => {
  it('are resolved from left to right, each in the folder that the ones before led to', async () => {
    expect(
      await urlOf(
        'HEREBEr\\d+DRAGONS/HEREBEb\\d+DRAGONS/x.img',
        'HEREBEr\\d+DRAGONS/HEREBEb\\d+DRAGONS/SUMS',
        [
          listing('', 'r9/', 'r10/', 'latest/'),
          listing('r10/', 'b1/', 'b2/', 'b3'),
          [`GET ${h}r10/b2/SUMS`, gnu('a', 'x.img')],
        ],
      ),
    ).toBe(`${h}r10/b2/x.img`)
  })

  it('may stand in latest_checksum_url alone beside another one', async () => {
    expect(
      await urlOf('HEREBE\\d+DRAGONS/x.img', 'sums/HEREBE\\d+DRAGONS-HEREBE[a-z]+DRAGONS.txt', [
        listing('', '9/', '10/'),
        listing('sums/', '10-abc.txt', '10-abd.txt', '9-zzz.txt', '10-abe.txt/'),
        [`GET ${h}sums/10-abd.txt`, gnu('a', 'x.img')],
      ]),
    ).toBe(`${h}10/x.img`)
  })

  it('in a folder and the file name may be told by the manifest alone', async () => {
    expect(
      await urlOf('HEREBE\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img', 'latest/SUMS', [
        [`GET ${h}latest/SUMS`, gnu('a', 'x-9.img') + gnu('b', 'x-10.img')],
      ]),
    ).toBe(`${h}10/x-10.img`)
  })

  it('need no listing of a folder whose text is known', async () => {
    expect(
      await urlOf(
        'a/HEREBE\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img',
        'a/HEREBE\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img.sha256',
        [listing('a/', '7/'), [`GET ${h}a/7/x-7.img.sha256`, digest('a')]],
      ),
    ).toBe(`${h}a/7/x-7.img`)
  })

  it('with names that need encoding make a URL of their own', async () => {
    expect(
      await urlOf('HEREBE.*DRAGONS/x.img', 'HEREBE.*DRAGONS/SUMS', [
        listing('', 'a%20b%23/'),
        [`GET ${h}a%20b%23/SUMS`, gnu('a', 'x.img')],
      ]),
    ).toBe(`${h}a%20b%23/x.img`)
  })

  it.each<[string, string, string, Exchange[], string]>([
    [
      'before one that only the manifest tells',
      'HEREBEr\\d+DRAGONS-HEREBE\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img',
      'SUMS',
      [],
      'PATTERN_INVALID',
    ],
    [
      'below one that only the manifest tells',
      'HEREBE\\d+DRAGONS/HEREBEr\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img',
      'SUMS',
      [],
      'PATTERN_INVALID',
    ],
    [
      'that match no folder',
      'HEREBE\\d+DRAGONS/x.img',
      'SUMS',
      [listing('', 'a/', '10')],
      'DISCOVERY_NOTHING_FOUND',
    ],
    [
      'that match no file',
      'x-HEREBE\\d+DRAGONS.img',
      'x-HEREBE\\d+DRAGONS.img.sha256',
      [listing('', 'x-1.img/')],
      'DISCOVERY_NOTHING_FOUND',
    ],
    [
      'that are too slow elsewhere',
      'HEREBE(a*)*bDRAGONS/x.img',
      'SUMS',
      [listing('', `${'a'.repeat(250)}/`)],
      'DISCOVERY_NOTHING_FOUND',
    ],
  ])('%s are an error', async (_, latestUrl, checksumUrl, exchanges, code) => {
    expect(await codeOf(() => urlOf(latestUrl, checksumUrl, exchanges))).toBe(code)
  })
})

describe('a clearsigned text whose signature is not looked at', () => {
  it('is read without its frame', async () => {
    const text = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nx-1.img\n-----BEGIN PGP SIGNATURE-----\n\ny-9.img\n-----END PGP SIGNATURE-----\n`
    expect(
      await urlOf('newest.txt', 'HEREBE.+DRAGONS.sha256', [
        [`GET ${h}newest.txt`, text],
        [`GET ${h}x-1.img.sha256`, gnu('a', 'x-1.img')],
      ]),
    ).toBe(`${h}x-1.img`)
  })
})

describe('a checksum file beside the image', () => {
  const leap = 'Leap-16.0-Minimal-VM.x86_64-Cloud'
  const answer = (text: string): Exchange[] => [[`GET ${h}${leap}.qcow2.sha256`, text]]

  it('may tell the name of the build', async () => {
    expect(
      await urlOf(`${leap}.qcow2`, `${leap}.qcow2.sha256`, answer(gnu('a', `${leap}-Build18.7.qcow2`))),
    ).toBe(`${h}${leap}.qcow2`)
  })

  it.each([
    ['another image', gnu('a', 'Leap-16.0-Minimal-VM.aarch64-Cloud-Build18.7.qcow2')],
    ['another format', gnu('a', `${leap}-Build18.7.raw`)],
    ['two builds', gnu('a', `${leap}-Build18.7.qcow2`) + gnu('b', `${leap}-Build18.8.qcow2`)],
    ['no plain name', gnu('a', `${leap}\u0000.qcow2`)],
  ])('may not tell that of %s', async (_, text) => {
    expect(await codeOf(() => urlOf(`${leap}.qcow2`, `${leap}.qcow2.sha256`, answer(text)))).toBe(
      'CHECKSUM_NOT_LISTED',
    )
  })

  it.each([
    ['an alias', 'latest-os.qcow2', 'os-1.2.3.qcow2'],
    [
      'a build in the middle of the name',
      `${leap}.qcow2`,
      'Leap-16.0-Minimal-VM.x86_64-16.0.0-Cloud-Build1.2.qcow2',
    ],
    ['a path of the machine', 'os.qcow2', '/home/build/out/os-1.qcow2'],
    ['a path of Windows', 'os.qcow2', 'C:\\\\build\\\\os.qcow2'],
  ])('may name the file otherwise: %s', async (_, name, written) => {
    const exchanges: Exchange[] = [[`GET ${h}${name}.sha256`, gnu('a', written)]]
    expect(await urlOf(name, `${name}.sha256`, exchanges)).toBe(`${h}${name}`)
  })

  it('tells no build where it is a folder’s', async () => {
    const exchanges: Exchange[] = [[`GET ${h}SHA256SUMS`, gnu('a', `${leap}-Build18.7.qcow2`)]]
    expect(await codeOf(() => urlOf(`${leap}.qcow2`, 'SHA256SUMS', exchanges))).toBe('CHECKSUM_NOT_LISTED')
  })
})

describe("Debian's JSON of a build", () => {
  const image = imageOf({
    osDistro: 'debian',
    latestUrl: `${h}trixie/latest/debian-13-genericcloud-amd64.qcow2`,
    latestChecksumUrl: `${h}trixie/latest/debian-13-genericcloud-amd64.json`,
  })
  const base64 = Buffer.alloc(64, 7).toString('base64').replace(/=+$/, '')
  const item = (kind: string, format: string, digest: string) => ({
    kind,
    metadata: {
      labels: { 'upload.cloud.debian.org/image-format': format },
      annotations: { 'cloud.debian.org/digest': digest },
    },
  })
  const exchanges = (...items: object[]): Exchange[] => [
    listing('trixie/', '20260717-2542/', 'latest/'),
    [
      `GET ${h}trixie/20260717-2542/debian-13-genericcloud-amd64-20260717-2542.json`,
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    ],
  ]

  it('has the digest in base64 without padding', async () => {
    const internal = item('Upload', 'internal', `sha512:${'A'.repeat(86)}`)
    const build = item('Build', 'qcow2', `sha512:${'B'.repeat(86)}`)
    const context = fakeContext(exchanges(build, internal, item('Upload', 'qcow2', `sha512:${base64}`)))
    const found = await find(image, context)
    expect(found).toMatchObject({
      url: `${h}trixie/20260717-2542/debian-13-genericcloud-amd64-20260717-2542.qcow2`,
      digest: { algorithm: 'sha512', hex: '07'.repeat(64) },
      date: '20260717',
    })
  })

  it.each([
    ['of another format', [item('Upload', 'raw', `sha512:${base64}`)], 'CHECKSUM_NOT_LISTED'],
    ['of the wrong length', [item('Upload', 'qcow2', 'sha512:AAAA')], 'CHECKSUM_MALFORMED'],
    ['that is none', [item('Upload', 'qcow2', 'sha512:!')], 'CHECKSUM_MALFORMED'],
    [
      'for two uploads',
      [item('Upload', 'qcow2', `sha512:${base64}`), item('Upload', 'qcow2', `sha512:${'A'.repeat(86)}`)],
      'CHECKSUM_AMBIGUOUS',
    ],
  ])('is refused with a digest %s', async (_, items, code) => {
    expect(await codeOf(() => find(image, fakeContext(exchanges(...items))))).toBe(code)
  })
})

describe('paths in a manifest', () => {
  const digestOf = async (latestUrl: string, latestChecksumUrl: string, exchanges: readonly Exchange[]) => {
    const image = imageOf({ latestUrl: h + latestUrl, latestChecksumUrl: h + latestChecksumUrl })
    const found = await find(image, fakeContext(exchanges))
    return `${found.url.slice(h.length)} ${found.digest?.hex.slice(0, 1)}`
  }

  it.each<[string, string, string, string, string]>([
    [
      'from it, of two folders',
      'net/m.img',
      'SUMS',
      gnu('a', './net/m.img') + gnu('b', './hwe/m.img'),
      'net/m.img a',
    ],
    [
      'from it, before a name alone',
      'net/m.img',
      'SUMS',
      gnu('b', 'm.img') + gnu('a', 'net/m.img'),
      'net/m.img a',
    ],
    [
      'from it, upwards',
      'net/m.img',
      'sums/SUMS',
      gnu('b', '../m.img') + gnu('a', '../net/m.img'),
      'net/m.img a',
    ],
    [
      'from the server’s root',
      'net/m.img',
      'a/SUMS',
      gnu('a', '/net/m.img') + gnu('b', '/m.img'),
      'net/m.img a',
    ],
    ['that are URLs', 'm.img', 'a/SUMS', gnu('a', `${h}m.img`) + gnu('b', `https://other/m.img`), 'm.img a'],
    ['a name alone', 'net/m.img', 'SUMS', gnu('a', 'm.img') + gnu('b', 'x/m.img'), 'net/m.img a'],
    [
      'of the machine, by their folder',
      'net/m.img',
      'a/SUMS',
      gnu('a', '/b/net/m.img') + gnu('b', '/b/hwe/m.img'),
      'net/m.img a',
    ],
    [
      'of the machine',
      'net/m.img',
      'SUMS',
      gnu('a', '/build/out/m.img') + gnu('b', '/build/out/mm.img'),
      'net/m.img a',
    ],
    [
      'of the machine, twice the same',
      'net/m.img',
      'SUMS',
      gnu('a', '/x/m.img') + gnu('a', '/y/m.img'),
      'net/m.img a',
    ],
    [
      'with a pattern, from it',
      'net/m-HEREBE\\d+DRAGONS.img',
      'SUMS',
      gnu('a', 'net/m-2.img') + gnu('b', 'hwe/m-3.img'),
      'net/m-2.img a',
    ],
    [
      'with a pattern in a folder',
      'HEREBE\\d+DRAGONS/m-HEREBE\\d+DRAGONS.img',
      'SUMS',
      gnu('b', '9/m-9.img') + gnu('a', '10/m-10.img'),
      '10/m-10.img a',
    ],
    [
      'with a pattern, of the machine',
      'm-HEREBE\\d+DRAGONS.img',
      'SUMS',
      gnu('b', '/o/m-2.img') + gnu('a', '/o/m-10.img'),
      'm-10.img a',
    ],
    [
      'with a name that stays',
      'net/m-latest.img',
      'SUMS',
      gnu('a', 'net/m-latest.img') + gnu('a', 'net/m-20260101.img') + gnu('a', 'hwe/m-20270101.img'),
      'net/m-20260101.img a',
    ],
  ])('%s', async (_, latestUrl, sums, text, found) => {
    expect(await digestOf(latestUrl, sums, [[`GET ${h}${sums}`, text]])).toBe(found)
  })

  it('are told where they contradict each other', async () => {
    const text = gnu('a', '/x/m.img') + gnu('b', '/y/m.img')
    await expect(digestOf('net/m.img', 'SUMS', [[`GET ${h}SUMS`, text]])).rejects.toMatchObject({
      code: 'CHECKSUM_AMBIGUOUS',
      message: `${h}SUMS has two different checksums for m.img: it lists /x/m.img, /y/m.img`,
    })
  })

  it('are told where none leads to the file, the nearest first', async () => {
    const text = gnu('a', 'net/other.img') + gnu('a', 'net/image-1.img')
    await expect(digestOf('net/image-2.img', 'SUMS', [[`GET ${h}SUMS`, text]])).rejects.toMatchObject({
      code: 'CHECKSUM_NOT_LISTED',
      message: expect.stringContaining('it lists net/image-1.img'),
    })
  })

  it('of another server are of another file', async () => {
    const text = gnu('a', 'https://evil.example/m.img')
    expect(await codeOf(() => digestOf('m.img', 'SUMS', [[`GET ${h}SUMS`, text]]))).toBe(
      'CHECKSUM_NOT_LISTED',
    )
  })
})

describe('a manifest of an algorithm that no catalogue can hold', () => {
  it.each([
    ['all of it', `${'a'.repeat(96)}  x.img\n`],
    ['of this file', `${'a'.repeat(96)}  x.img\n${gnu('a', 'y.img')}`],
  ])('is refused by name: %s', async (_, text) => {
    await expect(urlOf('x.img', 'SUMS', [[`GET ${h}SUMS`, text]])).rejects.toMatchObject({
      code: 'CHECKSUM_MALFORMED',
      message: `${h}SUMS has SHA-384 checksums, which no catalogue can hold`,
    })
  })

  it('is read as far as it has others', async () => {
    const text = `${'a'.repeat(96)}  x.img\n${gnu('a', 'x.img')}`
    expect(await urlOf('x.img', 'SUMS', [[`GET ${h}SUMS`, text]])).toBe(`${h}x.img`)
  })
})

describe('literals beside a pattern', () => {
  it.each([
    ['encoded', 'my%20image%2B-HEREBE\\d+DRAGONS.img', 'my%20image+-7.img', 'my%20image%2B-7.img'],
    ['with a colon', 'x:HEREBE\\d+DRAGONS:y.img', 'x%3A7%3Ay.img', 'x:7:y.img'],
    ['that only look encoded', '100%-HEREBE\\d+DRAGONS.img', '100%25-7.img', '100%25-7.img'],
    ['of another alphabet', 'gr%C3%B6%C3%9Fe-HEREBE\\d+DRAGONS.img', 'größe-7.img', 'gr%C3%B6%C3%9Fe-7.img'],
  ])('are found in a listing: %s', async (_, latestUrl, listed, found) => {
    expect(
      await urlOf(latestUrl, `${latestUrl}.sha256`, [
        listing('', listed),
        [`GET ${h}${found}.sha256`, digest('a')],
      ]),
    ).toBe(h + found)
  })

  it('are found in a manifest', async () => {
    expect(
      await urlOf('my%20image-HEREBE\\d+DRAGONS.img', 'SUMS', [[`GET ${h}SUMS`, gnu('a', 'my image-7.img')]]),
    ).toBe(`${h}my%20image-7.img`)
  })

  it('are found in a document, and lead nowhere else', async () => {
    const hex = 'ab'.repeat(32)
    const document = (...names: string[]) =>
      JSON.stringify([
        {
          tag_name: '1',
          assets: names.map((name) => ({ browser_download_url: h + name, digest: `sha256:${hex}` })),
        },
      ])
    const names = ['my%20image-7.img', 'my%20image-8%2F..%2F..%2Fx.img', 'my%20image-9%00.img']
    expect(
      await urlOf('my%20image-HEREBE.*DRAGONS.img', 'x.json', [[`GET ${h}x.json`, document(...names)]]),
    ).toBe(`${h}my%20image-7.img`)
  })
})
