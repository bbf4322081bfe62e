import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isUnprotected } from '../../src/discovery/find-newest.ts'
import { overrideOf, type SourceRule } from '../../src/discovery/options.ts'
import type { Search } from '../../src/discovery/resolver.ts'
import { digestAlgorithms } from '../../src/image.ts'
import { anImage } from '../update/image.ts'
import { codeOf, type Exchange, fakeContext, find } from './fake-http.ts'
import { imageOf } from './image.ts'
import { clearsign, makeKey, publicOf } from './signature-keys.ts'

const sums = `${'a'.repeat(64)}  x.qcow2\n`
const firstUse: SourceRule = { name: 'x', images: ['*'], strategy: 'first-use' }
const listing = '<a href="x-1.qcow2">x</a>'

describe('findNewest', () => {
  it.each<[string, string, string | undefined, Exchange[], string[]]>([
    ['https', 'https://h/x.qcow2', 'https://h/SHA256SUMS', [['GET https://h/SHA256SUMS', sums]], []],
    [
      'http',
      'http://h/x.qcow2',
      'http://h/SHA256SUMS',
      [['GET http://h/SHA256SUMS', sums]],
      ['The checksum comes from h over plain http'],
    ],
    [
      'http, without a checksum',
      'http://h/x-HEREBE\\d+DRAGONS.qcow2',
      undefined,
      [['GET http://h/', listing]],
      ['The image comes from h over plain http'],
    ],
  ])(
    'warns where nothing protects what comes over %s',
    async (_, latestUrl, latestChecksumUrl, asked, warned) => {
      const sources = latestChecksumUrl === undefined ? [firstUse] : []
      const context = { ...fakeContext(asked), sources }
      await find(imageOf({ latestUrl, latestChecksumUrl }), context)
      const warnings = context.told.flatMap((step) => (step.type === 'warning' ? [step.message] : []))
      expect(warnings).toEqual(warned.map((begin) => expect.stringContaining(begin)))
      context.http.done()
    },
  )
})

describe("a resolver of a program's own", () => {
  const url = 'https://h/x-1.qcow2'
  const digest = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const
  const lookFor = (found: Awaited<ReturnType<Search>>, signatures: 'prefer' | 'require' = 'prefer') => {
    const own = { name: 'own', serves: { latestUrl: /./ }, strategies: [() => async () => found] }
    const context = { ...fakeContext([]), resolvers: [own], signatures }
    return find(imageOf({ latestUrl: 'https://h/x.qcow2', latestChecksumUrl: undefined }), context)
  }

  it('is believed what fits together', async () => {
    expect(await lookFor({ url, digest, trust: 'checksum' })).toMatchObject({ url, digest, resolver: 'own' })
    expect(await lookFor({ url, digest: undefined, trust: 'first-use' })).toMatchObject({
      trust: 'first-use',
    })
  })

  it('says of no build that it is of first use and has a digest, or that it is signed and has none', async () => {
    expect(await codeOf(() => lookFor({ url, digest, trust: 'first-use' }))).toBe('INTERNAL')
    expect(await codeOf(() => lookFor({ url, digest: undefined, trust: 'signed' }))).toBe('INTERNAL')
  })

  it.each([
    ['a URL of this machine', { url: 'file:///etc/passwd' }],
    ['a digest that is none', { digest: { ...digest, hex: 'zz' } }],
    ['a digest of its content that is none', { content: { ...digest, hex: digest.hex.slice(1) } }],
    ['a version of two lines', { version: '1\n- x' }],
    ['a version that climbs', { version: '../1' }],
  ])('may not give %s', async (_, wrong) => {
    expect(await codeOf(() => lookFor({ url, digest, trust: 'checksum', ...wrong }))).toBe('INTERNAL')
  })

  it('has to have a signature where signatures are required', async () => {
    expect(await codeOf(() => lookFor({ url, digest, trust: 'checksum' }, 'require'))).toBe(
      'SIGNATURE_MISSING',
    )
    expect(await lookFor({ url, digest, trust: 'signed' }, 'require')).toMatchObject({ trust: 'signed' })
  })
})

