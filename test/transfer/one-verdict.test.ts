import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { asUpdaterError } from '../../src/errors.ts'
import { temporaryFolder } from '../cli/support.ts'
import { generatedBytes } from '../support/bytes.ts'
import { packBy } from '../support/packed.ts'
import { zipOf } from '../support/zip.ts'
import { unpack } from './unpack.ts'

const plain = Buffer.concat([generatedBytes(30_000, 3), Buffer.alloc(50_000)])

/** A file packed by what its name says, and the programs that are the only ones on the PATH, one at a time. */
const kinds = {
  gz: { packed: gzipSync(plain), nothing: gzipSync(''), paths: [[]] },
  xz: {
    packed: packBy('xz', ['-zc'], plain),
    nothing: packBy('xz', ['-zc'], ''),
    paths: [['xz'], []],
  },
  bz2: {
    packed: packBy('bzip2', ['-zc'], plain),
    nothing: packBy('bzip2', ['-zc'], ''),
    paths: [['lbzip2'], ['bzip2']],
  },
  zst: {
    packed: packBy('zstd', ['-c', '--check'], plain),
    nothing: packBy('zstd', ['-c'], ''),
    paths: [['zstd'], []],
  },
} as const
type Kind = keyof typeof kinds
const lzma = packBy('xz', ['-zc', '--format=lzma'], plain)

const text = (length: number) => Buffer.alloc(length, 'x')

/** Of each kind whether the bytes are taken: once, twice, empty, or not at all. */
const table: readonly (readonly [
  what: string,
  make: (packed: Buffer, nothing: Buffer) => Buffer,
  taken: Readonly<Partial<Record<Kind, 0 | 1 | 2>>>,
])[] = [
  ['the file', (packed) => packed, { gz: 1, xz: 1, bz2: 1, zst: 1 }],
  ['the file twice', (packed) => Buffer.concat([packed, packed]), { gz: 2, xz: 2, bz2: 2, zst: 2 }],
  [
    'an empty file in front',
    (packed, nothing) => Buffer.concat([nothing, packed]),
    { gz: 1, xz: 1, bz2: 1, zst: 1 },
  ],
  [
    'an empty file behind',
    (packed, nothing) => Buffer.concat([packed, nothing]),
    { gz: 1, xz: 1, bz2: 1, zst: 1 },
  ],
  ['an empty file', (_, nothing) => nothing, { gz: 0, xz: 0, bz2: 0, zst: 0 }],
  ['no bytes', () => Buffer.alloc(0), {}],
  ['zeros behind', (packed) => Buffer.concat([packed, Buffer.alloc(512)]), { gz: 1, xz: 1 }],
  ['a zero behind', (packed) => Buffer.concat([packed, Buffer.alloc(1)]), { gz: 1 }],
  ['a letter behind', (packed) => Buffer.concat([packed, text(1)]), {}],
  ['letters behind', (packed) => Buffer.concat([packed, text(200_000)]), {}],
  ['letters between', (packed) => Buffer.concat([packed, text(5), packed]), {}],
  ['many letters between', (packed) => Buffer.concat([packed, text(200_000), packed]), {}],
  ['zeros in front', (packed) => Buffer.concat([Buffer.alloc(4), packed]), {}],
  ...[1, 2, 3, 4, 8].map(
    (length) =>
      [
        `the first ${length} bytes of another one behind`,
        (packed: Buffer) => Buffer.concat([packed, packed.subarray(0, length)]),
        {},
      ] as const,
  ),
  ...[1, 4, 12].map(
    (length) => [`${length} bytes less`, (packed: Buffer) => packed.subarray(0, -length), {}] as const,
  ),
  ...[1, 4, 6, 13].map(
    (back) =>
      [
        `a wrong bit ${back} bytes before its end`,
        (packed: Buffer) => {
          const wrong = Buffer.from(packed)
          wrong.writeUInt8(wrong.readUInt8(wrong.length - back) ^ 16, wrong.length - back)
          return wrong
        },
        {},
      ] as const,
  ),
  ['a file of .lzma', () => Buffer.from(lzma ?? []), {}],
  ['a file of .lzma behind', (packed) => Buffer.concat([packed, Buffer.from(lzma ?? [])]), {}],
  ...(['gz', 'xz', 'bz2', 'zst'] as const).flatMap(
    (kind) =>
      [
        [`a file of .${kind} instead`, () => Buffer.from(kinds[kind].packed ?? []), { [kind]: 1 }],
        [
          `a file of .${kind} behind`,
          (packed: Buffer) => Buffer.concat([packed, Buffer.from(kinds[kind].packed ?? [])]),
          { [kind]: 2 },
        ],
      ] as const,
  ),
]

