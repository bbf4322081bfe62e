import { summarizeCheck } from '../../src/report/check.ts'
import type { CheckedImage, CheckReport } from '../../src/report/schemas.ts'

const checksum = `sha256:${'a'.repeat(64)}`

/** One image of a check, with what the test is about. */
export function checked(values: Partial<CheckedImage> = {}): CheckedImage {
  return {
    file: 'etc/images/alpha.yml',
    line: 3,
    name: 'Alpha 1',
    shortname: 'alpha-1',
    distribution: 'alpha',
    release: '1',
    architecture: 'x86_64',
    format: 'qcow2',
    status: 'up-to-date',
    resolver: 'ubuntu',
    trust: 'signed',
    versions: [{ version: '20250501', build_date: '2025-05-01', checksum, url: 'https://e.example/a.img' }],
    newest: { version: '20250501', build_date: '2025-05-01', checksum, url: 'https://e.example/a.img' },
    age_days: 5,
    days_behind: 0,
    mirror: { status: 'present', url: 'https://m.example/a.qcow2', size: 12345 },
    warnings: [],
    ...values,
  }
}

export function checkOf(images: readonly CheckedImage[], values: Partial<CheckReport> = {}): CheckReport {
  return {
    schema_version: 1,
    command: 'check',
    started_at: '2025-05-06T07:08:09.000Z',
    seconds: 3.21,
    summary: summarizeCheck(images),
    images,
    errors: [],
    ...values,
  }
}

export const outdated = checked({
  name: 'Beta 2',
  shortname: 'beta-2',
  status: 'outdated',
  trust: 'checksum',
  newest: { version: '20250506', build_date: '2025-05-06', checksum, url: 'https://e.example/b.img' },
  days_behind: 5,
  mirror: { status: 'missing', url: 'https://m.example/b.qcow2' },
  warnings: ['https://m.example/b.qcow2 answers 404: users of the cloud cannot have the image'],
})
export const disabled = checked({
  ...{ name: 'Gamma', shortname: undefined, status: 'skipped', reason: 'disabled' },
  ...{ resolver: undefined, trust: undefined, newest: undefined, days_behind: undefined },
  mirror: { status: 'none' },
})
export const failed = checked({
  ...{ name: 'Delta', shortname: 'delta', status: 'failed', trust: undefined, newest: undefined },
  ...{ days_behind: undefined, file: 'etc/images/delta.yml', line: 7 },
  mirror: { status: 'unknown', url: 'https://m.example/d.qcow2' },
  error: {
    code: 'HTTP_STATUS',
    message: 'https://e.example/SHA256SUMS answered 404',
    remedy: 'Look at the server',
    place: { file: 'etc/images/delta.yml', line: 7, column: 5 },
  },
})
/** Text that means something to every format that a report has. */
export const hostileText =
  '</script><img src=x onerror=alert(1)>&amp; "q" \'s\' `tick` ``two`` | pipe @team #12 [a](http://x) ]]> =1+1 \\ \u001b[2J\u202e\u0000\nnext'
export const hostile = checked({
  name: hostileText,
  shortname: hostileText,
  release: hostileText,
  distribution: hostileText,
  versions: [{ version: hostileText, url: `javascript:${hostileText}`, build_date: hostileText }],
  mirror: { status: 'present', url: `javascript:alert(1)//${hostileText}` },
  warnings: [hostileText],
  error: { code: 'HTTP_URL', message: hostileText, remedy: hostileText },
  status: 'failed',
})
