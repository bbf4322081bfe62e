import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import type { Compression } from '../../src/image.ts'

import { generatedBytes } from '../support/bytes.ts'
import { packBy } from '../support/packed.ts'
import { zipOf } from '../support/zip.ts'
import { unpack } from './unpack.ts'

const folder = mkdtempSync(join(tmpdir(), 'image-updater-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const plain = Buffer.concat([generatedBytes(700_000, 3), Buffer.alloc(2_000_000), generatedBytes(300_000, 4)])

const packPlain = (program: string, args: readonly string[]) => packBy(program, args, plain)

function zip(args: readonly string[], files: Readonly<Record<string, Buffer>>): Buffer | undefined {
  const place = mkdtempSync(join(folder, 'zip-'))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(place, name), bytes)
  try {
    execFileSync('zip', ['-q', ...args, 'out.zip', ...Object.keys(files)], { cwd: place, stdio: 'ignore' })
    return readFileSync(join(place, 'out.zip'))
  } catch {
    return undefined
  }
}

/** Hands over the bytes in pieces whose sizes vary, so that headers are cut anywhere. */
async function* pieces(
  bytes: Uint8Array,
  sizes: readonly number[] = [1, 7, 65536, 3],
): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function digestOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of source) hash.update(chunk)
  return hash.digest('hex')
}

const expected = createHash('sha256').update(plain).digest('hex')
const half = plain.length / 2

const cases: readonly { name: string; compression: Compression; packed: Buffer | undefined }[] = [
  { name: 'gz', compression: 'gz', packed: gzipSync(plain) },
  {
    name: 'gz of two members',
    compression: 'gz',
    packed: Buffer.concat([gzipSync(plain.subarray(0, half)), gzipSync(plain.subarray(half))]),
  },
  { name: 'xz', compression: 'xz', packed: packPlain('xz', ['-zc1']) },
  { name: 'xz of many blocks', compression: 'xz', packed: packPlain('xz', ['-zc1', '--block-size=100000']) },
  { name: 'bz2', compression: 'bz2', packed: packPlain('bzip2', ['-zc']) },
  { name: 'bz2 of many streams', compression: 'bz2', packed: packPlain('lbzip2', ['-zc']) },
  { name: 'zst', compression: 'zst', packed: packPlain('zstd', ['-c']) },
  { name: 'zip, deflated', compression: 'zip', packed: zip([], { image: plain }) },
  { name: 'zip, stored', compression: 'zip', packed: zip(['-0'], { image: plain }) },
  { name: 'zip, written to a pipe', compression: 'zip', packed: packPlain('zip', ['-q', '-', '-']) },
]

