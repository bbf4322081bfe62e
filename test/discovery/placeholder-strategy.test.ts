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
    ['a build elsewhere', gnu('a', `${leap}-../x.qcow2`)],
  ])('may not tell that of %s', async (_, text) => {
    expect(await codeOf(() => urlOf(`${leap}.qcow2`, `${leap}.qcow2.sha256`, answer(text)))).toBe(
      'CHECKSUM_NOT_LISTED',
    )
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
