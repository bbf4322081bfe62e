import { execFileSync } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import type { Compression, ImageFormat } from '../../src/image.ts'

import { generatedBytes } from '../support/bytes.ts'
import { pack } from '../support/packed.ts'
import { makeTar, type TarMember } from '../support/tar.ts'
import { unpack } from './unpack.ts'

const image = Buffer.from(generatedBytes(70_001))

async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function untar(archive: Uint8Array, format: ImageFormat = 'raw', size = 1000): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of unpack('tar', pieces(archive, size), format)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const record = (key: string, value: string) => {
  const rest = ` ${key}=${value}\n`
  const length = [1, 2, 3]
    .map((digits) => rest.length + digits)
    .find((total) => String(total).length + rest.length === total)
  return `${length}${rest}`
}
const pax = (values: Readonly<Record<string, string>>): TarMember => ({
  name: 'PaxHeaders/x',
  type: 'x',
  body: Object.entries(values)
    .map(([key, value]) => record(key, value))
    .join(''),
})

const unsupported = 'DECOMPRESSION_UNSUPPORTED'

describe('a tar archive', () => {
  it.each<[string, TarMember[], ImageFormat]>([
    ['alone', [{ name: 'disk.raw', body: image }], 'raw'],
    [
      'below folders',
      [
        { name: './a/', type: '5' },
        { name: './a/disk.qcow2', body: image },
      ],
      'qcow2',
    ],
    ['named .img', [{ name: 'disk.img', body: image }], 'qcow2'],
    ['in capitals', [{ name: 'DISK.VMDK', body: image }], 'vmdk'],
    [
      'among other files',
      [
        { name: 'x.json', body: '{}' },
        { name: 'disk.raw', body: image },
        { name: 'y', body: 'z' },
      ],
      'raw',
    ],
    [
      'beside another format',
      [
        { name: 'disk.qcow2', body: 'q' },
        { name: 'disk.raw', body: image },
      ],
      'raw',
    ],
    [
      'beside a link',
      [
        { name: 'latest', type: '2' },
        { name: 'disk.raw', body: image },
      ],
      'raw',
    ],
    [
      'beside what macOS adds to it',
      [
        { name: './._disk.raw', body: 'AppleDouble' },
        { name: './disk.raw', body: image },
        { name: '__MACOSX/disk.raw', body: 'AppleDouble' },
      ],
      'raw',
    ],
    ['of an old tar', [{ name: 'disk.raw', body: image, type: '\0' }], 'raw'],
    ['named by pax', [pax({ path: `${'a'.repeat(120)}/disk.raw` }), { name: 'x', body: image }], 'raw'],
    [
      'named by GNU',
      [
        { name: '././@LongLink', type: 'L', body: `${'a'.repeat(120)}/disk.raw\0` },
        { name: 'x', body: image },
      ],
      'raw',
    ],
    ['of a hostile name', [{ name: '../../etc/passwd.raw', body: image }], 'raw'],
    [
      'with global headers',
      [
        { ...pax({ comment: 'x' }), type: 'g' },
        { name: 'disk.raw', body: image },
      ],
      'raw',
    ],
  ])('gives its one image, %s', async (_, members, format) => {
    expect((await untar(makeTar(members), format)).equals(image)).toBe(true)
  })

  it.each([1, 511, 512, 513, 100_000])('does so from pieces of %d bytes', async (size) => {
    expect((await untar(makeTar([{ name: 'disk.raw', body: image }]), 'raw', size)).equals(image)).toBe(true)
  })

  it('without blocks of zeros at its end is read, as GNU tar does', async () => {
    const archive = makeTar([{ name: 'disk.raw', body: image }])
    expect((await untar(archive.subarray(0, -1024))).equals(image)).toBe(true)
    expect((await untar(archive.subarray(0, -512))).equals(image)).toBe(true)
    await expect(untar(archive.subarray(0, -1025))).rejects.toMatchObject({ code: 'DECOMPRESSION_FAILED' })
  })

  it('counts what is passed over towards the limit', async () => {
    const archive = makeTar([
      { name: 'other', body: Buffer.alloc(100_000) },
      { name: 'disk.raw', body: image },
    ])
    const packed = pieces(gzipSync(archive))
    await expect(buffer(unpack('tar.gz', packed, 'raw', { limit: 100_000 }))).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    })
  })

  it.each<[string, Uint8Array, string, code?: string]>([
    [
      'with two images',
      makeTar([
        { name: 'a.raw', body: 'a' },
        { name: 'b.img', body: 'b' },
      ]),
      'more than one',
      unsupported,
    ],
    ['without an image', makeTar([{ name: 'a.qcow2', body: 'a' }]), 'no file whose name', unsupported],
    ['that is empty', makeTar([]), 'no file whose name', unsupported],
    ['of no bytes', Buffer.alloc(0), 'no file whose name', unsupported],
    [
      'whose disk is a side file of macOS',
      makeTar([{ name: '._a.raw', body: image }]),
      'no file',
      unsupported,
    ],
    ['whose image is a symbolic link', makeTar([{ name: 'a.raw', type: '2' }]), 'is a link', unsupported],
    ['whose image is a hard link', makeTar([{ name: 'a.raw', type: '1' }]), 'is a link', unsupported],
    [
      'that is cut short',
      makeTar([{ name: 'a.raw', body: image }]).subarray(0, 60_000),
      'ends in the middle',
    ],
    ['that is none', Buffer.alloc(2048, 'x'), 'not a tar archive'],
    ['with a damaged header', makeTar([{ name: 'a.raw', body: 'a' }]).fill('b', 0, 1), 'not a tar archive'],
    [
      'with an impossible size',
      makeTar([{ name: 'a.raw', patch: (header) => header.fill(0xff, 124, 136) }]),
      'impossible',
    ],
    ['with a pax size that is none', makeTar([pax({ size: 'x' }), { name: 'a.raw' }]), 'impossible'],
    [
      'with a damaged pax header',
      makeTar([{ name: 'x', type: 'x', body: '9 a' }, { name: 'a.raw' }]),
      'is damaged',
    ],
    [
      'with a pax header that has no space',
      makeTar([{ name: 'x', type: 'x', body: '17_path=disk.raw\n' }, { name: 'a.raw' }]),
      'is damaged',
    ],
    [
      'whose sparse map leaves bytes over',
      makeTar([
        {
          name: 'a.raw',
          type: 'S',
          body: 'abcd',
          patch: (header) => header.write('00000000002\0', 398) + header.write('00000000002\0', 483),
        },
      ]),
      'map of a sparse file',
    ],
    [
      'whose sparse map goes past its end',
      makeTar([
        { name: 'a.raw', type: 'S', body: 'abcd', patch: (header) => header.write('00000000004\0', 398) },
      ]),
      'map of a sparse file',
    ],
    ['with a huge header', makeTar([{ name: 'x', type: 'x', body: Buffer.alloc(2 ** 20 + 1) }]), 'too long'],
    [
      'of an unsupported sparse form',
      makeTar([pax({ 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '9' }), { name: 'a.raw', body: 'a' }]),
      'not supported',
      unsupported,
    ],
  ])('%s is refused', async (_, archive, words, code = 'DECOMPRESSION_FAILED') => {
    const failure = await untar(archive).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code })
    expect(String(failure)).toContain(words)
  })

  it('gives bytes or an error of ours, whatever happens to it', async () => {
    const archive = makeTar([pax({ path: 'disk.raw' }), { name: 'x', body: image.subarray(0, 700) }])
    const patch = fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(patch, fc.nat(archive.length), async (patches, end) => {
        const damaged = Buffer.from(archive)
        for (const [at, byte] of patches) damaged[at] = byte
        try {
          await untar(damaged.subarray(0, end))
        } catch (error) {
          expect(error).toBeInstanceOf(UpdaterError)
        }
      }),
      { seed: 19, numRuns: 300 },
    )
  })

  it('may be packed', async () => {
    const packed = gzipSync(makeTar([{ name: 'disk.raw', body: image }]))
    const chunks: Uint8Array[] = []
    for await (const chunk of unpack('tar.gz', pieces(packed), 'raw')) chunks.push(Buffer.from(chunk))
    expect(Buffer.concat(chunks).equals(image)).toBe(true)
  })
})

