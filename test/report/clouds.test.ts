import { describe, expect, it } from 'vitest'
import { renderPage } from '../../src/page/page.ts'
import { checkStatus, formatCheckCsv, formatCheckText } from '../../src/report/check.ts'
import { exitStatusOf } from '../../src/report/exit-status.ts'
import { formatJunit } from '../../src/report/junit.ts'
import { formatMetrics } from '../../src/report/metrics.ts'
import { isOutOfOrder } from '../../src/report/publish.ts'
import { refusedReport } from '../../src/report/refusal.ts'
import { formatMarkdown } from '../../src/report/run-markdown.ts'
import { createPaint } from '../../src/report/terminal.ts'
import { formatUpdateText } from '../../src/report/update.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { checked, checkOf, hostileText } from './checked.ts'
import { broken, cloudOf, dead, inCloud, left, missing, mixed, unproven, waiting } from './cloud-outcomes.ts'
import { parseMetrics } from './prometheus.ts'

const layout = { paint: createPaint(false) }
const report = checkOf([checked(), checked({ name: 'Beta 2', shortname: 'beta-2' })], {
  clouds: [mixed, dead],
})

describe('an image in a cloud', () => {
  it.each([
    [inCloud(), false],
    [missing, true],
    [unproven, true],
    [waiting, false],
    [broken, true],
    [left, false],
    [inCloud({ status: 'published', findings: missing.findings }), false],
    [inCloud({ status: 'would-change' }), true],
  ])('%# is out of order: %s', (image, expected) => expect(isOutOfOrder(image)).toBe(expected))
})

describe('the exit status', () => {
  const { summary } = checkOf([checked()])
  it.each([
    [[cloudOf([inCloud(), waiting, left])], 0],
    [[cloudOf([missing])], 10],
    [[cloudOf([unproven])], 10],
    [[cloudOf([], { warnings: ['no room'] })], 10],
    [[cloudOf([missing, broken])], 1],
    [[cloudOf([]), dead], 1],
  ] as const)('of a check %# is %i', (clouds, status) => expect(checkStatus(summary, clouds)).toBe(status))

  it('of an update is 1 where a cloud or an image in it failed', () => {
    const of = (...clouds: (typeof mixed)[]) => exitStatusOf(reportOf([outcome()], { clouds }))
    expect([of(), of(cloudOf([missing])), of(dead), of(cloudOf([broken]))]).toEqual([0, 0, 1, 1])
  })
})

describe('the table', () => {
  it('of a check tells of each cloud what is not as it should be', () => {
    expect(formatCheckText(report, layout)).toBe(`Image    Version   Newest   Age  Mirror  Trust
alpha-1  20250501  current  5 d  ok      signed
beta-2   20250501  current  5 d  ok      signed

test     Version   Status
beta-2   20250506  would publish
  Beta 2 (20250101): to be hidden, was replaced
  There is no image of version 20250506
Gamma    -         current
  Nothing proves its bytes
alpha-1  2         pending
  Version 2 of Delta waits until 2025-06-01
alpha-1  -         failed: CLOUD_CONFLICT
  The name is taken
  The name "Epsilon" is taken. Rename it.

Warning: test: The quota has no room for one more image

Gone 1 (id-9) has our tag, and no file that was read has its definition: left alone

dead: The cloud does not answer. Run again.

In the clouds: 6 images, 1 would be published, 0 would be changed, 2 current, 1 pending, 1 skipped, 2 failed

2 checked, 2 current, 0 outdated, 0 skipped, 0 failed in 3.2 s
`)
  })

  it('tells of images of no definition in one paragraph', () => {
    const unnamed = Array.from({ length: 12 }, (_, index) => ({ id: `id-${index}`, name: `Gone ${index}` }))
    const text = formatCheckText(checkOf([], { clouds: [cloudOf([], { unnamed })] }), layout)
    expect(text).toContain('12 images have our tag, and no file that was read has their definitions')
    expect(text).toContain('Gone 7 (id-7) and 4 more\n')
  })

  it('tells of a build that is passed over why, and nothing of an image without a version', () => {
    const message = 'Version 20250506 is not taken: no network'
    const skipped = (finding: object) =>
      inCloud({ status: 'skipped', findings: [{ what: 'skipped', message, ...finding }] })
    const tableOf = (finding: object) =>
      formatCheckText(checkOf([], { clouds: [cloudOf([skipped(finding)])] }), layout)
    expect(tableOf({ version: '20250506' })).toContain(`skipped\n  ${message}\n`)
    expect(tableOf({})).not.toContain(message)
  })

  it('of an update tells what was done in them', () => {
    const brought = [{ id: 'id-7', name: 'Beta 2', version: '20250506', bytes: 7, seconds: 1 }]
    const clouds = [cloudOf([inCloud(), { ...missing, status: 'published', brought }])]
    const text = formatUpdateText(reportOf([outcome()], { clouds }), layout)
    expect(text).toContain(`test    Version   Status
beta-2  20250506  published
  20250506 is Beta 2 (id-7)
  Beta 2 (20250101): hidden, was replaced

In the clouds: 2 images, 1 published, 0 changed, 1 current, 0 skipped, 0 failed
`)
    expect(formatUpdateText(reportOf([outcome()]), layout)).not.toContain('clouds')
  })
})

