import { readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { type MirrorOptions, type RunReport, updateCatalogue } from '../../src/index.ts'
import { noProgress } from '../../src/progress.ts'
import { withExitStatus } from '../../src/report/json.ts'
import { formatMetrics } from '../../src/report/metrics.ts'
import { reportSchema } from '../../src/report/schemas.ts'
import { catalogueReport } from '../../src/serve/catalogue.ts'
import { parseMetrics } from '../report/prometheus.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

let world: World
let store: S3Server
let folder: string

beforeAll(async () => {
  world = await startWorld(60_000)
})
afterAll(() => world.close())
beforeEach(async () => {
  world.origin.forgetFaults()
  store = await startS3Server()
  folder = await world.writeCatalogue()
  return async () => {
    await store.close()
    await rm(dirname(folder), { recursive: true, force: true })
  }
})

const object = 'rocky-9/20260531-rocky-9.qcow2'
const names = ['rocky-9', 'debian-12']
const onStore = (): Extract<MirrorOptions, { kind: 's3' }> => ({
  kind: 's3',
  server: store.endpoint,
  bucket: 'openstack-images',
  region: store.region,
  swiftPrefix: store.swiftPrefix,
  keyPrefix: '',
  accessKey: store.accessKey,
  secretKey: store.secretKey,
  acl: 'public-read',
})
const run = (options: Partial<Parameters<typeof updateCatalogue>[0]> = {}): Promise<RunReport> =>
  updateCatalogue(
    { images: [folder], names, mirror: onStore(), ...options },
    { httpPolicy: { backoffBase: 1, retries: 1 } },
  )
const of = ({ images }: RunReport, name: string) => images.find(({ shortname }) => shortname === name)
const texts = () => readCatalogueFolder(folder, Object.keys(world.catalogue))

/** From now on readers without credentials get this answer. */
const answer = (status: number, code: string) =>
  store.fault({ on: 'PublicRead', key: object, effect: { type: 'error', status, code }, times: 1000 })

/** The rule of the alert that is shipped, as Prometheus would judge these metrics by it. */
function alertFires(report: RunReport): boolean {
  const rules = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[]
  }
  const all = rules.groups.flatMap((group) => group.rules)
  const rule = all.find(({ alert }) => alert === 'ImageIsNotOnTheMirror')
  const [, metric, value] = /^(\w+) == (\d+)$/.exec(rule?.expr ?? '') ?? []
  expect(metric).toBeDefined()
  return parseMetrics(formatMetrics(report)).some(
    (sample) => sample.name === metric && sample.value === Number(value),
  )
}

/** What the first page of the service shows of Rocky 9's mirror after this run. */
async function shown(report: RunReport): Promise<string | undefined> {
  const path = join(folder, 'rockylinux.yml')
  const { images } = parseCatalog(path, await readFile(path, 'utf8'))
  const run = {
    ...{ id: 1, startedAt: new Date(), progress: noProgress, hookErrors: [] },
    trigger: 'request' as const,
    report: withExitStatus(report, 0),
  }
  return catalogueReport(images, { run, now: new Date(), includeDisabled: false }).images[0]?.mirror.status
}

