import { describe, expect, it } from 'vitest'
import { buildServer } from '../../docs/examples/resolver.ts'
import { compareBuilds, dateOf } from '../../src/discovery/find-newest.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { type Answer, codeOf, type Exchange, fakeContext, find } from '../discovery/fake-http.ts'
import { resolverCases } from './cases/index.ts'
import { apacheListing, type ResolverCase } from './resolver-case.ts'

/** The exchanges up to the one at `index`, which gets another answer. */
function upTo(one: ResolverCase, index: number, answer: Answer): Exchange[] {
  const question = one.exchanges[index]?.[0] ?? ''
  return [...one.exchanges.slice(0, index), [question, answer]]
}

const withoutSlash = (question: string) => question.replace(/\/$/, '')
const text = (answer: Answer | undefined) => (typeof answer === 'string' ? answer : '')
const manifestOf = (one: ResolverCase) => text(one.exchanges.at(-1)?.[1])

/** Folders that a resolver looks into after the newest has not got the build are not there. */
async function failure(one: ResolverCase, exchanges: readonly Exchange[]): Promise<string> {
  const context = fakeContext(exchanges, undefined, 404)
  const code = await codeOf(() => find(one.image, context))
  context.http.done()
  return code
}

const allHostileNames = [
  '../../evil/',
  '/etc/',
  'https://evil.example/',
  '//evil.example/',
  'x\0',
  'x\n',
  '%2e%2e%2f',
  'x\\..\\',
  'x'.repeat(1 << 20),
]

const cases = resolverCases.map((one) => [`${one.resolver} (${one.image.latestUrl})`, one] as const)

it('has a case of each resolver', () => {
  expect([...new Set(resolverCases.map((one) => one.resolver))].sort()).toEqual(
    [...resolvers, buildServer].map((resolver) => resolver.name).sort(),
  )
})

describe.each(cases)('%s', (_, one) => {
  const indices = one.exchanges.map((_, index) => index)
  const manifestIndex = one.exchanges.length - 1
  const hasManifest = one.manifest !== 'none'
  const renames = one.rename === undefined ? [] : [one.rename]
  const hostileNames = renames.length === 0 ? [] : allHostileNames
  const emptyCode = (index: number) =>
    one.empty?.[index] ?? (index < manifestIndex ? 'DISCOVERY_NOTHING_FOUND' : 'CHECKSUM_MALFORMED')

  it('finds the newer of two builds of one day, asking just these URLs', async () => {
    const context = fakeContext(one.exchanges)
    const found = await find(one.image, context)
    expect(found.resolver).toBe(one.resolver)
    expect(found).toMatchObject({ trust: 'checksum', ...one.found })
    expect(found.url).not.toMatch(/HEREBE|DRAGONS/)
    context.http.done()
    expect(context.told).toContainEqual({ type: 'latest-url', url: one.alias ?? one.found.url })
    const checksums = context.told.filter(({ type }) => type === 'checksums-from')
    const warnings = context.told.flatMap((step) => (step.type === 'warning' ? [step.message] : []))
    expect(warnings).toEqual((one.warned ?? []).map((text) => expect.stringMatching(text)))
    expect(context.told).toHaveLength(1 + checksums.length + warnings.length)
    expect(checksums.at(-1)).toEqual(
      hasManifest
        ? { type: 'checksums-from', url: one.exchanges[manifestIndex]?.[0].slice('GET '.length) }
        : undefined,
    )
  })

  it.each(['http://127.0.0.1:8080', 'http://127.0.0.1:8080/mirror'])(
    'finds the same on a mirror at %s',
    async (to) => {
      const moved = <T>(value: T): T =>
        JSON.parse(JSON.stringify(value).replaceAll(/https:\/\/[a-z0-9.-]+/g, to))
      const context = fakeContext(moved(one.exchanges))
      const found = await find(moved(one.image), context)
      expect(found.resolver).toBe(one.resolver)
      expect(found).toMatchObject(moved(one.found))
      context.http.done()
    },
  )

  it.each(indices)('404 at question %i', async (index) => {
    const exchanges = upTo(one, index, 404)
    const [question] = exchanges[index] ?? ['']
    if (question.endsWith('/')) exchanges.push([withoutSlash(question), 404])
    // What a listing named before and is not there is no wrong URL.
    const codes = index === 0 ? ['HTTP_STATUS'] : ['HTTP_STATUS', 'DISCOVERY_NOTHING_FOUND']
    expect(codes).toContain(await failure(one, exchanges))
  })

  it.each(indices)('500 at question %i', async (index) => {
    expect(await failure(one, upTo(one, index, 500))).toBe('HTTP_STATUS')
  })

  it.each(indices)('an empty page at question %i', async (index) => {
    expect(await failure(one, upTo(one, index, ''))).toBe(emptyCode(index))
  })

  it.each(indices)('a changed page at question %i', async (index) => {
    const page =
      '<html><body><a href="/downloads">We have moved!</a> builds of 20260705 and all others</body></html>'
    expect(await failure(one, upTo(one, index, page))).toBe(emptyCode(index))
  })

  it.each(renames)('a manifest in which the name is missing', async (rename) => {
    const manifest = rename(manifestOf(one), 'something-else')
    expect(await failure(one, upTo(one, manifestIndex, manifest))).toBe(one.missing ?? 'CHECKSUM_NOT_LISTED')
  })

  it.each(one.isDocument ? [] : renames)('a manifest that contradicts itself', async () => {
    const manifest = manifestOf(one)
    const changed = manifest.replaceAll(/\b[abc](0{63}|0{127})\b/g, 'f$1')
    expect(await failure(one, upTo(one, manifestIndex, `${manifest}${changed}`))).toBe('CHECKSUM_AMBIGUOUS')
  })

  it.each(hostileNames)('hostile names lead nowhere else: %j', async (hostile) => {
    const manifest = one.rename?.(manifestOf(one), `${hostile}${one.listed}`) ?? ''
    const context = fakeContext(upTo(one, manifestIndex, manifest), undefined, 404)
    const url = await find(one.image, context).then(
      (found) => found.url,
      (error) => codeOf(() => Promise.reject(error)),
    )
    context.http.done()
    // A folder in front of the name may be that of the machine which made the manifest.
    expect([
      ...[one.found.url, one.alias].flatMap((known) => known ?? []),
      one.missing ?? 'CHECKSUM_NOT_LISTED',
      'DISCOVERY_NOTHING_FOUND',
      'DISCOVERY_UNSAFE_NAME',
      'CHECKSUM_MALFORMED',
    ]).toContain(url)
  })

  it('a build that is older than the one in the catalogue', async () => {
    const context = fakeContext([
      ...one.exchanges,
      ...(one.found.date === undefined
        ? [[`HEAD ${one.found.url}`, { lastModified: 'Sat, 12 Nov 2022 10:00:00 GMT' }] as const]
        : []),
    ])
    const found = await find(one.image, context)
    const date = await dateOf(found, context)
    const build = { url: found.url, version: found.version, date }
    context.http.done()
    expect(compareBuilds({ url: one.newerUrl, version: '20270101' }, build)).toBeLessThan(0)
    expect(compareBuilds({ url: build.url, version: build.version ?? date }, build)).toBe(0)
    expect(compareBuilds({ url: one.image.latestUrl, version: '20100101' }, build)).toBeGreaterThan(0)
  })

  it('an abort before the first question', async () => {
    const context = fakeContext([], AbortSignal.abort())
    expect(await codeOf(() => find(one.image, context))).toBe('ABORTED')
  })

  it.each(indices)('an abort while question %i is answered', async (index) => {
    const controller = new AbortController()
    const context = fakeContext(one.exchanges.slice(0, index + 1), controller.signal)
    const ask = context.http.text.bind(context.http)
    let asked = 0
    context.http.text = async (url, options) => {
      asked += 1
      if (asked === index + 1) controller.abort()
      return ask(url, options)
    }
    expect(await codeOf(() => find(one.image, context))).toBe('ABORTED')
    expect(asked).toBe(index + 1)
  })
})