describe('other forms of a report', () => {
  it('CSV has a column for the clouds', () => {
    const rows = formatCheckCsv(report).split('\r\n')
    expect(rows[1]).toMatch(/,test: current; dead: CLOUD_UNREACHABLE$/)
    expect(rows[2]).toMatch(/,test: would-publish; dead: CLOUD_UNREACHABLE$/)
  })

  it('Markdown has a section for each cloud', () => {
    const text = formatMarkdown(report)
    expect(text).toContain('### Cloud `test`')
    expect(text).toContain('| `Beta 2`  | `20250506` | would publish | missing  |')
    expect(text).toContain('- `The quota has no room for one more image`')
    expect(text).toContain('- **CLOUD_UNREACHABLE**  \n  `The cloud does not answer`')
    expect(text).toContain('- `Epsilon in test`: **CLOUD_CONFLICT**')
    expect(formatMarkdown(reportOf([outcome()], { clouds: [mixed] }))).toContain('### Cloud `test`')
    expect(formatMarkdown(reportOf([outcome()], { clouds: [cloudOf([inCloud()])] }))).toContain(
      '1 image, nothing to tell.',
    )
  })

  it('JUnit has a suite for each cloud', () => {
    const text = formatJunit(report)
    expect(text).toContain('name="cloud test" time="0.000"')
    expect(text).toContain('<testcase name="Epsilon in test"')
    expect(text).toMatch(/<testcase name="dead".*type="CLOUD_UNREACHABLE"/s)
  })

  it('the page shows them, and takes no text for markup', () => {
    const page = renderPage(report)
    for (const text of [
      'Clouds',
      'Nothing proves its bytes',
      'Gone 1',
      'The cloud does not answer',
      'to be done in a cloud',
    ])
      expect(page).toContain(text)
    expect(renderPage(checkOf([checked()]))).not.toContain('Clouds')
    const hostile = cloudOf([{ ...broken, name: hostileText, warnings: [hostileText] }], {
      ...{ cloud: hostileText, project: hostileText, unnamed: [{ id: hostileText, name: hostileText }] },
    })
    expect(renderPage(checkOf([], { clouds: [hostile] }))).not.toMatch(/<img|[\u0000\u001b\u202e]/)
  })
})

describe('the metrics of clouds', () => {
  const samples = parseMetrics(formatMetrics(report))
  const values = (name: string) =>
    samples
      .filter((one) => one.name === `image_updater_cloud_${name}`)
      .map(({ labels: { command: _, file: __, shortname: ___, ...labels }, value }) => [
        ...Object.values(labels),
        value,
      ])

  it('tell whether each could be asked, what is there, and which image is not in order', () => {
    expect(values('up')).toEqual([
      ['test', 1],
      ['dead', 0],
    ])
    expect(values('images')).toHaveLength(8)
    expect(values('images')).toContainEqual(['test', 'would-publish', 1])
    expect(values('findings')).toHaveLength(14)
    expect(values('findings')).toEqual(
      expect.arrayContaining([
        ['test', 'missing', 1],
        ['test', 'duplicate', 0],
      ]),
    )
    expect(values('unnamed_images')).toEqual([['test', 1]])
    expect(values('image_in_order')).toEqual([
      ['test', 'Alpha 1', 1],
      ['test', 'Beta 2', 0],
      ['test', 'Gamma', 0],
      ['test', 'Delta', 1],
      ['test', 'Epsilon', 0],
    ])
    expect(values('quota_used')).toEqual([['test', 'images', 9]])
    expect(values('quota_limit')).toEqual([['test', 'images', 9]])
    expect(samples.find(({ name }) => name === 'image_updater_last_run_success')?.value).toBe(0)
  })

  it('are valid whatever stands in them, and tell of two of a name once', () => {
    const hostile = cloudOf([inCloud({ name: hostileText }), inCloud(), inCloud()], { cloud: hostileText })
    const clouds = [hostile, hostile, mixed]
    expect(() => parseMetrics(formatMetrics(checkOf([], { clouds })))).not.toThrow()
    const refusal = { startedAt: new Date(0), seconds: 1, errors: [] }
    const found = parseMetrics(formatMetrics({ ...refusedReport('publish', refusal), clouds }))
    expect(new Set(found.map(({ labels }) => labels.command))).toEqual(new Set(['publish']))
  })

  it('of a cloud in which too many would be retired tell of all else', () => {
    const braked = cloudOf([inCloud()], { error: { code: 'CLOUD_BRAKE', message: 'Too many' } })
    const found = parseMetrics(formatMetrics(checkOf([], { clouds: [braked] })))
    expect(found.find(({ name }) => name === 'image_updater_cloud_up')?.value).toBe(1)
  })
})
