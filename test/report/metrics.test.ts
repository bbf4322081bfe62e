import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { UpdaterError } from '../../src/errors.ts'
import { formatMetrics } from '../../src/report/metrics.ts'
import { refusedReport } from '../../src/report/refusal.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { anyText } from '../support/any-text.ts'
import { checked, checkOf, disabled, failed, hostile, hostileText, outdated } from './checked.ts'
import { mixed } from './cloud-outcomes.ts'
import { parseMetrics, type Sample } from './prometheus.ts'

const check = checkOf([checked({ end_of_life: '2029-04-25' }), outdated, disabled, failed])
const stored = outcome({
  status: 'updated',
  previous: { version: '20250101', build_date: '2025-01-01' },
  current: { version: '20250506', build_date: '2025-05-06' },
  mirror: { status: 'stored', bytes: 1000 },
})
const broken = outcome({
  ...{ name: 'Beta', status: 'failed', previous: { version: '20250101' } },
  current: { version: '20250506' },
  error: { code: 'HTTP_STATUS', message: 'no' },
})
const run = reportOf([stored, broken, outcome({ name: 'Gamma', status: 'skipped' })])

/** The value of the one sample that a name and some labels lead to. */
function valueIn(samples: readonly Sample[], name: string, labels: Record<string, string> = {}) {
  const found = samples.filter(
    (sample) =>
      sample.name === `image_updater_${name}` &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  expect(found.length).toBeLessThanOrEqual(1)
  return found[0]?.value
}

describe('the metrics of a check', () => {
  const samples = parseMetrics(formatMetrics(check))
  const of = (name: string, image: string, labels = {}) => valueIn(samples, name, { image, ...labels })

  it('tell of the run', () => {
    const end = Date.parse('2025-05-06T07:08:09Z') / 1000 + 3.21
    expect(valueIn(samples, 'last_run_timestamp_seconds', { command: 'check' })).toBeCloseTo(end, 3)
    expect(valueIn(samples, 'last_run_duration_seconds')).toBe(3.21)
    expect(valueIn(samples, 'last_run_success')).toBe(0)
    expect(valueIn(parseMetrics(formatMetrics(checkOf([outdated]))), 'last_run_success')).toBe(1)
  })

  it('tell of each image, and leave out what is not known', () => {
    expect(of('image_age_days', 'Alpha 1')).toBe(5)
    expect(of('image_days_behind', 'Beta 2')).toBe(5)
    expect(of('image_days_behind', 'Gamma')).toBeUndefined()
    expect(of('image_end_of_life_timestamp_seconds', 'Alpha 1')).toBe(Date.UTC(2029, 3, 25) / 1000)
    expect(of('image_end_of_life_timestamp_seconds', 'Beta 2')).toBeUndefined()
    expect([of('image_mirrored', 'Alpha 1'), of('image_mirrored', 'Beta 2')]).toEqual([1, 0])
    expect([of('image_mirrored', 'Gamma'), of('image_mirrored', 'Delta')]).toEqual([undefined, undefined])
    expect(of('image_mirrored_bytes', 'Alpha 1')).toBeUndefined()
  })

  it('give each image one status', () => {
    expect(of('image_status', 'Beta 2', { status: 'outdated' })).toBe(1)
    expect(of('image_status', 'Beta 2', { status: 'failed' })).toBe(0)
    const states = samples.filter(({ name }) => name === 'image_updater_image_status')
    expect(states).toHaveLength(4 * 5)
    expect(states.reduce((sum, { value }) => sum + value, 0)).toBe(4)
  })

  it('keep every label, whatever is in it', () => {
    const [sample] = parseMetrics(formatMetrics(checkOf([hostile]))).filter(({ labels }) => labels.image)
    expect(sample?.labels.image).toBe(
      hostileText.replace('\u001b', '\\u{1b}').replace('\u202e', '\\u{202e}').replace('\u0000', '\\u{0}'),
    )
    const text = anyText()
    fc.assert(
      fc.property(fc.array(fc.record({ name: text, file: text, shortname: text })), (images) => {
        parseMetrics(formatMetrics(checkOf(images.map((values) => checked(values)))))
      }),
      { seed: 9, numRuns: 300 },
    )
  })

  it('tell of two images with the same name once', () => {
    expect(() => parseMetrics(formatMetrics(checkOf([checked(), checked()])))).not.toThrow()
  })
})

describe('the metrics of an update', () => {
  const samples = parseMetrics(formatMetrics(run))

  it('tell what is in force after it, and what it stored', () => {
    expect(valueIn(samples, 'image_age_days', { image: 'Alpha 1' })).toBe(0)
    expect(valueIn(samples, 'image_days_behind', { image: 'Alpha 1' })).toBe(0)
    expect(valueIn(samples, 'image_mirrored_bytes', { image: 'Alpha 1' })).toBe(1000)
    expect(valueIn(samples, 'mirrored_bytes', { command: 'update' })).toBe(1000)
    expect(valueIn(samples, 'image_age_days', { image: 'Beta' })).toBe(125)
    expect(valueIn(samples, 'image_days_behind', { image: 'Beta' })).toBeUndefined()
    expect(valueIn(samples, 'image_status', { image: 'Alpha 1', status: 'updated' })).toBe(1)
    expect(valueIn(samples, 'last_run_success')).toBe(0)
  })

  it('of a dry run tell what is still in force', () => {
    const dry = { ...stored, status: 'would-update' } as const
    const found = parseMetrics(formatMetrics(reportOf([dry], { dry_run: true })))
    expect(valueIn(found, 'image_age_days')).toBe(125)
    expect(valueIn(found, 'image_days_behind')).toBe(125)
  })

  it('of a refusal tell that nothing was done', () => {
    const refusal = { startedAt: new Date(0), seconds: 0.5, errors: [new UpdaterError('USAGE', 'No')] }
    const found = parseMetrics(formatMetrics(refusedReport('update', refusal, {})))
    expect(found.map(({ value }) => value)).toEqual([0.5, 0.5, 0])
  })
})

describe('what is made of the metrics', () => {
  const known = new Set(
    [check, run, checkOf([], { clouds: [mixed] })]
      .map(formatMetrics)
      .flatMap(parseMetrics)
      .map(({ name }) => name),
  )
  const read = (name: string) =>
    readFileSync(new URL(`../../deploy/prometheus/${name}`, import.meta.url), 'utf8')
  const named = (text: string) => [...new Set(text.match(/\bimage_updater_\w+/g))]

  it('alerts on metrics that there are', () => {
    const rules = parse(read('alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
    const all = rules.groups.flatMap((group) => group.rules)
    expect(all.length).toBeGreaterThan(5)
    for (const { alert, expr } of all) {
      expect(named(expr), alert).not.toEqual([])
      expect(
        named(expr).filter((name) => !known.has(name)),
        alert,
      ).toEqual([])
    }
  })

  it('shows metrics that there are', () => {
    const { panels } = JSON.parse(read('dashboard.json')) as {
      panels: { id: number; targets: { expr: string }[] }[]
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => named(expr)))
    expect(shown.filter((name) => !known.has(name))).toEqual([])
    expect(new Set(shown).size).toBeGreaterThan(6)
  })

  it('is documented, metric by metric', () => {
    const docs = readFileSync(new URL('../../docs/reports.md', import.meta.url), 'utf8')
    const short = (name: string) => `_${name.replace('image_updater_', '')}\``
    expect(
      [...known].filter((name) => !docs.includes(`\`${name}\``) && !docs.includes(`\`${short(name)}`)),
    ).toEqual([])
  })
})
