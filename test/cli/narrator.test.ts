import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Level, type LogLine, type Loudness, levels, openLog } from '../../src/cli/log.ts'
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

/** A narrator whose log is kept. */
function narratorOf(now = () => new Date(0), exceptionsOnly = false) {
  const lines: LogLine[] = []
  const log = { write: (line: LogLine) => void lines.push(line), tells: () => true, exceptionsOnly }
  const narrator = createNarrator(log, { now })
  const take = (ordinal: number, ...some: readonly ImageStep[]) => {
    for (const step of some) {
      narrator.onEvent({ type: 'image', image: imageRef(ordinal, fileOf(ordinal)), step })
    }
  }
  return { narrator, lines, take, said: () => lines.map(({ scope, message }) => `${scope}: ${message}`) }
}

const toldOf = (ordinal: number) =>
  steps
    .flatMap((step) => stepLines(imageRef(ordinal), step))
    .map(({ scope, message }) => `${scope}: ${message}`)

describe('the order of the log', () => {
  it('is the catalogue’s where nothing happens, each image’s lines together, each file named once', () => {
    fc.assert(
      fc.property(interleavings, (order) => {
        const images = Math.max(...order) + 1
        const { take, said } = narratorOf()
        const taken = new Map<number, number>()
        for (const ordinal of order) {
          const step = steps[taken.get(ordinal) ?? 0]
          if (step === undefined) throw new Error('more steps than there are')
          taken.set(ordinal, (taken.get(ordinal) ?? 0) + 1)
          take(ordinal, step)
          const isDone = (image: number) => taken.get(image) === steps.length
          let turn = 0
          while (isDone(turn)) turn += 1
          const expected = Array.from({ length: turn }, (_, image) => [
            ...(image % 3 === 0 ? [`update: Processing file ${fileOf(image)}`] : []),
            ...toldOf(image),
          ]).flat()
          expect(said()).toEqual(expected)
        }
        expect(said()).toHaveLength(images * toldOf(0).length + Math.ceil(images / 3))
      }),
      { seed: 7, numRuns: 200 },
    )
  })

  it.each<[string, ImageStep]>([
    ['a failure', { type: 'failed', error: new UpdaterError('HTTP_STATUS', 'It answers 500') }],
    ['a warning', { type: 'warning', message: 'w' }],
    ['what was stored', { type: 'transfer-end', object: 'o', bytes: 4096, seconds: 2 }],
    ['a written file', { type: 'file-written', file: 'f' }],
    ['a restart', { type: 'transfer-retry', error: new UpdaterError('DIGEST_MISMATCH', 'Other bytes came') }],
  ])('tells %s at once, after what led to it, whichever image is slow', (_, step) => {
    const { take, said } = narratorOf()
    take(0, { type: 'checking' })
    take(1, { type: 'checking' }, { type: 'latest-url', url: 'u' }, step)
    expect(said()).toEqual([
      'update: Processing file etc/images/0.yml',
      'alpha-1: Checking image Alpha 1',
      'alpha-1: Latest download URL is u',
      ...stepLines(imageRef(1), step).map(({ message }) => `alpha-1: ${message}`),
    ])
  })

  it('lets no image wait for one that is transferred', () => {
    const { take, said } = narratorOf()
    take(0, { type: 'checking' }, { type: 'mirror-missing', object: 'o', reason: 'absent' })
    take(1, ...steps)
    take(0, { type: 'transfer-start', url: 'u', object: 'o', size: undefined })
    expect(said()).toEqual([
      'update: Processing file etc/images/0.yml',
      'alpha-0: Checking image Alpha 0',
      'alpha-0: Mirror does not have o',
      ...toldOf(1),
      'alpha-0: Mirroring u to o',
    ])
  })

  it('tells what was held back when the run ends early', () => {
    const { narrator, take, lines } = narratorOf()
    take(2, { type: 'checking' })
    take(1, { type: 'checking' })
    expect(lines).toEqual([])
    narrator.finish()
    expect(lines.map(({ scope }) => scope)).toEqual(['update', 'alpha-1', 'alpha-2'])
  })

  it('keeps the time of what it holds back', () => {
    let now = 0
    const { take, lines } = narratorOf(() => new Date(now++))
    take(1, { type: 'checking' })
    take(0, { type: 'checking' })
    take(1, { type: 'done', status: 'up-to-date' })
    take(0, { type: 'done', status: 'up-to-date' })
    const times = lines.filter(({ message }) => message.startsWith('Checking')).map(({ at }) => at?.getTime())
    expect(times).toEqual([1, 0])
  })

  it('prints notes at once', () => {
    const { narrator, lines } = narratorOf()
    narrator.onEvent({ type: 'note', level: 'warning', message: 'mind the gap' })
    expect(lines).toEqual([{ level: 'warning', scope: 'update', message: 'mind the gap' }])
  })
})

