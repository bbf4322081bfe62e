import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { noProgress } from '../../src/progress.ts'
import { withExitStatus } from '../../src/report/json.ts'
import type { ImageOutcome } from '../../src/report/schemas.ts'
import { catalogueReport } from '../../src/serve/catalogue.ts'
import { outcome, reportOf } from '../cli/support.ts'

const now = new Date('2026-07-10T12:00:00Z')
const { images } = parseCatalog(
  'ubuntu.yml',
  `images:
  - name: Ubuntu 24.04
    shortname: ubuntu-24.04
    format: qcow2
    meta:
      os_distro: ubuntu
      os_version: '24.04'
    versions:
      - version: '20260701'
        build_date: 2026-07-01
        mirror_url: https://mirror.example/a
`,
)

const standsAfter = (values: Partial<ImageOutcome> | undefined) => {
  const about = { file: 'ubuntu.yml', name: 'Ubuntu 24.04', ...values }
  const report = values && withExitStatus(reportOf([outcome(about)]), 0)
  const run = {
    id: 1,
    trigger: 'request' as const,
    startedAt: now,
    progress: noProgress,
    hookErrors: [],
    report,
  }
  return catalogueReport(images, { run: values && run, now, includeDisabled: false }).images[0]
}

describe('how the catalogue stands', () => {
  it('before any run: what the files say, and nothing was looked for', () => {
    expect(standsAfter(undefined)).toMatchObject({
      status: 'skipped',
      age_days: 9,
      end_of_life: '2029-05-31',
      mirror: { status: 'unasked', url: 'https://mirror.example/a' },
    })
    expect(catalogueReport(images, { run: undefined, now, includeDisabled: false })).toMatchObject({
      started_at: now.toISOString(),
      seconds: 0,
    })
  })

  it.each<[Partial<ImageOutcome>, string, string]>([
    [{ status: 'updated', mirror: { status: 'stored', public: 'present' } }, 'up-to-date', 'present'],
    [{ status: 'up-to-date', mirror: { status: 'present', public: 'present' } }, 'up-to-date', 'present'],
    [{ status: 'up-to-date', mirror: { status: 'present' } }, 'up-to-date', 'unasked'],
    [{ status: 'failed', mirror: { status: 'present', public: 'missing' } }, 'failed', 'missing'],
    [{ status: 'up-to-date', mirror: { status: 'foreign' } }, 'up-to-date', 'unasked'],
    [{ status: 'would-update', mirror: { status: 'would-store' } }, 'outdated', 'unasked'],
    [{ status: 'skipped', reason: 'disabled' }, 'skipped', 'unasked'],
    [{ status: 'failed', error: { code: 'HTTP_STATUS', message: 'm' } }, 'failed', 'unasked'],
  ])('after a run that made %j of it', (values, status, mirror) => {
    expect(standsAfter(values)).toMatchObject({ status, mirror: { status: mirror } })
  })

  it('does not tell of an image what was true before its file was changed', () => {
    const now = { version: '20260701', build_date: '2026-07-01' }
    const stale = { status: 'skipped', mirror: { status: 'unasked' } }
    expect(standsAfter({ status: 'up-to-date', current: { ...now, url: 'u' } })).toMatchObject(stale)
    expect(standsAfter({ status: 'failed', previous: { ...now, checksum: 'sha256:ab' } })).toMatchObject(
      stale,
    )
    expect(standsAfter({ status: 'up-to-date', current: now })).toMatchObject({ status: 'up-to-date' })
  })

  it('says before any run why an image will be left out', () => {
    const text =
      'images:\n  - name: a\n    shortname: a\n    format: qcow2\n    enable: false\n    latest_url: https://e.example/a\n'
    const of = (includeDisabled: boolean) =>
      catalogueReport(parseCatalog('a.yml', text).images, { run: undefined, now, includeDisabled }).images[0]
        ?.reason
    expect([of(false), of(true)]).toEqual(['disabled', undefined])
  })

  it('tells how far behind it is', () => {
    const current = { version: '20260706', build_date: '2026-07-06' }
    expect(standsAfter({ status: 'would-update', current })).toMatchObject({
      days_behind: 5,
      newest: current,
    })
  })
})
