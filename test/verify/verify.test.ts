import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mirrorCatalogue, type VerifyOptions, type VerifyReport, verifyCatalogue } from '../../src/index.ts'
import { createPaint } from '../../src/report/terminal.ts'
import { formatVerifyMarkdown, formatVerifyText, verifyStatus } from '../../src/report/verify.ts'
import { judge } from '../../src/verify/verify.ts'
import { type Entry, type HistoryWorld, startHistoryWorld } from '../support/history-world.ts'
import { imageOf } from '../support/world/published.ts'

let world: HistoryWorld
beforeEach(async () => {
  world = await startHistoryWorld()
})
afterEach(() => world.close())

const run = (options: Partial<VerifyOptions> = {}) =>
  verifyCatalogue({ images: [world.folder], ...options }, { httpPolicy: { retries: 0 } })
const verdicts = ({ versions }: VerifyReport) => versions.map(({ verdict }) => verdict)

/** Writes the versions and brings those to the mirror that can be. */
async function mirrored(...entries: readonly Entry[]): Promise<void> {
  await world.write(entries)
  await mirrorCatalogue({ images: [world.folder], mirror: world.mirror }, { httpPolicy: { retries: 0 } })
}

const onMirror = (version: string, bytes: Uint8Array, headers: Record<string, string> = {}) => {
  const path = `/mirror/demo-1/${version}-demo-1.qcow2`
  world.origin.put(path, { body: bytes, headers })
  return `${world.origin.url}${path}`
}

type Built = ReturnType<HistoryWorld['build']>

describe('judge', () => {
  it.each([
    ['ok', 'ok', true, 'ok'],
    ['ok', undefined, true, 'ok'],
    ['ok', 'missing', true, 'pending'],
    ['ok', 'missing', false, 'missing'],
    ['missing', 'missing', true, 'unmirrorable'],
    ['private', 'missing', false, 'unmirrorable'],
    ['mismatch', 'missing', true, 'unmirrorable'],
    ['error', 'missing', true, 'missing'],
    [undefined, 'missing', true, 'unmirrorable'],
    ['missing', 'ok', true, 'missing'],
    ['missing', 'private', true, 'missing'],
    ['ok', 'private', true, 'private'],
    ['error', 'mismatch', true, 'mismatch'],
    ['error', 'ok', false, 'error'],
    [undefined, undefined, true, 'ok'],
  ] as const)(
    'of a url that is %s and a mirror_url that is %s (newest: %s) says %s',
    (url, mirror, isNewest, verdict) => {
      expect(judge(url, mirror, isNewest)).toBe(verdict)
    },
  )
})