describe('warnings of several images', () => {
  const unsigned = (path: string): ImageStep => ({
    type: 'warning',
    message: `https://mirror.example/${path} has no signature here, though the distribution signs`,
  })

  it('are told once, and counted at the end', () => {
    const { narrator, take, said } = narratorOf()
    for (let ordinal = 0; ordinal < 12; ordinal += 1) take(ordinal, unsigned(`${ordinal}/SHA256SUMS`))
    take(3, { type: 'warning', message: 'another one' })
    expect(said().filter((line) => line.includes('signature'))).toEqual([
      'alpha-0: https://mirror.example/0/SHA256SUMS has no signature here, though the distribution signs',
    ])
    narrator.finish()
    expect(said().slice(-2)).toEqual([
      'alpha-3: another one',
      'update: 11 more images with the warning of alpha-0, "https://mirror.example/… has no signature here, though the distribution signs": alpha-1, alpha-2, alpha-3, alpha-4, alpha-5, alpha-6, alpha-7, alpha-8 and 3 more',
    ])
  })

  it('wait for a change or a failure where only exceptions are told', () => {
    const quiet = narratorOf(undefined, true)
    quiet.take(0, unsigned('0'), ...steps)
    quiet.take(1, unsigned('1'), ...steps)
    quiet.narrator.finish()
    expect(quiet.lines.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([])

    const loud = narratorOf(undefined, true)
    loud.take(0, unsigned('0'), ...steps)
    loud.take(1, { type: 'failed', error: new UpdaterError('HTTP_STATUS', 'It answers 500') })
    expect(loud.lines.filter(({ level }) => level !== 'info' && level !== 'debug')).toMatchObject([
      { level: 'warning', scope: 'alpha-0' },
      { level: 'error', scope: 'alpha-1' },
    ])
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
    [
      { type: 'our-checksum', checksum: 'sha256:cd', isOfUnpacked: true },
      'info',
      'Our checksum is sha256:cd, of the unpacked image',
    ],
    [{ type: 'our-checksum', checksum: undefined }, 'info', 'Our checksum is missing'],
    [{ type: 'up-to-date' }, 'info', 'Image Alpha 0 is up-to-date, nothing to do'],
    [
      { type: 'new-values', values },
      'change',
      'New values are {"version":"20250506","build_date":"2025-05-06","checksum":"sha256:ab","url":"https://e.example/x","mirror_url":null}',
    ],
    [{ type: 'mirror-present', object: 'o' }, 'info', 'Mirror has o, nothing to send'],
    [{ type: 'mirror-missing', object: 'o', reason: 'absent' }, 'info', 'Mirror does not have o'],
    [
      { type: 'mirror-missing', object: 'o', reason: 'other-bytes' },
      'change',
      'Mirror has other bytes as o, they are replaced',
    ],
    [{ type: 'transfer-start', url: 'u', object: 'o', size: 2048 }, 'info', 'Mirroring u to o (2.0 KiB)'],
    [{ type: 'transfer-start', url: 'u', object: 'o', size: undefined }, 'info', 'Mirroring u to o'],
    [
      { type: 'transfer-start', url: 'u', from: 'http://b/', object: 'o', size: undefined },
      'info',
      'Mirroring u to o, from http://b/',
    ],
    [
      { type: 'transfer-retry', error },
      'warning',
      'The transfer starts again from scratch: Other bytes came. Try later.',
    ],
    [
      { type: 'transfer-end', object: 'o', bytes: 4096, seconds: 2 },
      'change',
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
    [{ type: 'file-written', file: 'f' }, 'change', 'Updated file f'],
    [{ type: 'warning', message: 'w' }, 'warning', 'w'],
    [{ type: 'failed', error }, 'error', 'Other bytes came. Try later.'],
    [
      { type: 'failed', error: new UpdaterError('ABORTED', 'x') },
      'info',
      'Image Alpha 0 was not finished: the run was interrupted',
    ],
    [{ type: 'done', status: 'failed' }, 'debug', 'Done: failed'],
  ])('%j', (step, level, message) => {
    expect(stepLines(imageRef(0), step)).toMatchObject([{ level, scope: 'alpha-0', message }])
  })

  it('leaves progress to the bars', () => {
    const step: ImageStep = { type: 'transfer-progress', received: 1, stored: 1, size: 2 }
    expect(stepLines(imageRef(0), step)).toEqual([])
  })
})

describe('the shape of the log', () => {
  const logOf = (stderr: Sink, loudness: Loudness = { quiet: false, debug: true }) => {
    const context = { ...worldOf(new Sink(), stderr), now: () => new Date(2025, 0, 2, 3, 4, 5) }
    return openLog({ context, redact: createRedact(['hush-hush-hush']) }, loudness)
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

  it.each<[Partial<Loudness>, readonly string[]]>([
    [{ quiet: true }, ['WARNING  | s - warning', 'ERROR    | s - error']],
    [{ quiet: true, log: 'changes' }, ['WARNING  | s - warning', 'ERROR    | s - error']],
    [{ log: 'changes' }, ['INFO     | s - change', 'WARNING  | s - warning', 'ERROR    | s - error']],
    [
      { log: 'all' },
      ['INFO     | s - info', 'INFO     | s - change', 'WARNING  | s - warning', 'ERROR    | s - error'],
    ],
  ])('pads levels to eight and drops those below its own: %j', (loudness, expected) => {
    const sink = new Sink()
    const log = logOf(sink, { quiet: false, debug: false, ...loudness })
    for (const level of levels) log.write({ level, scope: 's', message: level })
    expect(sink.lines).toEqual(expected.map((line) => `2025-01-02 03:04:05 | ${line}`))
  })

  it('cuts new values to one row of a terminal, and nowhere else', () => {
    const values = { version: '1', buildDate: '2', checksum: 'sha256:ab', url: 'u', mirrorUrl: null }
    const print = (sink: Sink) => {
      for (const line of stepLines(imageRef(0), { type: 'new-values', values })) logOf(sink).write(line)
      return sink.text.replaceAll(/\u001b\[\d+m/g, '')
    }
    expect(print(new Sink(true))).toBe(
      '2025-01-02 03:04:05 | INFO     | alpha-0 - New values are {"version":"1","build~\n',
    )
    expect(print(new Sink())).toContain('"mirror_url":null}\n')
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
      's - *** https://h.example/a?X-Amz-Signature=***&b=*** s3://b/o mail me@h.example',
    )
  })
})