describe('a published digest of nothing', () => {
  const empty = (algorithm: string) => createHash(algorithm).digest('hex')
  const moving = { latestUrl: 'https://h/x.qcow2', latestChecksumUrl: 'https://h/SUMS' }
  const named = {
    latestUrl: 'https://h/x-HEREBE\\d+DRAGONS.qcow2',
    latestChecksumUrl: 'https://h/x-HEREBE\\d+DRAGONS.qcow2.sum',
  }
  const answers = (text: string): Exchange[] => [
    ['GET https://h/', '<a href="x-9.qcow2">x</a>'],
    ['GET https://h/x-9.qcow2.sum', text],
  ]
  const warningsOf = ({ told }: ReturnType<typeof fakeContext>) =>
    told.flatMap((step) => (step.type === 'warning' ? [step.message] : []))

  it.each(digestAlgorithms)('of %s is none: that of the first download is recorded', async (algorithm) => {
    const context = fakeContext(answers(empty(algorithm)))
    const found = await find(imageOf(named), context)
    expect(found).toMatchObject({ url: 'https://h/x-9.qcow2', digest: undefined, trust: 'first-use' })
    expect(warningsOf(context)).toEqual([expect.stringContaining('is that of an empty file')])
  })

  it.each([
    ['GNU', `${empty('sha256')}  x-9.qcow2\n${'b'.repeat(32)}  x-9.qcow2\n`],
    ['BSD', `SHA256 (x-9.qcow2) = ${empty('sha256')}\nMD5 (x-9.qcow2) = ${'b'.repeat(32)}\n`],
    ['sectioned', `# SHA512 HASH\n${empty('sha512')}  x-9.qcow2\n# MD5 HASH\n${'b'.repeat(32)}  x-9.qcow2\n`],
  ])('gives way to the next best, which is told: %s', async (_, text) => {
    const context = fakeContext(answers(text))
    const digest = { algorithm: 'md5', hex: 'b'.repeat(32) }
    expect(await find(imageOf(named), context)).toMatchObject({ digest, trust: 'checksum' })
    expect(warningsOf(context)).toEqual([expect.stringMatching(/^Nothing better than MD5/)])
  })

  it('does not contradict another one', async () => {
    const text = `${empty('sha256')}  x-9.qcow2\n${'b'.repeat(64)}  x-9.qcow2\n`
    const digest = { algorithm: 'sha256', hex: 'b'.repeat(64) }
    expect(await find(imageOf(named), fakeContext(answers(text)))).toMatchObject({ digest })
  })

  it('makes no twins of files', async () => {
    const text = `${empty('sha256')}  x.qcow2\n${empty('sha256')}  y-20260101.qcow2\n`
    const asked: Exchange[] = [['GET https://h/SUMS', text]]
    expect(await codeOf(() => find(imageOf(moving), fakeContext(asked)))).toBe('CHECKSUM_NOT_PUBLISHED')
  })

  it('is an error where signatures are required, however well it is signed', async () => {
    const key = await makeKey()
    const exchanges = answers(await clearsign(`${empty('sha256')}  x-9.qcow2\n`, key))
    const signature = { form: 'clearsigned', keys: [key.getFingerprint()] } as const
    const held = async () => ({ keys: publicOf(key), problems: [] })
    const context = {
      ...fakeContext(exchanges),
      signatures: 'require' as const,
      sources: [{ name: 'x', images: ['*'], strategy: 'placeholder' as const, signature }],
      keys: { find: held, renew: held },
    }
    expect(await codeOf(() => find(imageOf(named), context))).toBe('CHECKSUM_NOT_PUBLISHED')
  })
})

describe('isUnprotected', () => {
  it.each([
    ['http://download.example.org/SHA256SUMS', true],
    ['http://10.0.0.1/SHA256SUMS', true],
    ['http://127.0.0.1.example.org/SHA256SUMS', true],
    ['https://download.example.org/SHA256SUMS', false],
    ['http://127.0.0.1:8080/SHA256SUMS', false],
    ['http://[::1]/SHA256SUMS', false],
    ['http://localhost/SHA256SUMS', false],
    ['no URL', false],
  ])('%s: %s', (url, expected) => {
    expect(isUnprotected(url)).toBe(expected)
  })
})

describe('an override', () => {
  const overrides = [
    { names: ['debian*'] },
    { names: ['Debian 12', 'ubuntu*'], signatures: 'require' },
    { names: ['*'], signatures: 'off' },
  ] as const

  it.each([
    ['Debian 12', 'debian-12', 'require'],
    ['Debian 13', 'debian-13', 'off'],
    ['Noble', 'ubuntu-24.04', 'require'],
  ] as const)('of %s is the first that says something', (name, shortname, policy) => {
    expect(overrideOf(overrides, anImage({ name, shortname }), 'signatures')).toBe(policy)
  })

  it('is none where no name matches', () => {
    expect(overrideOf([overrides[1]], anImage({ name: 'Rocky 9' }), 'signatures')).toBeUndefined()
  })
})
