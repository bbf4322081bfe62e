import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { standstillOf } from '../../src/check/check.ts'
import { checkCatalogue } from '../../src/index.ts'
import { renderPage } from '../../src/page/page.ts'
import { formatCheckCsv, formatCheckText } from '../../src/report/check.ts'
import { formatJunit } from '../../src/report/junit.ts'
import { formatMarkdown } from '../../src/report/run-markdown.ts'
import { startOrigin } from '../support/origin.ts'
import { anImage } from '../update/image.ts'

const now = new Date('2026-11-30T15:00:00Z')
const newest = { version: '1.2.3', build_date: '2026-03-30' }

describe('a newest build that is old', () => {
  it('is told, with its age and day', () => {
    const image = anImage({ name: 'Example', osDistro: undefined, replaceFrequency: 'quarterly' })
    expect(standstillOf(image, newest, now)).toMatch(
      /^The newest build is 245 days old \(2026-03-30\), though replace_frequency is quarterly: .* URLs of Example /,
    )
  })

  it.each([
    ['is as old as it may be', { replaceFrequency: 'yearly' }, newest],
    ['is not known', { replaceFrequency: 'daily' }, undefined],
    ['has no day', { replaceFrequency: 'daily' }, { version: '1.2.3' }],
    ['is promised by nobody', { replaceFrequency: 'never' }, newest],
    ['is of a catalogue that says nothing', {}, newest],
    [
      'is of a release that has ended',
      {
        name: 'Debian 10',
        shortname: 'debian-10',
        osDistro: 'debian',
        osVersion: '10',
        replaceFrequency: 'daily',
      },
      newest,
    ],
  ])('is not told if it %s', (_, changes, build) => {
    expect(standstillOf(anImage(changes), build, now)).toBeUndefined()
  })

  it('stands in every form of a check, as the name does that its URLs do not lead to', async () => {
    const origin = await startOrigin()
    const folder = await mkdtemp(join(tmpdir(), 'standstill-'))
    try {
      const sums = ['x-20200101.img', 'x-20200301.9.img'].map((name) => `${'a'.repeat(64)}  ${name}\n`)
      origin.put('/SHA256SUMS', sums.join(''))
      const file = join(folder, 'x.yml')
      await writeFile(
        file,
        `images:
  - name: Example
    shortname: example
    format: raw
    meta: { replace_frequency: quarterly }
    latest_checksum_url: ${origin.url}/SHA256SUMS
    latest_url: ${origin.url}/x-HEREBE\\d{8}DRAGONS.img
    versions: []
`,
      )
      const report = await checkCatalogue({ images: [file] })
      const [image] = report.images
      expect(image).toMatchObject({ status: 'outdated', newest: { version: '20200101' } })
      expect(image?.warnings).toEqual([
        expect.stringContaining('lists x-20200301.9.img, which looks newer than x-20200101.img'),
        expect.stringMatching(/^The newest build is \d+ days old \(2020-01-01\)/),
      ])
      const layout = { columns: 100_000, paint: (_: string, text: string) => text }
      const forms = [
        formatCheckText(report, layout as Parameters<typeof formatCheckText>[1]),
        formatCheckCsv(report),
        formatMarkdown(report),
        formatJunit(report),
        renderPage(report),
      ]
      for (const form of forms) {
        expect(form).toContain('x-20200301.9.img, which looks newer')
        expect(form).toContain('though replace_frequency is quarterly')
      }
    } finally {
      await origin.close()
      await rm(folder, { recursive: true })
    }
  })
})
