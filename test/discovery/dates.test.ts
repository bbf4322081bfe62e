import { beforeAll, describe, expect, it } from 'vitest'
import { dateOfFound, isFuture, signedAtOf } from '../../src/discovery/dates.ts'
import { lostSignature, succession } from '../../src/discovery/find-newest.ts'
import type { SourceRule } from '../../src/discovery/options.ts'
import type { FoundBuild } from '../../src/discovery/resolver.ts'
import { UpdaterError } from '../../src/errors.ts'
import type { Build, Image, ImageVersion } from '../../src/image.ts'
import { apacheListing } from '../contract/resolver-case.ts'
import { codeOf, type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'
import { clearsign, makeKey, publicOf } from './signature-keys.ts'

const now = new Date('2026-11-30T00:00:00Z')
const image = imageOf({ name: 'My image' })
const digest = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const

const messageOf = (attempt: () => unknown) => {
  try {
    return String(attempt())
  } catch (error) {
    return error instanceof UpdaterError ? `${error.code} ${error.message}` : 'no error of ours'
  }
}

describe('the day of a build', () => {
  const signedOn = (day: string, url: string, told: Partial<FoundBuild> = {}): FoundBuild => ({
    ...{ url, digest, trust: 'signed', ...told },
    signer: { fingerprint: 'f', signedAt: new Date(`${day}T12:00:00Z`) },
  })

  it.each<[string, FoundBuild, string]>([
    [
      'that the signed text tells',
      signedOn('2026-09-09', 'https://h/x', { signedDate: '20260901' }),
      '20260901',
    ],
    [
      'that its folder tells, signed the same day',
      signedOn('2026-09-01', 'https://h/20260901/x'),
      '20260901',
    ],
    ['that its folder tells, signed later', signedOn('2026-10-20', 'https://h/20260901/x'), '20260901'],
    ['that its folder tells, in a zone ahead', signedOn('2026-09-01', 'https://h/20260902/x'), '20260902'],
    ['that a list tells beside it', signedOn('2026-09-02', 'https://h/x', { date: '20260901' }), '20260901'],
    ['of its signature', signedOn('2026-09-01', 'https://h/x'), '20260901'],
    [
      'of its signature, whatever the version',
      signedOn('2026-09-01', 'https://h/1.2.3/x', { version: '1.2.3' }),
      '20260901',
    ],
    [
      'that an unsigned name tells',
      {
        url: 'https://h/20260901/x',
        digest,
        trust: 'checksum',
        signer: { fingerprint: 'f', signedAt: new Date(0) },
      },
      '20260901',
    ],
    ['that only its server knows', { url: 'https://h/x', digest, trust: 'checksum' }, 'undefined'],
    [
      'of a signature that does not say when it was made',
      { url: 'https://h/x', digest, trust: 'signed', signer: { fingerprint: 'f' } },
      'undefined',
    ],
  ])('is the one %s', (_, found, date) => {
    expect(messageOf(() => dateOfFound(found, image, now))).toBe(date)
  })

  it.each<[string, FoundBuild, RegExp]>([
    ['a folder', signedOn('2026-03-01', 'https://h/20260901/x'), /2026-09-01 \(.*made on 2026-03-01/],
    ['a folder, four days', signedOn('2026-09-01', 'https://h/20260905/x'), /2026-09-05 .*2026-09-01/],
    ['a file', signedOn('2026-03-01', 'https://h/x-20260901.qcow2'), /2026-09-01 .*2026-03-01/],
    ['a list', signedOn('2026-03-01', 'https://h/x', { date: '20260901' }), /2026-09-01 .*2026-03-01/],
    [
      'a folder, against the signed text',
      signedOn('2026-09-01', 'https://h/20260901/x', { signedDate: '20260301' }),
      /2026-09-01 .*says 2026-03-01/,
    ],
  ])('is none if %s claims to be newer than the signature', (_, found, told) => {
    const message = messageOf(() => dateOfFound(found, image, now))
    expect(message).toMatch(/^DISCOVERY_DATE The newest build of My image/)
    expect(message).toMatch(told)
  })

  it('counts from the signature of the image itself as well', () => {
    const prove = async () => {}
    const signer = { fingerprint: 'f', signedAt: new Date('2026-03-01') }
    const signature = { algorithm: 'sha256', trailer: Uint8Array.of(), signer, prove }
    const found = { url: 'https://h/x', digest, trust: 'checksum', signature } as const
    expect(signedAtOf(found)).toEqual(signer.signedAt)
    expect(dateOfFound(found, image, now)).toBe('20260301')
    const renamed = { ...found, url: 'https://h/44.20260901.3.0/x' }
    expect(messageOf(() => dateOfFound(renamed, image, now))).toMatch(/^DISCOVERY_DATE/)
  })

  it.each(['https://h/20261202/x', 'https://h/x-20991231.img', 'https://h/2027.01.01/x'])(
    'is none if it has not come: %s',
    (url) => {
      for (const found of [signedOn('2026-11-30', url), { url, digest, trust: 'checksum' } as const]) {
        expect(messageOf(() => dateOfFound(found, image, now))).toMatch(/^DISCOVERY_DATE .*2026-11-30/)
      }
    },
  )

  it('may be tomorrow, in another time zone', () => {
    expect(isFuture('20261201', now)).toBe(false)
    expect(isFuture('20261202', now)).toBe(true)
  })
})

describe('what is dated in the future', () => {
  const sums = (...names: string[]) => names.map((name, at) => `${String(at).repeat(64)}  ${name}\n`).join('')
  const json = (files: readonly object[]) => JSON.stringify(files)
  const feed = { url: '/*/u', version: '/*/v', digest: ['/*/d'] }
  const rule = (strategy: SourceRule['strategy'], more: Partial<SourceRule> = {}): SourceRule[] => [
    { name: 'x', images: ['*'], strategy, ...more },
  ]
  const release = (tag: string) => ({
    tag_name: tag,
    published_at: `${tag}T00:00:00Z`,
    assets: [
      {
        name: `x-${tag}.img`,
        browser_download_url: `https://h/${tag}/x.img`,
        digest: `sha256:${'a'.repeat(64)}`,
      },
    ],
  })

  interface Case {
    readonly image: Partial<Image>
    readonly sources?: readonly SourceRule[]
    /** With the forged entries, which are first asked for. */
    readonly exchanges: readonly Exchange[]
    readonly url: string
    /** The first answer with nothing but forged entries. */
    readonly onlyForged: string
  }

  it.each<[string, Case]>([
    [
      'a folder',
      {
        image: { latestUrl: 'https://h/a/current/x.img', latestChecksumUrl: 'https://h/a/current/SUMS' },
        exchanges: [
          ['GET https://h/a/', apacheListing(['20260901/', '20991231/', '20270101.2/', 'current/'])],
          ['GET https://h/a/20260901/SUMS', sums('x.img')],
        ],
        url: 'https://h/a/20260901/x.img',
        onlyForged: apacheListing(['20991231/', 'current/']),
      },
    ],
    [
      'a name in a listing',
      {
        image: {
          latestUrl: 'https://h/x-HEREBE[\\d_]+DRAGONS.img',
          latestChecksumUrl: 'https://h/x-HEREBE[\\d_]+DRAGONS.img.sum',
        },
        exchanges: [
          ['GET https://h/', apacheListing(['x-20260901.img', 'x-20991231_20260902.img'])],
          ['GET https://h/x-20260901.img.sum', sums('x-20260901.img')],
        ],
        url: 'https://h/x-20260901.img',
        onlyForged: apacheListing(['x-20991231_20260902.img']),
      },
    ],
    [
      'a name in a checksum file',
      {
        image: { latestUrl: 'https://h/x-HEREBE.*DRAGONS.img', latestChecksumUrl: 'https://h/SUMS' },
        exchanges: [['GET https://h/SUMS', sums('x-20260901.img', 'x-2099-12-31.img')]],
        url: 'https://h/x-20260901.img',
        onlyForged: sums('x-2099-12-31.img'),
      },
    ],
    [
      'a file without a checksum',
      {
        image: { latestUrl: 'https://h/x-HEREBE\\d+DRAGONS.img', latestChecksumUrl: undefined },
        sources: rule('first-use'),
        exchanges: [['GET https://h/', apacheListing(['x-20260901.img', 'x-20991231.img'])]],
        url: 'https://h/x-20260901.img',
        onlyForged: apacheListing(['x-20991231.img']),
      },
    ],
    [
      'a release in a document',
      {
        image: {
          latestUrl: 'https://h/HEREBE.*DRAGONS/x.img',
          latestChecksumUrl: 'https://h/repos/a/b/releases',
        },
        exchanges: [
          ['GET https://h/repos/a/b/releases', json([release('2099-12-31'), release('2026-09-01')])],
        ],
        url: 'https://h/2026-09-01/x.img',
        onlyForged: json([release('2099-12-31')]),
      },
    ],
    ...['20991231', '2099.12.31', '2099-12-31T00:00:00Z', '9.20991231.1'].map((version): [string, Case] => [
      `a version in a feed, ${version}`,
      {
        image: { latestUrl: 'https://h/i/HEREBE.*DRAGONS.img', latestChecksumUrl: 'https://h/f.json' },
        sources: rule('feed', { feed }),
        exchanges: [
          [
            'GET https://h/f.json',
            json([
              { u: '/i/b.img', v: version, d: digest.hex },
              { u: '/i/a.img', v: '1.2', d: digest.hex },
            ]),
          ],
        ],
        url: 'https://h/i/a.img',
        onlyForged: json([{ u: '/i/b.img', v: version, d: digest.hex }]),
      },
    ]),
    ...['2099-12-31 20260902/x.img', '20991231/x.img'].map((line): [string, Case] => [
      `a line that points to it, ${line}`,
      {
        image: { latestUrl: 'https://h/last', latestChecksumUrl: 'https://h/HEREBE.+DRAGONS.sum' },
        sources: rule('pointer'),
        exchanges: [
          ['GET https://h/last', `${line}\n20260901/x.img\n`],
          ['GET https://h/20260901/x.img.sum', sums('x.img')],
        ],
        url: 'https://h/20260901/x.img',
        onlyForged: `${line}\n`,
      },
    ]),
  ])('is passed over with a warning, and refused alone: %s', async (_, one) => {
    const { image, sources = [], exchanges, url, onlyForged } = one
    const context = { ...fakeContext(exchanges), sources }
    expect(await find(imageOf(image), context)).toMatchObject({ url })
    const warnings = context.told.flatMap((step) => (step.type === 'warning' ? [step.message] : []))
    expect(warnings.filter((text) => text.includes('dated in the future'))).toHaveLength(1)
    const [[question] = ['']] = exchanges
    const alone = { ...fakeContext([[question, onlyForged]]), sources }
    expect(await codeOf(() => find(imageOf(image), alone))).toBe('DISCOVERY_DATE')
  })

  it('hides no alias: a dated name of the same bytes is not taken for it', async () => {
    const text = `${'a'.repeat(64)}  x.img\n${'a'.repeat(64)}  x-20991231.img\n`
    const context = fakeContext([['GET https://h/SUMS', text]])
    const alias = imageOf({ latestUrl: 'https://h/x.img', latestChecksumUrl: 'https://h/SUMS' })
    expect(await find(alias, context)).toMatchObject({ url: 'https://h/x.img', date: undefined })
    expect(context.told).toContainEqual({
      type: 'warning',
      message: expect.stringContaining('x-20991231.img'),
    })
  })

  it.each([
    ['version.txt', { latestUrl: 'https://h/current/x.img', latestChecksumUrl: 'https://h/current/SUMS' }],
  ])('is refused where %s names nothing else', async (_, urls) => {
    const context = {
      ...fakeContext([
        ['GET https://h/current/version.txt', 'VERSION=1.20991231.0\n'],
        ['GET https://h/1.20991231.0/SUMS', sums('x.img')],
      ]),
      sources: rule('version-file'),
    }
    expect(await codeOf(() => find(imageOf(urls), context))).toBe('DISCOVERY_DATE')
  })
})

describe('the names that a signature covers', () => {
  let key: Awaited<ReturnType<typeof makeKey>>
  beforeAll(async () => {
    key = await makeKey()
  })
  const signedOn = new Date('2026-03-01T12:00:00Z')

  const search = async (
    urls: Partial<Image>,
    strategy: SourceRule['strategy'],
    before: Exchange[],
    last: string,
    text: string,
  ) => {
    const held = async () => ({ keys: publicOf(key), problems: [] })
    const signature = { form: 'clearsigned', keys: [key.getFingerprint()] } as const
    const answer = await clearsign(text, key, signedOn)
    const context = {
      ...fakeContext([...before, [`GET ${last}`, answer]]),
      signatures: 'prefer' as const,
      sources: [
        {
          name: 'x',
          images: ['*'],
          strategy,
          signature,
          feed: strategy === 'feed' ? { url: '/*/u', version: '/*/v', digest: ['/*/d'] } : undefined,
        },
      ],
      keys: { find: held, renew: held },
    }
    return find(imageOf({ name: 'My image', ...urls }), context)
  }
  const alias = { latestUrl: 'https://h/x.img', latestChecksumUrl: 'https://h/SUMS' }
  const folders = { latestUrl: 'https://h/current/x.img', latestChecksumUrl: 'https://h/current/SUMS' }
  const listing: Exchange[] = [['GET https://h/', apacheListing(['20260901/', 'current/'])]]
  const line = (name: string) => `${'a'.repeat(64)}  ${name}`

  it('date a build whenever they were signed', async () => {
    const twins = `${line('x.img')}\n${line('x-20260901.img')}`
    expect(await search(alias, 'manifest', [], 'https://h/SUMS', twins)).toMatchObject({
      url: 'https://h/x-20260901.img',
      date: '20260901',
      signedAt: signedOn,
    })
    const path = `${line('20260901/x.img')}`
    expect(await search(folders, 'dated-folder', listing, 'https://h/20260901/SUMS', path)).toMatchObject({
      date: '20260901',
    })
  })

  it('do not vouch for a folder that they do not name', async () => {
    const found = search(folders, 'dated-folder', listing, 'https://h/20260901/SUMS', line('x.img'))
    await expect(found).rejects.toMatchObject({ code: 'DISCOVERY_DATE' })
    const other = search(folders, 'dated-folder', listing, 'https://h/20260901/SUMS', line('20260228/x.img'))
    await expect(other).rejects.toMatchObject({
      code: 'DISCOVERY_DATE',
      message: expect.stringContaining('says 2026-02-28'),
    })
  })

  it('do not vouch for a name beside them, whose own checksum file has no name or another one', async () => {
    const sidecar = {
      latestUrl: 'https://h/x-HEREBE\\d+DRAGONS.img',
      latestChecksumUrl: 'https://h/x-HEREBE\\d+DRAGONS.img.sum',
    }
    const asked: Exchange[] = [['GET https://h/', apacheListing(['x-20260901.img'])]]
    for (const text of ['a'.repeat(64), line('x-20260228.img')]) {
      const found = search(sidecar, 'placeholder', asked, 'https://h/x-20260901.img.sum', text)
      await expect(found).rejects.toMatchObject({ code: 'DISCOVERY_DATE' })
    }
  })

  it('are absent from a signed alias, which is of the day of its signature and not of Last-Modified', async () => {
    expect(await search(alias, 'manifest', [], 'https://h/SUMS', line('x.img'))).toMatchObject({
      date: '20260301',
    })
  })

  it('are what a signed feed says, with a day or without', async () => {
    const urls = { latestUrl: 'https://h/i/HEREBE.*DRAGONS.img', latestChecksumUrl: 'https://h/f.json' }
    const told = (v: string) => JSON.stringify([{ u: '/i/a.img', v, d: digest.hex }])
    expect(await search(urls, 'feed', [], 'https://h/f.json', told('20260901'))).toMatchObject({
      date: '20260901',
    })
    expect(await search(urls, 'feed', [], 'https://h/f.json', told('99.1.1'))).toMatchObject({
      version: '99.1.1',
      date: '20260301',
    })
  })
})

describe('a build beside what was seen before', () => {
  const at = (moment: string) => new Date(`${moment}T12:00:00Z`)
  const build = (url: string, signedAt: Date | undefined): Build => ({
    ...{ url, digest, resolver: 'x', trust: 'signed', date: '20260901', signedAt },
  })
  const named = (version: ImageVersion): Image => imageOf({ name: 'My image', versions: [version] })
  const outcome = async (image: Image, one: Build, seen: Date | undefined) => {
    const { downgrade } = await succession(image, one, { ...fakeContext([]), now }, seen)
    return downgrade
  }
  const before = { version: '20260601', url: 'https://h/20260601/x' }

  it.each<[string, Date | undefined, Date | undefined, boolean]>([
    ['signed later', at('2026-09-01'), at('2026-06-01'), false],
    ['signed at the same moment', at('2026-06-01'), at('2026-06-01'), false],
    ['signed before, under a later name', at('2026-05-01'), at('2026-06-01'), true],
    ['signed a second before', new Date(at('2026-06-01').getTime() - 1000), at('2026-06-01'), true],
    ['of an image that was never seen signed', at('2026-05-01'), undefined, false],
    ['unsigned, which is another matter', undefined, at('2026-06-01'), false],
  ])('that is %s', async (_, signedAt, seen, isOlder) => {
    const downgrade = await outcome(named(before), build('https://h/20260901/x', signedAt), seen)
    expect(downgrade?.code).toBe(isOlder ? 'DOWNGRADE' : undefined)
    if (isOlder)
      expect(downgrade?.message).toMatch(
        /signed on 2026-.*before the last one that was seen, of 2026-06-01T12:00:00/,
      )
  })

  it('is not held to a Last-Modified of the one before, if the signatures tell the order', async () => {
    const later = { version: '20260905', url: 'https://h/x', buildDate: '2026-09-05' }
    const one = build('https://h/x', at('2026-09-01'))
    expect(await outcome(named(later), one, undefined)).toMatchObject({ code: 'DOWNGRADE' })
    expect(await outcome(named(later), one, at('2026-08-01'))).toBeUndefined()
  })

  it.each<[string, ImageVersion]>([
    ['version', { version: '20991231', url: 'https://h/x' }],
    ['URL', { version: '20991231', url: 'https://h/20991231/x' }],
    ['build_date', { version: 'forged', url: 'https://h/x', buildDate: '2099-12-31' }],
  ])('is told how a catalogue is mended whose %s is in the future', async (_, version) => {
    const downgrade = await outcome(named(version), build('https://h/20260901/x', undefined), undefined)
    expect(downgrade).toMatchObject({
      code: 'DOWNGRADE',
      remedy: expect.stringContaining("update 'My image' --allow-downgrade"),
    })
  })

  it('has lost its signature if there was one, and it has none', () => {
    const unsigned = { ...build('https://h/x', undefined), trust: 'checksum' } as const
    const lost = lostSignature(image, unsigned, at('2026-06-01'))
    expect(lost).toMatchObject({ code: 'SIGNATURE_LOST', message: expect.stringContaining('2026-06-01') })
    expect(lost?.remedy).toContain("--accept-unsigned 'My image'")
    const forged = lostSignature({ ...image, name: "x'; reboot; '" }, unsigned, at('2026-06-01'))
    expect(forged?.remedy).toContain(`update 'x'\\''; reboot; '\\''' --accept`)
    expect(lostSignature(image, unsigned, undefined)).toBeUndefined()
    expect(lostSignature(image, { ...unsigned, trust: 'signed' }, at('2026-06-01'))).toBeUndefined()
    expect(lostSignature(image, build('https://h/x', at('2026-06-01')), at('2026-06-01'))).toBeUndefined()
  })
})
