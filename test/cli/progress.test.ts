import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LogLine } from '../../src/cli/log.ts'
import { createProgress } from '../../src/cli/progress.ts'
import { createScreen } from '../../src/cli/screen.ts'
import type { ImageStep } from '../../src/events.ts'
import { displayWidth } from '../../src/report/terminal.ts'
import { imageRef, Sink } from './support.ts'

function watch(terminal: boolean) {
  const sink = new Sink(terminal)
  const lines: LogLine[] = []
  let now = 0
  const log = { write: (line: LogLine) => void lines.push(line), tells: () => true, exceptionsOnly: false }
  const progress = createProgress(createScreen(sink), log, () => new Date(now))
  onTestFinished(() => progress.close())
  const at = (ms: number, step: ImageStep, ordinal = 0) => {
    now = ms
    progress.onEvent({ type: 'image', image: imageRef(ordinal), step })
  }
  const begin = (images: number) => progress.onEvent({ type: 'run-start', images })
  return { sink, lines, at, begin, progress }
}

const MiB = 2 ** 20
const start = (size: number | undefined): ImageStep => ({
  type: 'transfer-start',
  url: 'u',
  object: 'o',
  size,
})
const progressed = (received: number, size: number | undefined): ImageStep => ({
  type: 'transfer-progress',
  received,
  stored: received,
  size,
})

