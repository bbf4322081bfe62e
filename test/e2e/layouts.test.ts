import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { isoDate } from '../../src/discovery/stamp.ts'
import type { Image } from '../../src/image.ts'
import {
  initCatalogue,
  type MirrorOptions,
  updateCatalogue,
  validateCatalogue,
  verifyCatalogue,
} from '../../src/index.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { createLayoutPublisher, type PublishedLayout } from '../support/world/layouts.ts'

const bucket = 'openstack-images'
const [recommendedStreams] = resolvers.find(({ name }) => name === 'ubuntu-streams')?.recommended ?? []

let origin: Origin
let store: S3Server
let root: string
let published: Map<string, PublishedLayout>

/** The versions of distributions that have their own. */
const ownVersions: Readonly<Record<string, RegExp>> = {
  alpine: /^3\.\d\d\.10(-r\d+)?$/,
  amazonlinux: /^2023\.[\d.]+$/,
  cirros: /^10\.10\.10$/,
  'fedora-coreos': /^[\d.]+$/,
  flatcar: /^4230\.10\.0$/,
  freebsd: /^1[45]\.10$/,
  gardenlinux: /^\d{4}\.10\.1$/,
  homeassistant: /^\d+\.\d+$/,
  kali: /^2026\.\d+$/,
  openeuler: /^2[24]\.03-LTS(-SP\d+)?$/,
  opnsense: /^26\.10\.1$/,
  openwrt: /^\d\d\.\d\d\.\d+$/,
  talos: /^10\.10\.10$/,
}

const rehosted = (text: string) => text.replace(/\bhttps:\/\/(?=[a-z0-9.-]+\/)/g, `${origin.url}/`)

async function readImages(folder: string): Promise<Image[]> {
  const texts = await readTexts(folder)
  return Object.entries(texts).flatMap(([name, text]) => parseCatalog(name, text).images)
}

async function readTexts(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))
}

/** Ubuntu's simplestreams, the one recommended way that the catalogue that ships does not go. */
const streams = `images:
  - name: Ubuntu by streams
    shortname: ubuntu-streams
    format: qcow2
    meta:
      os_distro: arch
    latest_checksum_url: ${recommendedStreams?.latestChecksumUrl}
    latest_url: '${recommendedStreams?.latestUrl}'
    versions: []
`

/** Publishes what the definitions in `folder` ask for, and points them to it. */
async function publishAll(folder: string): Promise<void> {
  const publisher = createLayoutPublisher({ origin, size: 40_000 })
  published = new Map()
  for (const image of await readImages(folder)) {
    const { latestUrl = '', latestChecksumUrl, format, osDistro, shortname = '' } = image
    const layout = publisher.publish({ latestUrl, latestChecksumUrl, format, osDistro })
    if (layout === undefined) {
      process.stderr.write(`skipped: ${image.name}, for the tool that packs it is not installed\n`)
    } else published.set(shortname, layout)
  }
  for (const [name, text] of Object.entries(await readTexts(folder))) {
    await writeFile(join(folder, name), rehosted(text))
  }
}

const onStore = (): MirrorOptions => ({
  kind: 's3',
  server: store.endpoint,
  bucket,
  region: store.region,
  swiftPrefix: store.swiftPrefix,
  keyPrefix: '',
  accessKey: store.accessKey,
  secretKey: store.secretKey,
  acl: 'public-read',
})

beforeAll(async () => {
  origin = await startOrigin()
  store = await startS3Server()
  root = await mkdtemp(join(tmpdir(), 'image-updater-'))
})
afterAll(async () => {
  await origin.close()
  await store.close()
  await rm(root, { recursive: true, force: true })
})

describe('the shipped catalogue, in a world that serves every recommended layout', () => {
  it('ends with every image mirrored and verified, and then changes nothing', async () => {
    const images = join(root, 'images')
    await initCatalogue({ distributions: ['*'], dir: images })
    await writeFile(join(images, 'streams.yml'), streams)
    await publishAll(images)
    const names = [...published.keys()]
    expect(names.length).toBeGreaterThan(100)
    const run = () => updateCatalogue({ images: [images], names, mirror: onStore(), includeDisabled: true })
    const { summary, images: outcomes } = await run()
    const outcomeOf = new Map(outcomes.map((one) => [one.shortname, one]))
    expect(outcomes.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]))).toEqual([])
    expect(summary).toMatchObject({ checked: names.length, updated: names.length, failed: 0 })

    const doubts = outcomes
      .flatMap(({ warnings }) => warnings)
      .filter((text) => /looks newer|no build/.test(text))
    expect(doubts).toEqual([])
    for (const { name, shortname = '', format, versions } of await readImages(images)) {
      const layout = published.get(shortname)
      if (layout === undefined) continue
      const { version: date, checksum, path, stored } = layout.newest
      const url = `${origin.url}/${path}`
      const object = `${shortname}/${date}-${shortname}.${format}`
      const buildDate = isoDate(date)
      expect({ name, versions }).toMatchObject({
        name,
        versions: [{ buildDate, checksum, url, mirrorUrl: expect.stringContaining(object) }],
      })
      const own = ownVersions[layout.resolver]
      expect({ name, version: versions[0]?.version }).toEqual({
        name,
        version: own === undefined ? date : expect.stringMatching(own),
      })
      expect(outcomeOf.get(shortname)).toMatchObject({
        resolver: layout.resolver,
        trust: layout.latestChecksumUrl === undefined ? 'first-use' : 'checksum',
      })
      // The others publish a name of the newest build that does not move.
      expect(/Rocky-|Leap-/.test(path) || url !== layout.latestUrl, name).toBe(true)
      expect((await store.read(bucket, object)).equals(stored), name).toBe(true)
    }

    const verified = await verifyCatalogue({ images: [images], names, includeDisabled: true, full: true })
    expect(verified.versions.filter(({ verdict }) => verdict !== 'ok')).toEqual([])
    expect(verified.summary.ok).toBe(names.length)

    const { findings } = await validateCatalogue({ images: [images], profile: 'upstream' })
    const others = findings.filter(
      ({ rule, image }) => rule !== 'insecure-url' && image !== 'Ubuntu by streams',
    )
    // Rocky Linux publishes no other name of the newest build than `….latest.…`.
    expect(others.filter(({ rule, image }) => rule !== 'moving-url' || !image?.startsWith('Rocky'))).toEqual(
      [],
    )

    const before = await readTexts(images)
    const again = await run()
    expect(again.summary).toMatchObject({ updated: 0, up_to_date: names.length, failed: 0 })
    expect(await readTexts(images)).toEqual(before)
  }, 240_000)
})
