import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RecommendedImage } from '../../src/discovery/resolver.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { type ImageOutcome, type RunReport, updateCatalogue } from '../../src/index.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { createLayoutPublisher, type PublishedLayout } from '../support/world/layouts.ts'

const osDistros: Readonly<Record<string, string>> = {
  ubuntu: 'ubuntu',
  debian: 'debian',
  almalinux: 'centos',
  centos: 'centos',
}

interface Entry {
  readonly shortname: string
  readonly layout: RecommendedImage
  readonly published: PublishedLayout
}

const layouts = resolvers.flatMap(({ name, recommended }) =>
  recommended.map((layout) => ({ name, layout, osDistro: osDistros[name] })),
)

let origin: Origin
let folder: string
let entries: Entry[]
let report: RunReport

function definition({ shortname, layout, published }: Entry): string {
  const { latestUrl, latestChecksumUrl, resolver } = published
  const checksums = latestChecksumUrl === undefined ? '' : `    latest_checksum_url: '${latestChecksumUrl}'\n`
  return `  - name: ${layout.image} ${layout.architecture}
    enable: true
    shortname: ${shortname}
    format: ${layout.format}
    meta:
      os_distro: ${osDistros[resolver] ?? 'arch'}
${checksums}    latest_url: '${latestUrl}'
    versions: []
`
}

const run = (options: Partial<Parameters<typeof updateCatalogue>[0]> = {}) =>
  updateCatalogue({
    images: [join(folder, 'images')],
    mirror: { kind: 'directory', dir: join(folder, 'mirror'), keyPrefix: '' },
    ...options,
  })

const outcomeOf = (report: RunReport, shortname: string): ImageOutcome | undefined =>
  report.images.find((image) => image.shortname === shortname)

beforeAll(async () => {
  origin = await startOrigin()
  const publisher = createLayoutPublisher({ origin, size: 70_000 })
  entries = layouts.flatMap(({ layout, osDistro }, index) => {
    const published = publisher.publish({ ...layout, osDistro })
    if (published === undefined) {
      process.stderr.write(`skipped: ${layout.image}, for the tool that packs it is not installed\n`)
      return []
    }
    return [{ shortname: `image-${index}`, layout, published }]
  })
  folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  for (const name of ['images', 'mirror']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'images', 'all.yml'), `---\nimages:\n${entries.map(definition).join('')}`)
  report = await run()
})
afterAll(async () => {
  await origin.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a run on every layout that the resolvers recommend', () => {
  it('fails nowhere', () => {
    expect(
      report.images.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }])),
    ).toEqual([])
    expect(report.summary.updated).toBe(entries.length)
    expect(entries.length).toBeGreaterThan(90)
  })

  it('names the newest build of each, and has its bytes on the mirror', async () => {
    for (const { shortname, layout, published } of entries) {
      const { version, checksum, path, stored } = published.newest
      const { current, resolver, trust } = outcomeOf(report, shortname) ?? {}
      const isAlias = /Rocky-|Leap-/.test(path)
      expect({ image: layout.image, resolver, ...current }).toMatchObject({
        image: layout.image,
        resolver: published.resolver,
        version,
        checksum,
        url: `${origin.url}/${path}`,
      })
      expect(isAlias || current?.url !== published.latestUrl).toBe(true)
      expect(trust).toBe(published.latestChecksumUrl === undefined ? 'first-use' : 'checksum')
      const file = join(folder, 'mirror', shortname, `${version}-${shortname}.${layout.format}`)
      expect((await readFile(file)).equals(stored)).toBe(true)
    }
  })

  it('changes nothing when it is repeated', async () => {
    const before = await readFile(join(folder, 'images', 'all.yml'), 'utf8')
    const again = await run()
    expect(again.summary).toMatchObject({ updated: 0, failed: 0, up_to_date: entries.length })
    expect(await readFile(join(folder, 'images', 'all.yml'), 'utf8')).toBe(before)
  })
})
