import { describe, expect, it } from 'vitest'
import type { ImageStep, RunEvent } from '../src/events.ts'
import { advance, noProgress, totalOf } from '../src/progress.ts'
import { imageRef } from './cli/support.ts'

const step = (ordinal: number, step: ImageStep): RunEvent => ({
  type: 'image',
  image: imageRef(ordinal),
  step,
})
const progressOf = (...events: RunEvent[]) => events.reduce(advance, noProgress)

describe('the progress of a run', () => {
  it('counts what is done and shows what is under way, in catalogue order', () => {
    const progress = progressOf(
      { type: 'run-start', images: 5 },
      step(2, { type: 'checking' }),
      step(0, { type: 'checking' }),
      step(1, { type: 'checking' }),
      step(1, { type: 'transfer-start', url: 'u', object: 'o', size: undefined }),
      step(1, { type: 'transfer-progress', received: 7, stored: 0, size: 9 }),
      step(1, { type: 'transfer-progress', received: 8, stored: 0, size: undefined }),
      step(2, { type: 'done', status: 'failed' }),
      step(3, { type: 'done', status: 'updated' }),
      step(4, { type: 'done', status: 'skipped' }),
    )
    expect(progress).toEqual({
      images: 4,
      done: 2,
      updated: 1,
      failed: 1,
      received: 0,
      active: [
        { ordinal: 0, name: 'Alpha 0', phase: 'checking' },
        { ordinal: 1, name: 'Alpha 1', phase: 'mirroring', received: 8, size: 9 },
      ],
    })
  })

  it('has a total of all transfers, as far as their sizes are known', () => {
    const events: RunEvent[] = [
      { type: 'run-start', images: 3 },
      step(0, { type: 'checking' }),
      step(0, { type: 'transfer-start', url: 'u', object: 'o', size: 10 }),
      step(0, { type: 'transfer-progress', received: 4, stored: 0, size: 10 }),
      step(1, { type: 'transfer-due', size: undefined }),
    ]
    expect(totalOf(progressOf(...events))).toEqual({ received: 4, size: 10, isLeast: true })
    events.push(step(1, { type: 'transfer-due', size: 20 }), step(2, { type: 'done', status: 'up-to-date' }))
    expect(totalOf(progressOf(...events))).toEqual({ received: 4, size: 30, isLeast: false })
    // What a failed one lacks does not come any more.
    events.push(step(0, { type: 'done', status: 'failed' }))
    expect(totalOf(progressOf(...events))).toEqual({ received: 4, size: 24, isLeast: false })
  })

  it('is the same value where nothing changes', () => {
    const before = progressOf({ type: 'run-start', images: 1 }, step(0, { type: 'checking' }))
    expect(advance(before, { type: 'note', level: 'info', message: '' })).toBe(before)
    expect(advance(before, step(0, { type: 'up-to-date' }))).toBe(before)
  })
})