describe('a mirror whose object nobody can read any more', () => {
  it.each([
    [403, 'AccessDenied', 'missing'],
    [401, 'Unauthorized', 'missing'],
    [404, 'NoSuchKey', 'missing'],
    [409, 'Conflict', 'missing'],
    [503, 'SlowDown', 'unknown'],
  ])('fails the unchanged image (%i), and no other', async (status, code, state) => {
    const first = await run()
    expect(of(first, 'rocky-9')).toMatchObject({ status: 'updated', mirror: { public: 'present' } })
    expect([alertFires(first), await shown(first)]).toEqual([false, 'present'])
    const before = await texts()
    answer(status, code)
    const report = await run()
    expect(of(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      mirror: { status: 'present', object, public: state },
      error: { code: 'PUBLIC_UNREADABLE', remedy: expect.any(String) },
    })
    expect(of(report, 'debian-12')).toMatchObject({ status: 'up-to-date', mirror: { public: 'present' } })
    expect(report.summary.failed).toBe(1)
    expect([alertFires(report), await shown(report)]).toEqual([state === 'missing', state])
    expect(await texts()).toEqual(before)
    const published = withExitStatus(report, 1)
    expect(JSON.stringify(published)).toBe(JSON.stringify(reportSchema.parse(published)))
    store.clearFaults()
    const healed = await run()
    expect([healed.summary.failed, alertFires(healed), await shown(healed)]).toEqual([0, false, 'present'])
  })

  it('is told, too, where the distribution fails in the same run', async () => {
    await run()
    answer(403, 'AccessDenied')
    world.origin.fault(`/${world.newest['rocky-9']?.path}.CHECKSUM`, { status: 404 })
    const report = await run()
    expect(of(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      mirror: { status: 'none', public: 'missing' },
      error: { code: 'HTTP_STATUS' },
      warnings: [expect.stringMatching(/answers 403: users of the cloud cannot have the image$/)],
    })
    expect(alertFires(report)).toBe(true)
  })

  it('is a warning where others fill it, and in a dry run', async () => {
    await run()
    answer(409, 'Conflict')
    for (const options of [{ mirror: { kind: 'none' } as const }, { dryRun: true }]) {
      const report = await run(options)
      expect(of(report, 'rocky-9')).toMatchObject({ status: 'up-to-date', mirror: { public: 'missing' } })
      expect(of(report, 'rocky-9')?.warnings).toContainEqual(expect.stringMatching(/answers 409/))
      expect(alertFires(report)).toBe(true)
    }
  })

  it('is not asked with --no-check-public', async () => {
    await run({ checkPublic: false })
    await run({ checkPublic: false })
    expect(store.requests.filter(({ operation }) => operation === 'PublicRead')).toEqual([])
    const report = await run({ checkPublic: false })
    expect(of(report, 'rocky-9')?.mirror).toEqual({ status: 'present', object })
    expect([alertFires(report), await shown(report)]).toEqual([false, 'unasked'])
  })
})

describe('a mirror that gives readers another image than the store has', () => {
  it('fails the unchanged image', async () => {
    const base = `${world.origin.url}/cdn`
    const mirror = { ...onStore(), baseUrl: base }
    const put = (digest: string) =>
      world.origin.put(`/cdn/${object}`, {
        body: world.newest['rocky-9']?.stored ?? '',
        headers: { 'x-amz-meta-checksum': digest, 'x-amz-meta-source-checksum': digest },
      })
    put(world.newest['rocky-9']?.checksum ?? '')
    const only = { names: ['rocky-9'], mirror }
    // What a run stores to find out whether anybody can read is not at the address, which this store does not fill.
    expect((await run({ ...only, checkPublic: false })).summary).toMatchObject({ updated: 1, failed: 0 })
    put(`sha256:${'0'.repeat(64)}`)
    const report = await run(only)
    expect(of(report, 'rocky-9')).toMatchObject({
      status: 'failed',
      mirror: { status: 'present', public: 'other-bytes' },
      error: { code: 'PUBLIC_MISMATCH' },
    })
    expect([alertFires(report), await shown(report)]).toEqual([true, 'other-bytes'])
  })
})

describe('an address that no run fills', () => {
  it('is asked for an image that stays as it is', async () => {
    await run({ names: ['rocky-9'] })
    const path = join(folder, 'rockylinux.yml')
    const text = await readFile(path, 'utf8')
    const elsewhere = `${world.origin.url}/nothing/here.qcow2`
    await writeFile(path, text.replace(/http\S+swift\S+/, elsewhere))
    const report = await run({ names: ['rocky-9'] })
    expect(of(report, 'rocky-9')).toMatchObject({
      status: 'up-to-date',
      mirror: { status: 'foreign', public: 'missing' },
      warnings: [`${elsewhere} answers 404: users of the cloud cannot have the image`],
    })
  })
})