describe.each(['with', 'without'])('%s the programs of the system', (programs) => {
  beforeEach(() => {
    if (programs === 'without') vi.stubEnv('PATH', '')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  const unpackable = cases.filter(({ compression }) => programs === 'with' || compression !== 'bz2')
  describe.each(unpackable.filter(({ packed }) => packed !== undefined))(
    '$name',
    ({ compression, packed }) => {
      const bytes = packed ?? Buffer.alloc(0)

      it('gives the bytes that went in', async () => {
        expect(await digestOf(unpack(compression, pieces(bytes)))).toBe(expected)
      })

      it.each([0.3, 0.9])('refuses the first %f of it', async (part) => {
        const cut = bytes.subarray(0, Math.floor(bytes.length * part))
        await expect(digestOf(unpack(compression, pieces(cut, [65536])))).rejects.toMatchObject({
          code: 'DECOMPRESSION_FAILED',
        })
      })

      it('refuses other bytes', async () => {
        const junk = generatedBytes(200_000, 9)
        await expect(digestOf(unpack(compression, pieces(junk, [65536])))).rejects.toMatchObject({
          code: 'DECOMPRESSION_FAILED',
        })
      })

      it('passes on what the source throws', async () => {
        const broken = async function* () {
          yield bytes.subarray(0, 1000)
          throw new UpdaterError('HTTP_TRUNCATED', 'The source is gone')
        }
        await expect(digestOf(unpack(compression, broken()))).rejects.toMatchObject({
          code: 'HTTP_TRUNCATED',
        })
      })
    },
  )
})

it('names the tools that were missing for these tests', () => {
  const missing = cases.filter(({ packed }) => packed === undefined).map(({ name }) => name)
  if (missing.length > 0)
    process.stdout.write(`not tested, the packing tool is missing: ${missing.join(', ')}\n`)
  expect(cases.length - missing.length).toBeGreaterThan(1)
})

it('bz2 without its programs is an error that names the package', async () => {
  vi.stubEnv('PATH', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const read = digestOf(unpack('bz2', pieces(Buffer.from('BZh9'))))
  await expect(read).rejects.toMatchObject({
    code: 'DECOMPRESSION_UNSUPPORTED',
    message: expect.stringContaining('neither lbzip2 nor bzip2'),
    remedy: expect.stringContaining('Debian package lbzip2'),
  })
})

describe.each(['with', 'without'])(
  'what is packed in an unusual way, %s the programs of the system',
  (programs) => {
    beforeEach(() => {
      if (programs === 'without') vi.stubEnv('PATH', '')
    })
    afterEach(() => {
      vi.unstubAllEnvs()
    })
    const small = Buffer.from('a disk')

    it.each<[string, Compression, Buffer | undefined]>([
      ['xz with a dictionary of 512 MiB', 'xz', packBy('xz', ['-zc', '--lzma2=dict=512MiB'], small)],
      ['zst with a window of 512 MiB', 'zst', packBy('zstd', ['-c', '--long=29'], plain)],
    ])('%s needs more memory than is allowed, and is not called damaged', async (_, compression, packed) => {
      if (packed === undefined) return expect(packed).toBeUndefined()
      await expect(digestOf(unpack(compression, pieces(packed, [65536])))).rejects.toMatchObject({
        code: 'DECOMPRESSION_UNSUPPORTED',
        message: expect.stringMatching(/memory/i),
      })
    })

    it('xz with a check of SHA-256 is read, or asks for the program', async () => {
      const packed = packBy('xz', ['-zc', '--check=sha256'], small)
      if (packed === undefined) return expect(packed).toBeUndefined()
      const reading = buffer(unpack('xz', pieces(packed, [65536])))
      if (programs === 'with') expect(await reading).toEqual(small)
      else await expect(reading).rejects.toMatchObject({ code: 'DECOMPRESSION_UNSUPPORTED' })
    })

    it('the format .lzma is no xz', async () => {
      const packed = packBy('xz', ['-zc', '--format=lzma'], small)
      if (packed === undefined) return expect(packed).toBeUndefined()
      await expect(digestOf(unpack('xz', pieces(packed, [65536])))).rejects.toMatchObject({
        code: 'DECOMPRESSION_FAILED',
      })
    })
  },
)

describe('a ZIP archive', () => {
  const disk = Buffer.from(generatedBytes(3000, 6))
  const large = Buffer.from(generatedBytes(2 ** 20 + 1, 7))
  const readme = Buffer.from('read me')
  const unzip = (files: Readonly<Record<string, Uint8Array>>, limit = Number.POSITIVE_INFINITY) =>
    buffer(unpack('zip', pieces(zipOf(files)), 'raw', { limit }))

  it.each<[string, Readonly<Record<string, Uint8Array>>]>([
    ['alone', { 'disk.raw': disk }],
    ['in a folder', { 'a/': Buffer.alloc(0), 'a/disk.img': disk }],
    ['in front of a text', { 'disk.raw': disk, 'README.txt': readme }],
    ['behind a text', { README: readme, SHA256SUMS: readme, 'disk.raw': disk }],
    ['behind a large file of another kind', { README: readme, 'disk.vmdk': large, 'disk.raw': disk }],
    [
      'between what macOS adds',
      { '__MACOSX/._disk.raw': readme, 'disk.raw': disk, '__MACOSX/a.raw': readme },
    ],
    ['behind its side file', { '._disk.raw': readme, 'disk.raw': disk }],
    ['by another name, alone', { disk }],
    ['by another name, with a side file', { '._disk': readme, disk, '__MACOSX/._disk': readme }],
  ])('gives the disk that is %s', async (_, files) => {
    expect((await unzip(files)).equals(disk)).toBe(true)
  })

  it('gives a large file of another name that is alone', async () => {
    expect((await unzip({ disk: large })).equals(large)).toBe(true)
  })

  it.each<[string, Readonly<Record<string, Uint8Array>>, string]>([
    ['two images', { 'a.raw': disk, 'b.img': disk }, 'more than one'],
    ['two files of other names', { a: disk, b: disk }, 'more than one'],
    ['a large file of another name, and an image', { a: large, 'b.raw': disk }, 'more than one'],
    ['two large files of other names', { a: large, b: large }, 'more than one'],
    ['side files alone', { '._disk.raw': disk }, 'no file'],
    ['nothing', {}, 'no file'],
  ])('with %s is refused', async (_, files, words) => {
    await expect(unzip(files)).rejects.toMatchObject({
      code: 'DECOMPRESSION_UNSUPPORTED',
      message: expect.stringContaining(words),
    })
  })

  it('counts what is passed over towards the limit', async () => {
    const files = { 'disk.raw': disk, a: large, b: large }
    await expect(unzip(files, 2 ** 20 + 5000)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' })
  })
})

describe('an archive', () => {
  it('with two files is refused', async () => {
    const two = zip([], { a: plain, b: plain })
    if (two === undefined) return expect(two).toBeUndefined()
    await expect(digestOf(unpack('zip', pieces(two, [65536])))).rejects.toThrow('more than one file')
  })

  it('whose data was changed is refused by its CRC-32', async () => {
    const stored = zip(['-0'], { image: plain })
    if (stored === undefined) return expect(stored).toBeUndefined()
    stored[5000] = (stored[5000] ?? 0) ^ 1
    await expect(digestOf(unpack('zip', pieces(stored, [65536])))).rejects.toThrow('CRC-32')
  })
})

const hasZstd = packBy('zstd', ['-c'], 'a disk') !== undefined
it.skipIf(!hasZstd)(
  'data of which zstd says that its dictionary is corrupted is damaged (skipped without zstd)',
  async () => {
    const frame = '28b52ffd0458ad0000ff002073686f7274206469736b2c2001001fa29a4a8da9f005'
    await expect(buffer(unpack('zst', pieces(Buffer.from(frame, 'hex'))))).rejects.toMatchObject({
      code: 'DECOMPRESSION_FAILED',
      message: expect.stringContaining('ictionary'),
    })
  },
)