/** The text of the last drawing, without cursor movements. */
function drawn(sink: Sink): string[] {
  const last = sink.text.slice(sink.text.lastIndexOf('\u001b[J') + 1).replace(/^\[J/, '')
  return last.replace(/\u001b\[\?25[lh]/g, '').split('\n')
}

describe('where there is no terminal', () => {
  it('tells how far the run is, after ever longer times, up to five minutes', () => {
    const { lines, begin, at, sink } = watch(false)
    begin(3)
    at(0, { type: 'checking' })
    at(0, { type: 'checking' }, 1)
    at(9_000, { type: 'our-checksum', checksum: undefined })
    at(10_000, { type: 'our-checksum', checksum: undefined })
    at(11_000, { type: 'done', status: 'up-to-date' }, 1)
    at(12_000, { type: 'checking' }, 2)
    at(12_000, { type: 'transfer-due', size: undefined })
    at(12_000, start(2048 * MiB))
    at(22_000, { type: 'transfer-due', size: 512 * MiB }, 2)
    for (let second = 23; second <= 1000; second += 1) at(second * 1000, progressed(second * MiB, 2048 * MiB))
    expect(sink.text).toBe('')
    expect(lines.map(({ level, scope, message }) => `${level} ${scope}: ${message}`)).toEqual([
      'info update: 0 of 3 images; checking Alpha 0, Alpha 1',
      'info update: 1 of 3 images, 0.0 of 2.5 GiB, 25 min left; mirroring Alpha 0 (1 %)',
      'info update: 1 of 3 images, 0.1 of 2.5 GiB, 42 min left; mirroring Alpha 0 (3 %)',
      'info update: 1 of 3 images, 0.1 of 2.5 GiB, 40 min left; mirroring Alpha 0 (7 %)',
      'info update: 1 of 3 images, 0.3 of 2.5 GiB, 38 min left; mirroring Alpha 0 (15 %)',
      'info update: 1 of 3 images, 0.6 of 2.5 GiB, 33 min left; mirroring Alpha 0 (29 %)',
      'info update: 1 of 3 images, 0.9 of 2.5 GiB, 28 min left; mirroring Alpha 0 (44 %)',
    ])
  })

  it('does without sizes, and tells no time that nobody knows', () => {
    const { lines, begin, at } = watch(false)
    begin(2)
    at(0, start(undefined))
    at(10_000, progressed(10 * MiB, undefined))
    at(31_000, start(10 * MiB), 1)
    expect(lines.map(({ message }) => message)).toEqual([
      '0 of 2 images, 10.0 of at least 10.0 MiB; mirroring Alpha 0 (10.0 MiB)',
      '0 of 2 images, 10.0 of at least 20.0 MiB; mirroring Alpha 0 (10.0 MiB), Alpha 1 (0 %)',
    ])
  })
})

describe('on a terminal', () => {
  it('draws one line for each transfer, at most ten times a second', () => {
    const { sink, at } = watch(true)
    at(0, start(100 * MiB))
    at(0, start(50 * MiB), 1)
    const before = sink.text.length
    at(50, progressed(10 * MiB, 100 * MiB))
    expect(sink.text.length).toBe(before)
    at(1000, progressed(50 * MiB, 100 * MiB))
    const [first = '', second = ''] = drawn(sink)
    expect(first).toMatch(/^alpha-0 +\[=+> +\] {2}50 % +50\.0 MiB\/100\.0 MiB +50\.0 MiB\/s +0:01$/)
    expect(second).toMatch(/^alpha-1 +\[ +\] {3}0 %/)
    expect([first, second].map(displayWidth)).toEqual([79, 79])
    at(1100, { type: 'transfer-end', object: 'o', bytes: 1, seconds: 1 })
    expect(drawn(sink)).toHaveLength(1)
  })

  it('draws above them how far the run of several images is', () => {
    const { sink, begin, at } = watch(true)
    begin(13)
    for (let ordinal = 0; ordinal < 5; ordinal += 1) at(0, { type: 'done', status: 'up-to-date' }, ordinal)
    at(200, { type: 'checking' }, 5)
    expect(drawn(sink)).toEqual(['5 of 13 images'])
    for (let ordinal = 6; ordinal < 13; ordinal += 1)
      at(300, { type: 'transfer-due', size: 200 * MiB }, ordinal)
    at(300, start(750 * MiB), 5)
    at(8000, progressed(400 * MiB, 750 * MiB), 5)
    const [total, bar] = drawn(sink)
    expect(total).toBe('5 of 13 images, 0.4 of 2.1 GiB, 35 s left')
    expect(bar).toMatch(/^alpha-5 +\[=+> +\] {2}53 %/)
  })

  it('hides the cursor while there are bars and gives it back', () => {
    const { sink, at, progress } = watch(true)
    at(0, start(1))
    expect(sink.text).toContain('\u001b[?25l')
    progress.close()
    expect(sink.text.endsWith('\u001b[J\u001b[?25h')).toBe(true)
  })

  it('never draws wider or higher than the window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 2, max: 10 }),
        fc.array(fc.record({ received: fc.nat(), size: fc.option(fc.nat(), { nil: undefined }) }), {
          maxLength: 20,
        }),
        (columns, rows, transfers) => {
          const { sink, at, progress } = watch(true)
          sink.columns = columns
          sink.rows = rows
          for (const [ordinal, { size }] of transfers.entries()) at(0, start(size), ordinal)
          for (const [ordinal, { received, size }] of transfers.entries()) {
            at(1000 + ordinal * 200, progressed(received, size), ordinal)
          }
          const lines = drawn(sink)
          progress.close()
          expect(lines.length).toBeLessThan(Math.max(2, rows))
          expect(Math.max(...lines.map(displayWidth))).toBeLessThan(
            Math.min(columns, 120) + (columns === 1 ? 1 : 0),
          )
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  })
})

describe('the screen', () => {
  it('prints above what is drawn and erases the rows that it takes', () => {
    const sink = new Sink(true)
    const screen = createScreen(sink)
    screen.draw(['a'.repeat(70), 'b'])
    sink.text = ''
    screen.print('log')
    expect(sink.text).toBe(`\r\u001b[1A\u001b[Jlog\n${'a'.repeat(70)}\nb`)
    sink.columns = 40
    sink.text = ''
    screen.draw(['c'])
    expect(sink.text).toBe('\r\u001b[2A\u001b[Jc')
  })

  it('draws nothing where there is no terminal', () => {
    const sink = new Sink()
    const screen = createScreen(sink)
    screen.draw(['a'])
    screen.print('log')
    screen.close()
    expect(sink.text).toBe('log\n')
  })
})
