import { describe, expect, it } from 'vitest'
import { apacheListing, gnu, imageAt } from '../contract/resolver-case.ts'
import { type Answer, codeOf, type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'

const releases = 'https://pkg.opnsense.org/releases/'
const opnsense = imageAt('opnsense', 'OPNsense')
const sums = (release: string) => `GET ${releases}${release}/OPNsense-${release}-checksums-amd64.sha256`
const file = (release: string) => `OPNsense-${release}-nano-amd64.img.bz2`
const listed: Exchange = [`GET ${releases}`, apacheListing(['25.7/', '26.1/', '26.1.6/', '26.7/'])]

const noble = 'https://cloud-images.ubuntu.com/noble/'
const ubuntu = imageAt('ubuntu', 'Ubuntu 24.04')
const ubuntuFile = 'noble-server-cloudimg-amd64.img'
const ubuntuListing: Exchange = [
  `GET ${noble}`,
  apacheListing(['20260615/', '20260705/', '20260706/', 'current/']),
]

async function lookFor(image: typeof opnsense, exchanges: readonly Exchange[]) {
  const context = fakeContext(exchanges)
  const { url } = await find(image, context)
  context.http.done()
  return { url, warnings: context.told.flatMap((step) => (step.type === 'warning' ? [step.message] : [])) }
}

describe('the newest folder', () => {
  it('is passed over without a word if it holds candidates of the release alone', async () => {
    const candidates = ['26.7.r1', '26.7.r2'].flatMap((release) => [file(release), `${file(release)}.sig`])
    const found = await lookFor(opnsense, [
      listed,
      [sums('26.7'), 404],
      [sums('26.1.6'), gnu('a', file('26.1.6'))],
      [`GET ${releases}26.7/`, apacheListing(candidates)],
    ])
    expect(found).toEqual({ url: `${releases}26.1.6/${file('26.1.6')}`, warnings: [] })
  })

  it.each<[string, Answer]>([
    ['is empty', apacheListing([])],
    ['cannot be listed', 404],
    ['has another name for the build', apacheListing(['OPNsense-26.7-nano-arm64.img.bz2'])],
  ])('is passed over with a warning if it %s', async (_, page) => {
    const found = await lookFor(opnsense, [
      listed,
      [sums('26.7'), 404],
      [sums('26.1.6'), gnu('a', file('26.1.6'))],
      [`GET ${releases}26.7/`, page],
      ...(page === 404 ? [[`GET ${releases}26.7`, 404] as const] : []),
    ])
    expect(found.url).toBe(`${releases}26.1.6/${file('26.1.6')}`)
    expect(found.warnings).toEqual([
      expect.stringMatching(/26\.7\/ has no build of OPNsense yet, so that of \S+26\.1\.6\/ is taken/),
    ])
  })

  it.each<[string, Answer]>([
    ['its manifest is not there', 404],
    ['its manifest is gone', 410],
    ['its manifest does not list the file yet', gnu('b', 'noble-server-cloudimg-arm64.img')],
  ])('with a date is passed over if %s', async (_, manifest) => {
    const found = await lookFor(ubuntu, [
      ubuntuListing,
      [`GET ${noble}20260706/SHA256SUMS`, manifest],
      [`GET ${noble}20260705/SHA256SUMS`, gnu('a', ubuntuFile)],
      [`GET ${noble}20260706/`, apacheListing([])],
    ])
    expect(found.url).toBe(`${noble}20260705/${ubuntuFile}`)
    expect(found.warnings).toEqual([
      expect.stringContaining(`${noble}20260706/ has no build of Ubuntu 24.04 yet`),
    ])
  })

  it('is passed over if no file in it matches', async () => {
    const h = 'https://h.example/'
    const image = imageOf({
      latestUrl: `${h}HEREBEr\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img`,
      latestChecksumUrl: `${h}HEREBEr\\d+DRAGONS/x-HEREBE\\d+DRAGONS.img.sha256`,
    })
    const found = await lookFor(image, [
      [`GET ${h}`, apacheListing(['r1/', 'r2/'])],
      [`GET ${h}r2/`, apacheListing(['x-7.iso'])],
      [`GET ${h}r1/`, apacheListing(['x-6.img'])],
      [`GET ${h}r1/x-6.img.sha256`, gnu('a', 'x-6.img')],
      [`GET ${h}r2/`, apacheListing(['x-7.iso'])],
    ])
    expect(found.url).toBe(`${h}r1/x-6.img`)
    expect(found.warnings).toHaveLength(1)
  })

  it('is the error if none of three has the build', async () => {
    const folders = ['20260615', '20260705', '20260706', '20260707']
    const context = fakeContext([
      [`GET ${noble}`, apacheListing(folders.map((folder) => `${folder}/`))],
      ...['20260707', '20260706', '20260705'].map(
        (folder): Exchange => [`GET ${noble}${folder}/SHA256SUMS`, 404],
      ),
    ])
    await expect(find(ubuntu, context)).rejects.toMatchObject({
      code: 'DISCOVERY_NOTHING_FOUND',
      message: expect.stringContaining(
        'noble/20260707/ is the newest folder, but has no build of Ubuntu 24.04',
      ),
      remedy: expect.stringContaining('Wait until the server has its files'),
    })
    context.http.done()
  })

  it.each([500, 403])('is not passed over if its server answers %i', async (status) => {
    const exchanges: Exchange[] = [ubuntuListing, [`GET ${noble}20260706/SHA256SUMS`, status]]
    expect(await codeOf(() => lookFor(ubuntu, exchanges))).toBe('HTTP_STATUS')
  })

  it('that version.txt names is told to lack the build', async () => {
    const root = 'https://stable.release.flatcar-linux.net/amd64-usr/'
    const context = fakeContext([
      [`GET ${root}current/version.txt`, 'FLATCAR_VERSION=4230.2.4\n'],
      [`GET ${root}4230.2.4/flatcar_production_openstack_image.img.DIGESTS`, 404],
    ])
    await expect(find(imageAt('flatcar', 'Flatcar stable'), context)).rejects.toMatchObject({
      code: 'DISCOVERY_NOTHING_FOUND',
      message: expect.stringContaining('4230.2.4/ is the newest folder, but has no build of Flatcar stable'),
    })
  })
})