describe('verifyCatalogue', () => {
  it.each([false, true])('finds nothing wrong with what was mirrored (full: %s)', async (full) => {
    await mirrored(world.build('20260301'), world.build('20260201', { packed: true }))
    const before = world.store.requests.length
    const report = await run({ full })
    expect(verdicts(report)).toEqual(['ok', 'ok'])
    expect(verifyStatus(report)).toBe(0)
    expect(
      world.store.requests.slice(before).every(({ headers }) => headers.authorization === undefined),
    ).toBe(true)
  })

  it('tells pending, missing and unmirrorable apart', async () => {
    const [newest, older, gone] = ['20260301', '20260201', '20260101'].map((version) => {
      const mirrorUrl = `${world.origin.url}/mirror/demo-1/${version}-demo-1.qcow2`
      return { ...world.build(version), mirrorUrl }
    }) as [Built, Built, Built]
    world.origin.remove('/demo/20260101/demo.qcow2')
    await world.write([newest, older, gone])
    const report = await run()
    expect(verdicts(report)).toEqual(['pending', 'missing', 'unmirrorable'])
    expect(report.versions[2]).toMatchObject({
      file: expect.stringContaining('demo.yml'),
      line: 2,
      version: '20260101',
      url: { url: gone.url, status: 'missing', message: 'It answers 404' },
      mirror_url: { url: gone.mirrorUrl, status: 'missing' },
    })
    expect(verifyStatus(report)).toBe(7)
    await world.write([newest])
    expect(verifyStatus(await run())).toBe(6)
    onMirror('20260301', newest.stored)
    world.origin.remove('/demo/20260301/demo.qcow2')
    expect(verdicts(await run())).toEqual(['missing'])
  })

  it('takes a 403 beside what can be read for missing, where the store says so of everything', async () => {
    const [newest, older] = [world.build('20260301'), world.build('20260201')]
    await world.write([newest, older])
    // Nothing is there yet that could be read.
    expect(verdicts(await run())).toEqual(['private', 'private'])
    await mirrored(older)
    await world.write([newest, older])
    const report = await run()
    expect(verdicts(report)).toEqual(['pending', 'ok'])
    expect(report.versions[0]?.mirror_url?.message).toBe('It answers 403, as for whatever is not there')
  })

  it.each([401, 403, 409])('calls a mirror_url that answers %i private', async (status) => {
    const { stored, ...build } = world.build('20260301')
    const mirrorUrl = onMirror('20260301', stored)
    await world.write([{ ...build, mirrorUrl }])
    world.origin.fault('/mirror/demo-1/20260301-demo-1.qcow2', { status })
    const report = await run()
    expect(report.versions[0]).toMatchObject({ verdict: 'private', mirror_url: { status: 'private' } })
    expect(verifyStatus(report)).toBe(4)
  })

  it('sees other bytes by what was recorded, without a download', async () => {
    const { stored, ...build } = world.build('20260301')
    const headers = { 'x-object-meta-source-checksum': `sha256:${'0'.repeat(64)}` }
    await world.write([{ ...build, mirrorUrl: onMirror('20260301', stored, headers) }])
    expect(verifyStatus(await run())).toBe(5)
  })

  it.each<[string, () => void, 'url' | 'mirror_url']>([
    ['the source', () => world.origin.put('/demo/20260301/demo.qcow2', imageOf('other', 20_000)), 'url'],
    ['the mirror', () => onMirror('20260301', imageOf('other', 20_000)), 'mirror_url'],
  ])('sees other bytes of %s by a download only', async (_, spoil, which) => {
    const build = world.build('20260301')
    await world.write([{ ...build, mirrorUrl: onMirror('20260301', build.stored) }])
    spoil()
    expect(verdicts(await run())).toEqual(['ok'])
    const report = await run({ full: true })
    expect(report.versions[0]).toMatchObject({
      verdict: 'mismatch',
      [which]: {
        status: 'mismatch',
        message: expect.stringMatching(/^Its bytes have sha256:\w+, not sha256:/),
      },
    })
    expect(report.versions[0]?.[which === 'url' ? 'mirror_url' : 'url']).toMatchObject({ status: 'ok' })
  })

  describe('of a compressed source', () => {
    it('reads no more than an image may have, before and after decompression', async () => {
      const [plain, packed] = [world.build('20260301'), world.build('20260201', { packed: true })]
      await mirrored(plain, packed)
      const { versions } = await run({ full: true, maxImageSize: plain.stored.length - 1 })
      const tooLarge = { status: 'error', message: expect.stringContaining('larger than the allowed') }
      expect(versions).toMatchObject([
        { verdict: 'error', url: tooLarge, mirror_url: tooLarge },
        { verdict: 'error', url: tooLarge },
      ])
    })

    it('compares the mirror with what comes out of it', async () => {
      const build = world.build('20260301', { packed: true })
      await world.write([{ ...build, mirrorUrl: onMirror('20260301', build.stored) }])
      expect(verdicts(await run({ full: true }))).toEqual(['ok'])
      onMirror('20260301', imageOf('other', 20_000))
      expect(verdicts(await run({ full: true }))).toEqual(['mismatch'])
    })

    it('that is gone leaves the mirror to be compared', async () => {
      const build = world.build('20260301', { packed: true })
      await mirrored(build)
      world.origin.remove('/demo/20260301/demo.qcow2.gz')
      for (const mirrorUrl of [build.mirrorUrl, onMirror('20260301', build.stored)]) {
        await world.write([{ ...build, mirrorUrl }])
        const { versions } = await run({ full: true })
        expect(versions[0]).toMatchObject({ verdict: 'missing', mirror_url: { status: 'ok' } })
      }
    })

    it('that cannot be decompressed is a mismatch', async () => {
      await world.write([world.build('20260301', { packed: true })])
      world.origin.put('/demo/20260301/demo.qcow2.gz', 'no gzip')
      expect((await run({ full: true })).versions[0]?.url).toMatchObject({ status: 'mismatch' })
    })
  })

  it('reads a file again where its mirror has gone and the next one has another ETag', async () => {
    const built = world.build('20260301')
    await world.write([built])
    const path = '/demo/20260301/demo.qcow2'
    const { origin } = world
    origin.put('/mirror', { body: built.stored, etag: '"one"' })
    origin.put('/next', { body: built.stored, etag: '"another"' })
    origin.fault('/mirror', { dropAfter: 100 }, { dropAfter: 'headers', times: 9 })
    origin.fault(path, {}, { redirect: '/mirror' }, { redirect: '/next', times: 9 })
    const options = { images: [world.folder], full: true }
    const report = await verifyCatalogue(options, { httpPolicy: { retries: 0, backoffBase: 1 } })
    expect(report.versions[0]?.url).toMatchObject({ status: 'ok' })
    expect(origin.requestsOf('/next').length).toBeGreaterThan(1)
  })

  it('says what it could not find out', async () => {
    await world.write([world.build('20260301')])
    world.origin.fault('/demo/20260301/demo.qcow2', { status: 500, times: 3 })
    const report = await run()
    expect(report.versions[0]).toMatchObject({
      url: { status: 'error', message: expect.stringContaining('500') },
    })
    await world.write([{ ...world.build('20260301'), checksum: 'sha256:00' }])
    expect((await run({ full: true })).versions[0]?.url).toMatchObject({ status: 'error' })
  })

  it('ends at a signal', async () => {
    await world.write([world.build('20260301')])
    const report = await verifyCatalogue({ images: [world.folder] }, { signal: AbortSignal.abort() })
    expect(verdicts(report)).toEqual(['error'])
  })

  it('is shown as text and as Markdown', async () => {
    const [newest, gone] = [world.build('20260301'), world.build('20260101')]
    await mirrored(newest)
    world.origin.remove('/demo/20260101/demo.qcow2')
    await world.write([newest, gone])
    const report = { ...(await run()), seconds: 1 }
    expect(formatVerifyText(report, { paint: createPaint(false) })).toBe(`Image   Version   Status
demo-1  20260101  unmirrorable
  url ${gone.url}: It answers 404.
  mirror_url ${gone.mirrorUrl}: It answers 403, as for whatever is not there.

2 versions asked in 1.0 s: 1 ok, 1 unmirrorable
`)
    expect(formatVerifyMarkdown(report)).toContain('| Demo 1 | `20260101` | unmirrorable | url `http')
  })

  it('names a URL once, though the error names it too', async () => {
    const url = `${world.origin.url}/demo/20260101/demo.qcow2`
    world.origin.fault('/demo/20260101/demo.qcow2', { status: 500, times: 99 })
    await world.write([{ ...world.build('20260101'), mirrorUrl: undefined }])
    const report = await run()
    for (const text of [
      formatVerifyText(report, { paint: createPaint(false) }),
      formatVerifyMarkdown(report),
    ]) {
      expect(text).toContain('answers 500')
      expect(text.split(url)).toHaveLength(2)
    }
    expect(formatVerifyMarkdown(report)).toContain(`\`${url}\``)
  })
})
