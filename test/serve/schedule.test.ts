import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delayed, nextTime } from '../../src/serve/schedule.ts'

/** Local time, as cron has it. */
const at = (text: string) => new Date(`${text}:00`)

describe('a schedule', () => {
  it.each([
    ['0 3 * * *', '2026-07-05T02:59', '2026-07-05T03:00'],
    ['0 3 * * *', '2026-07-05T03:00', '2026-07-06T03:00'],
    ['*/20 * * * *', '2026-07-05T10:21', '2026-07-05T10:40'],
    ['30 4 * * mon', '2026-07-05T10:00', '2026-07-06T04:30'],
    ['15 2 1 jan,jul *', '2026-07-05T10:00', '2027-01-01T02:15'],
    ['@daily', '2026-07-05T10:00', '2026-07-06T00:00'],
    ['0 0 29 2 *', '2026-07-05T10:00', '2028-02-29T00:00'],
  ])('%s after %s is %s', (text, now, next) => {
    expect(nextTime(text, at(now))).toEqual(at(next))
  })

  it('may never come', () => {
    expect(nextTime('0 0 31 2 *', at('2026-07-05T10:00'))).toBeUndefined()
  })

  it.each([['', '* * *', '61 * * * *', '0 3 * * * *', 'nightly', '2026-07-05T03:00:00']])(
    'refuses what is none',
    (...texts) => {
      for (const text of texts) {
        expect(() => nextTime(text, at('2026-07-05T10:00'))).toThrow(
          expect.objectContaining({ code: 'CONFIGURATION' }),
        )
      }
    },
  )

  it('is never early and at most the jitter late', () => {
    const time = at('2026-07-05T03:00')
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 86_400_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (jitter, random) => {
          const late = delayed(time, jitter, random).getTime() - time.getTime()
          expect(late).toBeGreaterThanOrEqual(0)
          expect(late).toBeLessThanOrEqual(jitter)
        },
      ),
    )
  })
})
