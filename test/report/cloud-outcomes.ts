import type { CloudImageOutcome, CloudOutcome } from '../../src/report/schemas.ts'

/** One image of a cloud, with what the test is about. */
export function inCloud(values: Partial<CloudImageOutcome> = {}): CloudImageOutcome {
  return {
    file: 'etc/images/alpha.yml',
    line: 3,
    name: 'Alpha 1',
    shortname: 'alpha-1',
    status: 'current',
    findings: [{ what: 'current', version: '20250501', id: 'id-1', message: 'It is there' }],
    brought: [],
    changes: [],
    retired: [],
    warnings: [],
    ...values,
  }
}

export function cloudOf(
  images: readonly CloudImageOutcome[],
  values: Partial<CloudOutcome> = {},
): CloudOutcome {
  return { cloud: 'test', project: 'images', images, unnamed: [], ...values }
}

export const missing = inCloud({
  name: 'Beta 2',
  shortname: 'beta-2',
  status: 'would-publish',
  findings: [{ what: 'missing', version: '20250506', message: 'There is no image of version 20250506' }],
  retired: [{ id: 'id-2', name: 'Beta 2 (20250101)', how: 'hidden', message: 'was replaced' }],
})
export const unproven = inCloud({
  name: 'Gamma',
  shortname: undefined,
  findings: [{ what: 'unproven', version: '1', id: 'id-3', message: 'Nothing proves its bytes' }],
})
export const waiting = inCloud({
  name: 'Delta',
  status: 'pending',
  findings: [{ what: 'pending', version: '2', message: 'Version 2 of Delta waits until 2025-06-01' }],
})
export const broken = inCloud({
  name: 'Epsilon',
  status: 'failed',
  findings: [{ what: 'taken', version: '3', message: 'The name is taken' }],
  error: { code: 'CLOUD_CONFLICT', message: 'The name "Epsilon" is taken', remedy: 'Rename it' },
})
export const left = inCloud({ name: 'Zeta', status: 'skipped', findings: [] })

/** A cloud with all of them. */
export const mixed = cloudOf([inCloud(), missing, unproven, waiting, broken, left], {
  unnamed: [{ id: 'id-9', name: 'Gone 1' }],
  quota: { images: { used: 9, limit: 9 } },
  warnings: ['The quota has no room for one more image'],
})
/** One that could not be asked. */
export const dead = cloudOf([], {
  cloud: 'dead',
  project: undefined,
  error: { code: 'CLOUD_UNREACHABLE', message: 'The cloud does not answer', remedy: 'Run again' },
})