describe('listings of dated folders', () => {
  const [one] = resolverCases
  if (one === undefined) throw new Error('no case')
  const [[question = '', page] = []] = one.exchanges
  const manifest = one.exchanges[1]

  it('are asked for once more without the slash after a 404', async () => {
    const context = fakeContext([
      [question, 404],
      [withoutSlash(question), page ?? ''],
      ...(manifest ? [manifest] : []),
    ])
    expect(await find(one.image, context)).toMatchObject(one.found)
    context.http.done()
  })

  it('may come after a redirect; the build is looked for at the URL of the catalogue', async () => {
    const redirectedTo = 'https://mirror.example/pub/ubuntu/noble/'
    const absolute = text(page).replaceAll('href="2', 'href="/pub/ubuntu/noble/2')
    const context = fakeContext([
      [question, { redirectedTo, text: absolute }],
      ...(manifest ? [manifest] : []),
    ])
    expect(await find(one.image, context)).toMatchObject(one.found)
    context.http.done()
  })

  it.each([
    ['of other hosts', 'https://evil.example/noble/20270101/'],
    ['outside', '../20270101/'],
    ['absolute', '/20270101/'],
    ['with an encoded slash', '20270101%2f..%2f20270101/'],
    ['with a NUL', '20270101%00/'],
    ['of no calendar', '20270230/'],
    ['beyond the century', '21000101/'],
    ['of files', '20270101'],
    ['within longer numbers', '202701011/'],
    ['with more around them', 'x-20270101/'],
    ['of a mebibyte', `20270101.${'1'.repeat(1 << 20)}/`],
  ])('pass over names %s', async (_, name) => {
    const context = fakeContext([
      [question, text(page) + apacheListing([name])],
      ...(manifest ? [manifest] : []),
    ])
    expect(await find(one.image, context)).toMatchObject(one.found)
    context.http.done()
  })
})

describe('names that match a pattern', () => {
  const one = resolverCases.find(({ resolver }) => resolver === 'placeholder')
  if (one === undefined) throw new Error('no case')

  it.each([
    'x-/../../evil.qcow2.xz',
    'x-zz\\..\\.qcow2.xz',
    'x-z\u001b.qcow2.xz',
    'x-z%2f..%2fevil.qcow2.xz',
  ])('but are no file names are refused: %j', async (name) => {
    const manifest = `${'0'.repeat(128)}  ${name}\n`
    expect(await failure(one, upTo(one, 0, manifest))).toBe('DISCOVERY_UNSAFE_NAME')
  })
})
