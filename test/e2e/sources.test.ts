import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { checkCatalogue, type RunReport, type SourceRule, updateCatalogue } from '../../src/index.ts'
import { clearsign, makeKey } from '../discovery/signature-keys.ts'
import { makeQcow2 } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { hexDigest } from '../support/world/published.ts'

const image = makeQcow2({ size: 20_000 })
const sums = `${hexDigest('sha256', image)}  x-1.10.qcow2\n`

let origin: Origin
let folder: string
let catalogue: string

beforeEach(async () => {
  origin = await startOrigin({
    files: { '/x/v1.9/x-1.9.qcow2': 'old', '/x/v1.10/x-1.10.qcow2': image, '/x/v1.10/SUMS': sums },
  })
  folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
  catalogue = join(folder, 'x.yml')
  await writeFile(
    catalogue,
    '---\nimages:\n  - name: X\n    shortname: x\n    format: qcow2\n    versions: []\n',
  )
  return async () => {
    vi.unstubAllEnvs()
    await origin.close()
    await rm(folder, { recursive: true, force: true })
  }
})

const version = 'HEREBE\\d+\\.\\d+DRAGONS'
const rule = (changes: Partial<SourceRule> = {}): SourceRule => ({
  name: 'my-source',
  images: ['x'],
  strategy: 'placeholder',
  latestUrl: `${origin.url}/x/v${version}/x-${version}.qcow2`,
  latestChecksumUrl: `${origin.url}/x/v${version}/SUMS`,
  ...changes,
})

const run = (sources: readonly SourceRule[], options: object = {}): Promise<RunReport> =>
  updateCatalogue({ images: [folder], mirror: { kind: 'none' }, sources, ...options })

describe('a source that a configuration adds', () => {
  it('finds the builds of an image that has no latest_url', async () => {
    const [outcome] = (await run([rule()])).images
    expect(outcome).toMatchObject({ status: 'updated', resolver: 'my-source', trust: 'checksum' })
    expect(await readFile(catalogue, 'utf8')).toContain(`url: ${origin.url}/x/v1.10/x-1.10.qcow2`)
  })

  it.each([
    ['another name', [{ images: ['y*', 'Z'] }]],
    ['none', []],
  ])('leaves images of other names alone (%s)', async (_, rules) => {
    const [outcome] = (await run(rules.map(rule))).images
    expect(outcome).toMatchObject({ status: 'skipped', reason: 'no-latest-url' })
  })

  it('is the first that matches', async () => {
    const [outcome] = (await run([rule({ name: 'first', images: ['X', 'x.yml'] }), rule()])).images
    expect(outcome?.resolver).toBe('first')
  })

  it('is an error where its strategy does not read such URLs', async () => {
    const [outcome] = (await run([rule({ strategy: 'dated-folder' })])).images
    expect(outcome?.error).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('my-source'),
    })
  })

  it('counts for a check too', async () => {
    const { images } = await checkCatalogue({ images: [folder], sources: [rule()] })
    expect(images[0]).toMatchObject({
      status: 'outdated',
      resolver: 'my-source',
      newest: { url: `${origin.url}/x/v1.10/x-1.10.qcow2` },
    })
  })

  it('may publish no checksum', async () => {
    const mirror = { kind: 'directory', dir: folder, keyPrefix: '' }
    const [outcome] = (await run([rule({ strategy: 'first-use' })], { mirror })).images
    expect(outcome).toMatchObject({ status: 'updated', trust: 'first-use', resolver: 'my-source' })
    expect(outcome?.current?.checksum).toBe(`sha256:${hexDigest('sha256', image)}`)
  })

  it('may be signed, and then has to be signed well', async () => {
    const key = await makeKey()
    const keys = [key.getFingerprint()]
    origin.put('/key.asc', key.toPublic().armor())
    const signed = rule({
      signature: { form: 'clearsigned', keys, keyUrl: `${origin.url}/key.asc`, required: true },
    })
    expect((await run([signed])).images[0]?.error).toMatchObject({ code: 'SIGNATURE_MISSING' })

    origin.put('/x/v1.10/SUMS', await clearsign(sums, await makeKey()))
    expect((await run([signed])).images[0]?.error).toMatchObject({ code: 'SIGNATURE_KEY' })

    origin.put('/x/v1.10/SUMS', await clearsign(sums, key))
    expect((await run([signed])).images[0]).toMatchObject({ status: 'updated', trust: 'signed' })
  })

  it('may be signed in places, by a key that lies at a URL', async () => {
    const key = await makeKey()
    origin.put('/key.asc', key.toPublic().armor())
    const keys = [key.getFingerprint()]
    const signed = rule({ signature: { form: 'clearsigned', keys, keyUrl: `${origin.url}/key.asc` } })
    expect((await run([signed], { dryRun: true })).images[0]?.trust).toBe('checksum')
    origin.put('/x/v1.10/SUMS', await clearsign(sums, key))
    expect((await run([signed])).images[0]?.trust).toBe('signed')
  })
})
