import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'

import { throughProgram } from '../../src/transfer/decompression/program.ts'
import { generatedBytes } from '../support/bytes.ts'
import { bombOf, type Packing, pack } from '../support/packed.ts'
import { unpack } from './unpack.ts'

const MiB = 2 ** 20
const allowed = 64 * MiB

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Leaves a test what is built in. */
function hidePrograms(): void {
  vi.stubEnv('PATH', '')
  onTestFinished(() => void vi.unstubAllEnvs())
}

const compressions: readonly Packing[] = ['gz', 'xz', 'bz2', 'zst', 'zip']
const bombs = compressions.map((compression) => ({ compression, bomb: bombOf(compression) }))

describe.each(bombs.filter(({ bomb }) => bomb !== undefined))(
  'a bomb of $compression',
  ({ compression, bomb = new Uint8Array() }) => {
    it.each(compression === 'bz2' ? ['with'] : ['with', 'without'])(
      'comes out in pieces, so that it can be stopped (%s the programs of the system)',
      async (programs) => {
        if (programs === 'without') hidePrograms()
        const before = process.resourceUsage().maxRSS
        let size = 0
        for await (const chunk of unpack(compression, pieces(bomb, 65536))) {
          expect(chunk.length).toBeLessThanOrEqual(2 * MiB)
          size += chunk.length
          if (size > allowed) break
        }
        expect(size).toBeGreaterThan(allowed)
        expect(process.resourceUsage().maxRSS - before).toBeLessThan(150 * 1024)
      },
    )
  },
)

it('names the bombs that could not be made', () => {
  const missing = bombs.filter(({ bomb }) => bomb === undefined).map(({ compression }) => compression)
  if (missing.length > 0) process.stdout.write(`not tested, the tool is missing: ${missing.join(', ')}\n`)
  expect(missing).not.toContain('gz')
})

/** A frame of Zstandard by hand: a header and blocks. */
function frame(header: readonly number[], ...blocks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...header, ...blocks.flat()])
}

/** A block that stands for one letter, repeated. */
function block(last: 0 | 1, letter: string, times: number): readonly number[] {
  return [last | 2 | ((times << 3) & 0xff), (times << 3) >> 8, 0, letter.charCodeAt(0)]
}

/** Of the one byte `d`. */
const checksum = [0xe4, 0x14, 0x7d, 0x90]
const skippable = Uint8Array.from([0x5f, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 9, 9, 9, 9])

const unzstd = (bytes: Uint8Array, size = 5) => buffer(unpack('zst', pieces(bytes, size)))

const unsupported = 'DECOMPRESSION_UNSUPPORTED'

describe('Zstandard without its program', () => {
  beforeEach(hidePrograms)

  it.each<[string, Uint8Array, string, code?: string]>([
    ['a window of 2 GiB', frame([0x00, 0xa8]), 'bytes of memory', unsupported],
    ['a content of 2 GiB in one segment', frame([0xa0, 0, 0, 0, 0x80]), 'bytes of memory', unsupported],
    ['a dictionary', frame([0x01, 0x50, 7]), 'dictionary', unsupported],
    ['a block of 2 MiB', frame([0x00, 0x50], [0xfb, 0xff, 0xff, 0]), 'larger than it may be'],
    ['a frame that holds less than it says', frame([0x20, 4], block(1, 'a', 3)), ''],
    ['a frame that holds more than it says', frame([0x20, 2], block(1, 'a', 3)), ''],
    [
      'other bytes behind it',
      Buffer.concat([pack('zst', 'abc') ?? frame([]), Buffer.from('junk')]),
      'follow',
    ],
    ['zeros behind it', Buffer.concat([frame([0x20, 3], block(1, 'a', 3)), Buffer.alloc(9)]), 'follow'],
  ])('refuses %s', async (_, bytes, words, code = 'DECOMPRESSION_FAILED') => {
    await expect(unzstd(bytes)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    })
    await expect(unzstd(bytes, 65536)).rejects.toMatchObject({ code })
  })

  it('refuses a wrong checksum', async () => {
    const bytes = frame([0x24, 1], block(1, 'd', 1), [1, 2, 3, 4])
    await expect(unzstd(bytes)).rejects.toMatchObject({ code: 'DECOMPRESSION_FAILED' })
  })

  it('reads frames that follow each other, tiny ones and ones to be skipped', async () => {
    const bytes = Buffer.concat([
      frame([0x20, 3], block(1, 'a', 3)),
      skippable,
      frame([0x00, 0x50], block(0, 'b', 300), block(1, 'c', 2)),
      frame([0x24, 1], block(1, 'd', 1), checksum),
      skippable,
    ])
    expect((await unzstd(bytes, 7)).toString()).toBe(`aaa${'b'.repeat(300)}ccd`)
    expect((await unzstd(bytes, 65536)).toString()).toBe(`aaa${'b'.repeat(300)}ccd`)
  })

  it('refuses two frames that are cut short anywhere but between them', async () => {
    const first = frame([0x24, 1], block(1, 'd', 1), checksum)
    const bytes = Buffer.concat([first, frame([0x00, 0x50], block(0, 'b', 300), block(1, 'c', 2))])
    for (let length = 1; length < bytes.length; length++) {
      const reading = unzstd(bytes.subarray(0, length), 65536)
      if (length === first.length) expect((await reading).toString()).toBe('d')
      else await expect(reading).rejects.toMatchObject({ code: 'DECOMPRESSION_FAILED' })
    }
  })

  const halves = [generatedBytes(700_000, 1), generatedBytes(300_000, 2)]
  const frames = halves.map((half) => pack('zst', half) ?? new Uint8Array())
  it.skipIf(frames.some(({ length }) => length === 0))(
    'reads two large frames (skipped without a packing tool)',
    async () => {
      const plain = Buffer.concat(halves)
      expect((await unzstd(Buffer.concat(frames), 2 ** 20)).equals(plain)).toBe(true)
      expect((await unzstd(Buffer.concat(frames), 1000)).equals(plain)).toBe(true)
    },
  )
})

describe.each(['gz', 'xz', 'zst', 'zip'] as const)('%s without its program', (compression) => {
  beforeEach(hidePrograms)
  const plain = Buffer.concat([generatedBytes(3000, 5), Buffer.alloc(5000), Buffer.from('end')])
  const packed = pack(compression, plain)

  it.skipIf(packed === undefined)(
    'gives right bytes or an error of ours, whatever happens to the file (skipped without a packing tool)',
    async () => {
      const file = Uint8Array.from(packed ?? [])
      const patches = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(patches, fc.nat(file.length), async (patched, length) => {
          const bytes = file.slice(0, length === 0 ? file.length : length)
          for (const [at, value] of patched) bytes[at] = value
          try {
            for await (const _ of unpack(compression, pieces(bytes, 100)));
          } catch (error) {
            expect(error).toBeInstanceOf(UpdaterError)
          }
        }),
        { numRuns: 300, seed: 7 },
      )
    },
  )
})

it('does not burden a program with listeners, however many pieces it is fed', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const bytes = generatedBytes(20_000_000)
  let size = 0
  for await (const chunk of throughProgram({ name: '/bin/cat', args: [] }, pieces(bytes, 65536))) {
    size += chunk.length
    await setImmediate()
  }
  expect(size).toBe(bytes.length)
  expect(warnings).toEqual([])
})