/** What the system's tar makes of a sparse file; `undefined` where there is no GNU tar. */
function sparseArchive(
  form: string,
  sparse: { size: number; runs: readonly (readonly [offset: number, bytes: Buffer])[] },
) {
  const folder = mkdtempSync(join(tmpdir(), 'image-updater-tar-'))
  try {
    for (const name of ['other', 'disk.raw']) {
      const file = openSync(join(folder, name), 'w')
      for (const [offset, bytes] of sparse.runs) writeSync(file, bytes, 0, bytes.length, offset)
      closeSync(file)
      truncateSync(join(folder, name), sparse.size)
    }
    writeFileSync(join(folder, 'README'), 'x')
    return execFileSync(
      'tar',
      ['--sparse', ...form.split(' '), '-C', folder, '-cf', '-', 'other', 'disk.raw', 'README'],
      {
        maxBuffer: 2 ** 26,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.each(['--format=gnu', '--format=posix --sparse-version=1.0'])('a sparse file of tar %s', (form) => {
  const runs = Array.from(
    { length: 40 },
    (_, index) => [index * 262_144, Buffer.from(generatedBytes(4096, index + 1))] as const,
  )
  const size = 40 * 262_144 + 12_345
  const archive = sparseArchive(form, { size, runs })
  const whole = Buffer.alloc(size)
  for (const [offset, bytes] of runs) bytes.copy(whole, offset)

  it.skipIf(archive === undefined)('is expanded (skipped without GNU tar)', async () => {
    const packed = archive ?? Buffer.alloc(0)
    expect(packed.length).toBeLessThan(size / 2)
    expect((await untar(packed, 'raw', 10_000)).equals(whole)).toBe(true)
  })

  it.skipIf(archive === undefined)('is refused where it is cut short (skipped without GNU tar)', async () => {
    const cut = (archive ?? Buffer.alloc(0)).subarray(0, 300_000)
    await expect(untar(cut)).rejects.toMatchObject({ code: 'DECOMPRESSION_FAILED' })
  })
})

describe('an archive that is refused', () => {
  /** No packer makes less of it, so that it does not fit into a pipe. */
  const incompressible = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
    Buffer.alloc(4 * 2 ** 20),
  )
  const archive = makeTar([
    { name: 'a.raw', body: image },
    { name: 'b.raw', body: incompressible },
  ])
  it.each<[Compression, Uint8Array | undefined]>([
    ['tar', archive],
    ['tar.gz', pack('gz', archive)],
    ['tar.bz2', pack('bz2', archive)],
    ['tar.zst', pack('zst', archive)],
    ['tar.xz', pack('xz', archive)],
    ['zip', archive],
    ['bz2', archive],
    ['zst', archive],
  ])('as %s closes its source, and ends a program in between', async (compression, packed) => {
    let isClosed = false
    async function* source() {
      try {
        yield* pieces(packed ?? Buffer.alloc(100_000), 65_536)
      } finally {
        isClosed = true
      }
    }
    const unpacking = async () => {
      for await (const _ of unpack(compression, source(), 'raw'));
    }
    await expect(unpacking()).rejects.toMatchObject({ code: expect.stringMatching(/^DECOMPRESSION_/) })
    await vi.waitFor(() => expect(isClosed).toBe(true))
  })
})
