import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Level, type LogLine, levels, openLog } from '../../src/cli/log.ts'
import { createNarrator, stepLines } from '../../src/cli/narrator.ts'
import { UpdaterError } from '../../src/errors.ts'
import type { ImageStep } from '../../src/events.ts'
import { createRedact } from '../../src/redact.ts'
import { anyText } from '../support/any-text.ts'
import { imageRef, Sink, worldOf } from './support.ts'

const fileOf = (ordinal: number) => `etc/images/${Math.floor(ordinal / 3)}.yml`
const steps: readonly ImageStep[] = [
  { type: 'checking' },
  { type: 'latest-url', url: 'https://e.example/x' },
  { type: 'up-to-date' },
  { type: 'done', status: 'up-to-date' },
]

/** The order in which images take their steps: each image's number as often as it has steps. */
const interleavings = fc
  .integer({ min: 1, max: 8 })
  .chain((images) =>
    fc.shuffledSubarray(
      Array.from({ length: images * steps.length }, (_, index) => index),
      { minLength: images * steps.length },
    ),
  )
  .map((order) => order.map((index) => Math.floor(index / steps.length)))

function narrate(order: readonly number[]): { lines: LogLine[]; heldBack: number[] } {
  const lines: LogLine[] = []
  const narrator = createNarrator({ write: (line) => lines.push(line) }, () => new Date(0))
  const taken = new Map<number, number>()
  const done = new Set<number>()
  const heldBack: number[] = []
  for (const ordinal of order) {
    const at = taken.get(ordinal) ?? 0
    const step = steps[at]
    if (step === undefined) throw new Error('more steps than there are')
    taken.set(ordinal, at + 1)
    narrator.onEvent({ type: 'image', image: imageRef(ordinal, fileOf(ordinal)), step })
    if (step.type === 'done') done.add(ordinal)
    let turn = 0
    while (done.has(turn)) turn += 1
    const seen = new Set(lines.map(({ scope }) => scope))
    const shouldSpeak = [...taken.keys()].filter((one) => one <= turn)
    heldBack.push(...shouldSpeak.filter((one) => !seen.has(`alpha-${one}`)))
  }
  narrator.finish()
  return { lines, heldBack }
}

describe('the order of the log', () => {
  it('is the catalogue’s, each image’s lines together, each file named once', () => {
    fc.assert(
      fc.property(interleavings, (order) => {
        const images = Math.max(...order) + 1
        const expected = Array.from({ length: images }, (_, ordinal) => [
          ...(ordinal % 3 === 0 ? [`update:Processing file ${fileOf(ordinal)}`] : []),
          ...steps
            .flatMap((step) => stepLines(imageRef(ordinal), step))
            .map(({ scope, message }) => `${scope}:${message}`),
        ]).flat()
        const { lines, heldBack } = narrate(order)
        expect(lines.map(({ scope, message }) => `${scope}:${message}`)).toEqual(expected)
        expect(heldBack).toEqual([])
      }),
      { seed: 7, numRuns: 200 },
    )
  })

  it('tells what was held back when the run ends early', () => {
    const lines: LogLine[] = []
    const narrator = createNarrator({ write: (line) => lines.push(line) }, () => new Date(0))
    narrator.onEvent({ type: 'image', image: imageRef(2), step: { type: 'checking' } })
    narrator.onEvent({ type: 'image', image: imageRef(1), step: { type: 'checking' } })
    expect(lines).toEqual([])
    narrator.finish()
    expect(lines.map(({ scope }) => scope)).toEqual(['update', 'alpha-1', 'alpha-2'])
  })

  it('keeps the time of what it holds back', () => {
    const lines: LogLine[] = []
    let now = 0
    const narrator = createNarrator({ write: (line) => lines.push(line) }, () => new Date(now++))
    narrator.onEvent({ type: 'image', image: imageRef(1), step: { type: 'checking' } })
    narrator.onEvent({ type: 'image', image: imageRef(0), step: { type: 'checking' } })
    narrator.onEvent({ type: 'image', image: imageRef(0), step: { type: 'done', status: 'up-to-date' } })
    const times = lines.filter(({ message }) => message.startsWith('Checking')).map(({ at }) => at?.getTime())
    expect(times).toEqual([1, 0])
  })

  it('prints notes at once', () => {
    const lines: LogLine[] = []
    createNarrator({ write: (line) => lines.push(line) }, () => new Date(0)).onEvent({
      type: 'note',
      level: 'warning',
      message: 'mind the gap',
    })
    expect(lines).toEqual([{ level: 'warning', scope: 'update', message: 'mind the gap' }])
  })
})