afterEach(() => vi.unstubAllEnvs())

/** A PATH with these programs alone. */
function pathWith(programs: readonly string[]): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'bin'))
  for (const name of programs) symlinkSync(`/usr/bin/${name}`, join(folder, 'bin', name))
  return join(folder, 'bin')
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 4099) yield bytes.subarray(at, at + 4099)
}

describe.each(Object.keys(kinds) as Kind[])('%s gives one verdict, whatever is on the PATH:', (kind) => {
  const { packed, nothing, paths } = kinds[kind]
  it.skipIf(packed === undefined || nothing === undefined || lzma === undefined).each(table)(
    '%s',
    async (_, make, taken) => {
      const bytes = make(Buffer.from(packed ?? []), Buffer.from(nothing ?? []))
      for (const programs of paths) {
        vi.stubEnv('PATH', pathWith(programs))
        const found = await buffer(unpack(kind, once(bytes))).catch((error) => asUpdaterError(error).code)
        const wanted = taken[kind]
        const what = `with ${programs.join(' ')}`
        if (wanted === undefined) expect(found, what).toBe('DECOMPRESSION_FAILED')
        else
          expect(
            plain.length * wanted === found.length &&
              found.toString('latin1', 0, plain.length) ===
                plain.toString('latin1', 0, wanted * plain.length),
            what,
          ).toBe(true)
      }
    },
  )
})

describe('a ZIP archive', () => {
  const disk = generatedBytes(3000, 6)
  const whole = zipOf({ 'disk.raw': disk, 'README.txt': Buffer.from('read me') })
  const directory = whole.indexOf('PK\x01\x02')
  const end = whole.indexOf('PK\x05\x06')
  const changed = (at: number, value: number) => {
    const bytes = Buffer.from(whole)
    bytes.writeUInt8(value, at)
    return bytes
  }

  it.each<[string, Buffer]>([
    ['has data in a folder', zipOf({ 'disk.raw/': Buffer.from('a'), 'disk.raw': disk })],
    ['has data in a folder of another name', zipOf({ 'a/': Buffer.from('a'), 'disk.raw': disk })],
    ['has no directory', whole.subarray(0, directory)],
    ['has half of a directory', whole.subarray(0, directory + 60)],
    ['has no end', whole.subarray(0, end)],
    ['is cut by a byte', whole.subarray(0, -1)],
    ['has a byte behind its end', Buffer.concat([whole, Buffer.from('x')])],
    ['has zeros behind its end', Buffer.concat([whole, Buffer.alloc(512)])],
    ['has another one behind its end', Buffer.concat([whole, whole])],
    ['names another file in its directory', changed(directory + 46, 0x58)],
    ['has another checksum in its directory', changed(directory + 16, whole.readUInt8(directory + 16) ^ 1)],
    ['has another size in its directory', changed(directory + 24, whole.readUInt8(directory + 24) ^ 1)],
    ['has another method in its directory', changed(directory + 10, 8)],
    ['has another place in its directory', changed(directory + 42, 1)],
    ['has another number of files at its end', changed(end + 10, 1)],
    ['has another place of its directory at its end', changed(end + 16, whole.readUInt8(end + 16) ^ 1)],
    ['announces a comment that is not there', changed(end + 20, 1)],
    [
      'names one of its files alone',
      Buffer.concat([
        whole.subarray(0, directory),
        whole.subarray(directory, whole.indexOf('PK\x01\x02', directory + 4)),
        whole.subarray(end),
      ]),
    ],
  ])('that %s is refused', async (_, bytes) => {
    await expect(buffer(unpack('zip', once(bytes), 'raw'))).rejects.toMatchObject({
      code: 'DECOMPRESSION_FAILED',
    })
  })

  it('whose directory calls the image a link is refused', async () => {
    const link = changed(directory + 5, 3)
    link.writeUInt16LE(0xa1ff, directory + 40)
    await expect(buffer(unpack('zip', once(link), 'raw'))).rejects.toMatchObject({
      code: 'DECOMPRESSION_UNSUPPORTED',
      message: expect.stringContaining('is a link'),
    })
  })

  it('may have a comment, and a folder without data', async () => {
    const plain = zipOf({ 'a/': Buffer.alloc(0), 'a/disk.raw': disk })
    plain.writeUInt16LE(5, plain.length - 2)
    const bytes = Buffer.concat([plain, Buffer.from('hello')])
    expect((await buffer(unpack('zip', once(bytes), 'raw'))).equals(disk)).toBe(true)
  })
})
