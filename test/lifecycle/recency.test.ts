import { describe, expect, it } from 'vitest'
import { isOverdue } from '../../src/lifecycle/recency.ts'

describe('replace_frequency', () => {
  it.each([
    ['daily', '2026-07-06', '2026-07-07'],
    ['weekly', '2026-07-13', '2026-07-14'],
    ['monthly', '2026-08-08', '2026-08-09'],
    ['quarterly', '2026-10-14', '2026-10-15'],
    ['yearly', '2027-08-10', '2027-08-11'],
  ])('%s allows a build of 2026-07-05 until %s', (frequency, last, next) => {
    expect(isOverdue('2026-07-05', frequency, last)).toBe(false)
    expect(isOverdue('2026-07-05', frequency, next)).toBe(true)
  })

  it.each(['never', 'critical_bug', 'sometimes', undefined])('%s promises nothing', (frequency) => {
    expect(isOverdue('2001-01-01', frequency, '2026-07-05')).toBe(false)
  })
})