describe('the words of the log', () => {
  const error = new UpdaterError('DIGEST_MISMATCH', 'Other bytes came', { remedy: 'Try later' })
  const values = {
    version: '20250506',
    buildDate: '2025-05-06',
    checksum: 'sha256:ab',
    url: 'https://e.example/x',
    mirrorUrl: null,
  }
  it.each<[ImageStep, Level, string]>([
    [{ type: 'checking' }, 'info', 'Checking image Alpha 0'],
    [{ type: 'latest-url', url: 'u' }, 'info', 'Latest download URL is u'],
    [{ type: 'checksums-from', url: 'u' }, 'info', 'Getting checksums from u'],
    [
      { type: 'current-checksum', fileName: 'f', checksum: 'sha256:ab' },
      'info',
      'Checksum of current f is sha256:ab',
    ],
    [
      { type: 'no-checksum', fileName: 'f' },
      'info',
      'No checksum of f is published: that of the first download is recorded',
    ],
    [{ type: 'our-checksum', checksum: 'sha256:cd' }, 'info', 'Our checksum is sha256:cd'],
    [{ type: 'our-checksum', checksum: undefined }, 'info', 'Our checksum is missing'],
    [{ type: 'up-to-date' }, 'info', 'Image Alpha 0 is up-to-date, nothing to do'],
    [
      { type: 'new-values', values },
      'info',
      'New values are {"version":"20250506","build_date":"2025-05-06","checksum":"sha256:ab","url":"https://e.example/x","mirror_url":null}',
    ],
    [{ type: 'mirror-present', object: 'o' }, 'info', 'Mirror has o, nothing to send'],
    [{ type: 'mirror-missing', object: 'o', reason: 'absent' }, 'info', 'Mirror does not have o'],
    [
      { type: 'mirror-missing', object: 'o', reason: 'other-bytes' },
      'info',
      'Mirror has other bytes as o, they are replaced',
    ],
    [{ type: 'transfer-start', url: 'u', object: 'o', size: 2048 }, 'info', 'Mirroring u to o (2.0 KiB)'],
    [{ type: 'transfer-start', url: 'u', object: 'o', size: undefined }, 'info', 'Mirroring u to o'],
    [
      { type: 'transfer-retry', error },
      'warning',
      'The transfer starts again from scratch: Other bytes came. Try later.',
    ],
    [
      { type: 'transfer-end', object: 'o', bytes: 4096, seconds: 2 },
      'info',
      'Stored o: 4.0 KiB in 2.0 s (2.0 KiB/s)',
    ],
    [{ type: 'mirror-foreign', url: 'u' }, 'info', 'Mirror URL u is not of this mirror and is left alone'],
    [
      { type: 'left-alone', reason: 'disabled' },
      'info',
      'Image Alpha 0 is disabled and left alone: --include-disabled takes it',
    ],
    [
      { type: 'left-alone', reason: 'no-latest-url' },
      'info',
      'Image Alpha 0 has no latest_url and is left alone',
    ],
    [{ type: 'public', url: 'u' }, 'info', 'Mirror URL u can be read by everybody'],
    [{ type: 'file-written', file: 'f' }, 'info', 'Updated file f'],
    [{ type: 'warning', message: 'w' }, 'warning', 'w'],
    [{ type: 'failed', error }, 'error', 'Other bytes came. Try later.'],
    [
      { type: 'failed', error: new UpdaterError('ABORTED', 'x') },
      'info',
      'Image Alpha 0 was not finished: the run was interrupted',
    ],
    [{ type: 'done', status: 'failed' }, 'debug', 'Done: failed'],
  ])('%j', (step, level, message) => {
    expect(stepLines(imageRef(0), step)).toEqual([{ level, scope: 'alpha-0', message }])
  })

  it('leaves progress to the bars', () => {
    const step: ImageStep = { type: 'transfer-progress', received: 1, stored: 1, size: 2 }
    expect(stepLines(imageRef(0), step)).toEqual([])
  })
})

describe('the shape of the log', () => {
  const logOf = (stderr: Sink, quiet = false) => {
    const context = { ...worldOf(new Sink(), stderr), now: () => new Date(2025, 0, 2, 3, 4, 5) }
    return openLog({ context, redact: createRedact(['hush-hush-hush']) }, { quiet, debug: !quiet })
  }

  it('is one line, whatever comes from outside', () => {
    fc.assert(
      fc.property(anyText(), anyText(), (scope, message) => {
        const sink = new Sink()
        logOf(sink).write({ level: 'info', scope, message })
        expect(sink.text).toMatch(/^2025-01-02 03:04:05 \| INFO {5}\| [^\n]*\n$/)
        expect(sink.text.slice(0, -1)).not.toMatch(
          /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
        )
      }),
      { seed: 7, numRuns: 300 },
    )
  })

  it('pads levels to eight and drops those below its own', () => {
    const sink = new Sink()
    const log = logOf(sink, true)
    for (const level of levels) log.write({ level, scope: 's', message: 'm' })
    expect(sink.lines).toEqual([
      '2025-01-02 03:04:05 | WARNING  | s - m',
      '2025-01-02 03:04:05 | ERROR    | s - m',
    ])
  })

  it('takes secrets, userinfo and signatures out', () => {
    const sink = new Sink()
    logOf(sink).write({
      level: 'info',
      scope: 's',
      message:
        'hush-hush-hush https://me:pw@h.example/a?X-Amz-Signature=abc&b=1 s3://k:s@b/o mail me@h.example',
    })
    expect(sink.text).toContain(
      's - *** https://h.example/a?X-Amz-Signature=***&b=1 s3://b/o mail me@h.example',
    )
  })
})
