/** Packed files, damaged: the same bytes and the same verdict with and without the system's programs, within the limit. */
import assert from 'node:assert'
import * as zlib from 'node:zlib'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { UpdaterError } from '../../src/errors.ts'
import type { Compression } from '../../src/image.ts'
import { decompress } from '../../src/transfer/decompress.ts'
import { generatedBytes } from '../support/bytes.ts'
import { packBy } from '../support/packed.ts'
import { makeTar } from '../support/tar.ts'
import { zipOf } from '../support/zip.ts'
import { type Damage, damage, damaged } from './damage.ts'
import type { Target } from './target.ts'

const limit = 2 ** 20
/** Chunks come in the decoders' own sizes. */
const largestChunk = 2 * 2 ** 20

const short = Buffer.from('a short disk, '.repeat(40))
const long = Buffer.concat([generatedBytes(3000, 5), Buffer.alloc(150_000), generatedBytes(2000, 6)])
const tar = makeTar([
  { name: 'README', body: 'text' },
  { name: 'disk.raw', body: long },
  { name: 'folder/', type: '5' },
])

interface Sample {
  readonly compression: Compression
  /** Absent: what packs it is not installed. */
  readonly bytes: Uint8Array | undefined
}

const samples = {
  gz: { compression: 'gz', bytes: gzipSync(long) },
  'gz of two members': { compression: 'gz', bytes: Buffer.concat([gzipSync(short), gzipSync(long)]) },
  bz2: { compression: 'bz2', bytes: packBy('bzip2', ['-zc'], long) },
  xz: { compression: 'xz', bytes: packBy('xz', ['-zc'], long) },
  'xz of a short file': { compression: 'xz', bytes: packBy('xz', ['-zc', '--check=sha256'], short) },
  'xz of two streams': { compression: 'xz', bytes: twice(packBy('xz', ['-zc', '--check=crc32'], short)) },
  lzma: { compression: 'xz', bytes: packBy('xz', ['-zc', '--format=lzma'], short) },
  zst: { compression: 'zst', bytes: packBy('zstd', ['-c'], long) },
  // Without the checksum, versions of the library differ in what damage they see.
  'zst of a short file': { compression: 'zst', bytes: packBy('zstd', ['-c', '--check'], short) },
  'zst of two frames': { compression: 'zst', bytes: twice(packBy('zstd', ['-c'], short)) },
  zip: { compression: 'zip', bytes: packBy('zip', ['-q', '-', '-'], long) },
  'zip of stored files': {
    compression: 'zip',
    bytes: zipOf({ 'a/': new Uint8Array(), 'disk.raw': short, note: short }),
  },
  tar: { compression: 'tar', bytes: tar },
  'tar.gz': { compression: 'tar.gz', bytes: gzipSync(tar) },
  'tar.xz': { compression: 'tar.xz', bytes: packBy('xz', ['-zc'], tar) },
} as const satisfies Readonly<Record<string, Sample>>
type SampleName = keyof typeof samples

function twice(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && Buffer.concat([bytes, bytes])
}

interface ArchiveCase {
  readonly sample: SampleName
  readonly damages: readonly Damage[]
  /** Another sample behind it. */
  readonly tail?: SampleName | undefined
  readonly chunk: number
}

const names = (Object.keys(samples) as SampleName[]).filter((name) => samples[name].bytes !== undefined)
const cases: fc.Arbitrary<ArchiveCase> = fc.record({
  sample: fc.constantFrom(...names),
  damages: fc.array(damage, { maxLength: 3 }),
  tail: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom(...names)),
  chunk: fc.constantFrom(65_536, 1000, 1),
})

type Verdict = { readonly bytes: Buffer } | { readonly code: string; readonly message: string }

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function unpacked(compression: Compression, bytes: Uint8Array, chunk: number): Promise<Verdict> {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    const source = inChunks(bytes, chunk === 1 && bytes.length > 5000 ? 100 : chunk)
    for await (const part of decompress(compression, source, { format: 'raw', limit })) {
      assert(part.length <= largestChunk, `A chunk of ${part.length} bytes came out`)
      size += part.length
      assert(size <= limit, `${size} bytes came out, more than the limit`)
      parts.push(Buffer.from(part))
    }
    return { bytes: Buffer.concat(parts) }
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error
    return { code: error.code, message: error.message }
  }
}

async function withoutPrograms<Result>(action: () => Promise<Result>): Promise<Result> {
  const path = process.env.PATH
  process.env.PATH = ''
  try {
    return await action()
  } finally {
    process.env.PATH = path
  }
}

const codes = ['DECOMPRESSION_FAILED', 'DECOMPRESSION_UNSUPPORTED', 'IMAGE_TOO_LARGE']

async function check({ sample, damages, tail, chunk }: ArchiveCase): Promise<void> {
  const { compression, bytes } = samples[sample]
  const behind = tail === undefined ? undefined : samples[tail].bytes
  const file = Buffer.concat([damaged(bytes ?? short, damages), behind ?? short.subarray(0, 0)])
  const one = await unpacked(compression, file, chunk)
  const other = await withoutPrograms(() => unpacked(compression, file, chunk))
  for (const verdict of [one, other]) {
    assert('bytes' in verdict || codes.includes(verdict.code), `${JSON.stringify(verdict)} is no verdict`)
  }
  // Said openly: what is built in can do less than the programs.
  if ('code' in other && other.code === 'DECOMPRESSION_UNSUPPORTED') return
  if (isUnseen(compression, one) || isOthers(compression, tail)) return
  // A decoder may pass over a byte that another one looks at, but only if what comes out is whole all the same.
  const whole = Buffer.concat([bytes ?? short, behind ?? short.subarray(0, 0)])
  const expected = 'code' in one && 'bytes' in other ? await unpacked(compression, whole, chunk) : one
  assert.deepStrictEqual(shownOf(other), shownOf(expected), 'Without programs it ends otherwise')
  if ('bytes' in expected && 'bytes' in other)
    assert(expected.bytes.equals(other.bytes), 'Without programs other bytes come out')
}

/** What an older Node has for Zstandard sees no damage: the digest of the file stands for that. */
function isUnseen(compression: Compression, verdict: Verdict): boolean {
  return compression === 'zst' && !('createZstdDecompress' in zlib) && 'code' in verdict
}

/** The program zstd unpacks what other programs have packed, too. */
function isOthers(compression: Compression, tail: SampleName | undefined): boolean {
  return compression === 'zst' && tail !== undefined && samples[tail].compression !== 'zst'
}

function shownOf(verdict: Verdict): string {
  return 'bytes' in verdict ? `${verdict.bytes.length} bytes` : verdict.code
}

export const archives: Target<ArchiveCase> = {
  name: 'archives',
  missing: Object.keys(samples)
    .filter((name) => !names.includes(name as SampleName))
    .map((name) => `${name}, whose program is not installed`),
  cases,
  check,
  kept: [
    // The first byte of LZMA's range coder is 0; xz looks at it, xz-embedded does not.
    { sample: 'xz of two streams', damages: [{ at: 450, write: [4] }], chunk: 65_536 },
    // zstd speaks of a corrupted dictionary, where there is none.
    { sample: 'zst of two frames', damages: [{ at: 43, write: [255, 0] }], chunk: 65_536 },
  ],
  batch: 50,
}
