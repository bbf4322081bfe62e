import { gzipSync } from 'node:zlib'
import {
  makeBytes,
  makeIso,
  makeQcow2,
  makeRaw,
  makeVhd,
  makeVmdk,
  makeVmdkDescriptor,
} from '../../support/images.ts'
import { bombOf, type Packing, pack, packBy } from '../../support/packed.ts'
import { makeTar, type TarMember } from '../../support/tar.ts'
import { imageOf } from '../../support/world/published.ts'
import { zipOf } from '../../support/zip.ts'
import type { Group, Holds, Row } from '../row.ts'
import { failed, survived } from './outcomes.ts'

const GiB = 2 ** 30

/** An image whose digest is the published one, but whose content is not to be had. */
const published = (
  fault: string,
  image: Uint8Array | string,
  holds: Holds,
  { format, ...more }: Partial<Row> & { format?: string } = {},
): Row => ({
  fault,
  inject: async (scene) => {
    if (format !== undefined) await scene.declare(format)
    scene.publish(Buffer.from(image))
  },
  ...more,
  holds,
})

/** What a web server may have instead of a disk. */
const startingWith = (characters: string) => {
  const bytes = makeBytes(70_144)
  bytes.set(Buffer.from(characters, 'latin1'))
  return bytes
}
const lfsPointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'7'.repeat(64)}\nsize 123456\n`

const contents: readonly Row[] = [
  published('qcow2 with a backing file', makeQcow2({ backingFile: '/etc/shadow' }), failed('IMAGE_UNSAFE')),
  published(
    'qcow2 with an external data file',
    makeQcow2({ dataFile: '/etc/shadow', incompatible: 4n }),
    failed('IMAGE_UNSAFE'),
  ),
  published('qcow2 with an unknown feature', makeQcow2({ incompatible: 1n << 20n }), failed('IMAGE_UNSAFE')),
  published('qcow2, cut short', makeQcow2().subarray(0, 5000), failed('IMAGE_FORMAT')),
  published(
    'qcow2 of a version that does not exist',
    makeQcow2({ patch: (image) => image.writeUInt32BE(9, 4) }),
    failed('IMAGE_FORMAT'),
  ),
  published(
    'a VMDK descriptor that names another file',
    makeVmdkDescriptor({ extents: ['RW 2048 FLAT "/etc/shadow" 0'] }),
    failed('IMAGE_UNSAFE'),
    { format: 'vmdk' },
  ),
  published(
    'a VMDK descriptor, declared as raw',
    makeVmdkDescriptor().padEnd(70_000, '\n'),
    failed('IMAGE_FORMAT'),
    { format: 'raw' },
  ),
  published(
    'a VMDK whose comment names a parent',
    makeVmdk({ lines: ['# parentFileNameHint="/etc/shadow"'] }),
    failed('IMAGE_UNSAFE'),
    { format: 'vmdk' },
  ),
  published(
    'a VMDK whose comment has the identity of a parent',
    makeVmdk({ lines: ['#parentCID=12345678'] }),
    failed('IMAGE_UNSAFE'),
    { format: 'vmdk' },
  ),
  published(
    'a VMDK whose type stands behind a NUL',
    makeVmdk({ parentCid: 'ffffffff\n\0' }),
    failed('IMAGE_UNSAFE'),
    { format: 'vmdk' },
  ),
  published(
    'a VMDK that ends before its data',
    makeVmdk({ patch: (image) => image.writeBigUInt64LE(1n << 40n, 64) }),
    failed('IMAGE_FORMAT'),
    { format: 'vmdk' },
  ),
  published(
    'a VHD that ends before its blocks',
    makeVhd({ patch: (image) => image.writeUInt32BE(1 << 20, 1536) }),
    failed('IMAGE_FORMAT'),
    { format: 'vhd' },
  ),
  published(
    'an ISO that ends in its first volume descriptor',
    makeIso().slice(0, 17 * 2048 - 1),
    failed('IMAGE_FORMAT'),
    { format: 'iso' },
  ),
  published(
    'a boot record without a partition',
    makeRaw({ patch: (image) => image.fill(0, 446, 510) }),
    failed('IMAGE_FORMAT'),
    { format: 'raw' },
  ),
  published(
    'a boot record without a partition, with --allow-unknown-raw',
    makeRaw({ patch: (image) => image.fill(0, 446, 510) }),
    { ...survived, says: /has no partition/ },
    { format: 'raw', args: ['--allow-unknown-raw'] },
  ),
  published(
    'a Linux kernel, declared as raw',
    makeRaw({ patch: (image) => image.write('HdrS', 514) }),
    failed('IMAGE_FORMAT'),
    { format: 'raw' },
  ),
  published(
    'qcow2 with an encryption header',
    makeQcow2({ extensions: [{ type: 0x0537be77, data: new Uint8Array(16) }] }),
    failed('IMAGE_UNSAFE'),
  ),
  published(
    'qcow2 of version 2 with the bit of a data file',
    makeQcow2({ version: 2, patch: (image) => image.writeUInt32BE(4, 76) }),
    failed('IMAGE_UNSAFE'),
  ),
  published(
    'qcow2 with an impossible table of snapshots',
    makeQcow2({ patch: (image) => image.writeUInt32BE(0xffffffff, 60) }),
    failed('IMAGE_FORMAT'),
  ),
  published(
    'qcow2 with an ISO within',
    makeQcow2({ size: 0x9000, clusterBits: 16, patch: (image) => image.write('CD001', 0x8001) }),
    failed('IMAGE_FORMAT'),
  ),
  ...['aki', 'ari', 'ami'].map((format) =>
    published(`qcow2, declared as ${format}`, makeQcow2(), failed('IMAGE_FORMAT'), { format }),
  ),
  published('qcow2, declared as raw', makeQcow2(), failed('IMAGE_FORMAT'), { format: 'raw' }),
  published('raw, declared as qcow2', makeRaw(), failed('IMAGE_FORMAT')),
  published('ISO, declared as qcow2', makeIso(), failed('IMAGE_FORMAT')),
  published(
    'lz4-compressed data, declared as raw',
    startingWith('\x04\x22\x4d\x18'),
    failed('IMAGE_FORMAT'),
    {
      format: 'raw',
    },
  ),
  published('LZMA data, declared as raw', startingWith('\x5d\0\0\x80\0'), failed('IMAGE_FORMAT'), {
    format: 'raw',
  }),
  published('a Git LFS pointer, declared as raw', lfsPointer, failed('IMAGE_FORMAT'), { format: 'raw' }),
  published('ten bytes of text, declared as raw', 'Not Found\n', failed('IMAGE_FORMAT'), { format: 'raw' }),
  published('no sign of a disk, declared as raw', makeBytes(70_000), failed('IMAGE_FORMAT'), {
    format: 'raw',
  }),
  published(
    'no sign of a disk, declared as raw, with --allow-unknown-raw',
    makeBytes(70_144),
    { ...survived, says: /may be no disk/ },
    { format: 'raw', args: ['--allow-unknown-raw'] },
  ),
  published('a web page with the published digest', '<!doctype html><h1>Log in</h1>', failed('IMAGE_FORMAT')),
  published('a JSON document with the published digest', '{"error": "not found"}', failed('IMAGE_FORMAT')),
  published('a compressed file under the name of an image', gzipSync(makeQcow2()), failed('IMAGE_FORMAT')),
  published('no byte at all', '', failed('CHECKSUM_NOT_PUBLISHED')),
  published('a disk larger than min_disk', makeQcow2({ virtualSize: 20 * GiB, size: 100_000 }), {
    ...survived,
    says: /min_disk/,
  }),
  published(
    'a disk larger than min_disk, with --strict',
    makeQcow2({ virtualSize: 20 * GiB, size: 100_000 }),
    failed('IMAGE_TOO_LARGE'),
    { args: ['--strict'] },
  ),
  published(
    'a disk larger than --max-image-size',
    makeQcow2({ virtualSize: 20 * GiB }),
    failed('IMAGE_TOO_LARGE'),
    { args: ['--max-image-size', '10GiB'] },
  ),
  published('a file larger than --max-image-size', imageOf('large', 400_000), failed('IMAGE_TOO_LARGE'), {
    args: ['--max-image-size', '200KB'],
  }),
]

/** A compressed file whose digest is the published one. */
const compressed = (
  fault: string,
  compression: Packing | 'tar.gz',
  make: () => { readonly packed: Uint8Array | undefined; readonly stored?: Uint8Array },
  holds: Holds,
  more: Partial<Row> = {},
): Row => ({
  fault,
  image: 'appliance',
  lacks: () => (make().packed === undefined ? `a program that packs ${compression}` : undefined),
  inject: async (scene) => {
    const { packed = new Uint8Array(), stored = new Uint8Array() } = make()
    await scene.compress(compression)
    scene.publish(stored, packed)
  },
  ...more,
  holds,
})

const image = imageOf('packed', 150_000)
const compressions: readonly Packing[] = ['gz', 'xz', 'bz2', 'zst', 'zip']
/** What only a program of the system unpacks, and what only Node does. */
const byOneWay: readonly Packing[] = ['bz2', 'gz', 'zip']

/** Node alone, without the system's decompressors. */
const nodeAlone = (row: Row): Row => ({
  ...row,
  fault: `${row.fault}, without the system’s programs`,
  inject: async (scene) => {
    await row.inject?.(scene)
    scene.env.PATH = await scene.pathOfNodeAlone()
  },
})

const bombs = compressions.flatMap((compression) => {
  const row = compressed(
    `a bomb of ${compression}`,
    compression,
    () => ({ packed: bombOf(compression) }),
    { ...failed('IMAGE_TOO_LARGE'), memory: 400 },
    { args: ['--max-image-size', '64MiB'] },
  )
  const raw: Row = {
    ...row,
    inject: async (scene) => {
      await scene.declare('raw')
      await row.inject?.(scene)
    },
  }
  return byOneWay.includes(compression) ? [raw] : [raw, nodeAlone(raw)]
})

const goodFile = (fault: string, compression: Packing, holds: Holds): Row =>
  compressed(fault, compression, () => ({ packed: pack(compression, image), stored: image }), holds)

/** Another download would change nothing. */
const notUnpacked: Holds = {
  ...failed('DECOMPRESSION_UNSUPPORTED'),
  more: ({ origin, paths }) => {
    const downloads = origin.requests.filter(({ method, path }) => method === 'GET' && path === paths.image)
    if (downloads.length > 1) throw new Error('It was downloaded twice')
  },
}
const text = Buffer.from('read me')

const wholes = [
  ...(['xz', 'zst'] as const).map((compression) =>
    nodeAlone(goodFile(`none: a good file of ${compression}`, compression, survived)),
  ),
  compressed(
    'a file of xz with a dictionary of 512 MiB',
    'xz',
    () => ({ packed: packBy('xz', ['-zc', '--lzma2=dict=512MiB'], image) }),
    { ...notUnpacked, says: /Memory usage limit/ },
  ),
  nodeAlone(
    compressed(
      'a file of xz with a dictionary of 128 MiB',
      'xz',
      () => ({ packed: packBy('xz', ['-zc', '--lzma2=dict=128MiB'], image) }),
      { ...notUnpacked, says: /Debian package xz-utils/ },
    ),
  ),
  nodeAlone(goodFile('a file of bz2', 'bz2', { ...notUnpacked, says: /Debian package lbzip2/ })),
]

const cuts = compressions.flatMap((compression) => {
  const half = () => {
    const packed = pack(compression, image)
    return { packed: packed?.subarray(0, packed.length / 2) }
  }
  const row = compressed(
    `half of a file of ${compression}`,
    compression,
    half,
    failed('DECOMPRESSION_FAILED'),
  )
  return byOneWay.includes(compression) ? [row] : [row, nodeAlone(row)]
})

/** The same verdict, whatever programs there are. */
const oneVerdict = ['gz', 'bz2', 'zst', 'zip'] as const
const trailing = oneVerdict.flatMap((compression) => {
  const row = compressed(
    `other bytes behind a file of ${compression}`,
    compression,
    () => ({ packed: behind(pack(compression, image), Buffer.from('other')), stored: image }),
    failed('DECOMPRESSION_FAILED'),
  )
  return compression === 'zst' ? [row, nodeAlone(row)] : [row]
})

function behind(packed: Uint8Array | undefined, tail: Uint8Array): Uint8Array | undefined {
  return packed && Buffer.concat([packed, tail])
}

const archives: readonly Row[] = [
  ...trailing,
  compressed(
    'a file of .lzma that is called .zst',
    'zst',
    () => ({ packed: packBy('xz', ['-zc', '--format=lzma'], image), stored: image }),
    failed('DECOMPRESSION_FAILED'),
  ),
  compressed(
    'gzip data behind a file of zst',
    'zst',
    () => ({ packed: behind(pack('zst', image), pack('gz', image) ?? image), stored: image }),
    failed('DECOMPRESSION_FAILED'),
  ),
  compressed(
    'an archive with a folder that has data',
    'zip',
    () => ({ packed: zipOf({ 'a.qcow2/': text, 'a.qcow2': image }), stored: image }),
    failed('DECOMPRESSION_FAILED'),
  ),
  compressed(
    'an archive that is cut in its directory',
    'zip',
    () => ({ packed: zipOf({ 'a.qcow2': image }).subarray(0, -30), stored: image }),
    failed('DECOMPRESSION_FAILED'),
  ),
  compressed(
    'an archive whose directory names another file',
    'zip',
    () => {
      const packed = zipOf({ 'a.qcow2': image })
      packed.write('b', packed.lastIndexOf('a.qcow2'))
      return { packed, stored: image }
    },
    failed('DECOMPRESSION_FAILED'),
  ),
  compressed(
    'an archive with two files',
    'zip',
    () => ({ packed: zipOf({ one: image, two: image }) }),
    notUnpacked,
  ),
  compressed('an archive without a file', 'zip', () => ({ packed: zipOf({}) }), notUnpacked),
  compressed(
    'an archive with a text, and with what macOS adds',
    'zip',
    () => ({
      packed: zipOf({ 'README.txt': text, '._a.qcow2': text, 'a.qcow2': image, '__MACOSX/._a.qcow2': text }),
      stored: image,
    }),
    survived,
  ),
  compressed(
    'an archive whose file is named ../../../etc/passwd',
    'zip',
    () => ({ packed: zipOf({ '../../../etc/passwd': image }), stored: image }),
    survived,
  ),
  compressed(
    'an archive whose file has another checksum',
    'zip',
    () => {
      const packed = zipOf({ one: image })
      packed.writeUInt8(packed.readUInt8(200) ^ 1, 200)
      return { packed }
    },
    failed('DECOMPRESSION_FAILED'),
  ),
  compressed(
    'qcow2 with a backing file, inside of xz',
    'xz',
    () => ({ packed: pack('xz', makeQcow2({ backingFile: 'a' })) }),
    failed('IMAGE_UNSAFE'),
  ),
  compressed(
    'something else than its name says',
    'xz',
    () => ({ packed: image }),
    failed('DECOMPRESSION_FAILED'),
  ),
]

/** A tar archive in gzip that has these members. */
const archived = (fault: string, members: readonly TarMember[], holds: Holds): Row =>
  compressed(
    `a tar archive ${fault}`,
    'tar.gz',
    () => ({ packed: gzipSync(makeTar(members)), stored: image }),
    holds,
  )

const disk = { name: 'disk.qcow2', body: image }

/** A member that is no image, and too large. */
const tarBomb = () => {
  const zeros = Buffer.alloc(80 * 2 ** 20)
  return { packed: gzipSync(makeTar([{ name: 'other', body: zeros }, disk])), stored: image }
}

const tars: readonly Row[] = [
  archived(
    'whose image is named ../../../etc/disk.qcow2',
    [{ ...disk, name: '../../../etc/disk.qcow2' }],
    survived,
  ),
  archived('with other files beside the image', [{ name: '/etc/passwd', body: 'x' }, disk], survived),
  archived('with two images', [disk, { ...disk, name: 'other.qcow2' }], notUnpacked),
  archived(
    'whose image is a link to a file of this machine',
    [{ name: 'disk.qcow2', type: '2', patch: (header) => void header.write('/etc/shadow', 157) }],
    notUnpacked,
  ),
  archived('without an image', [{ name: 'readme.txt', body: 'x' }], notUnpacked),
  archived('with what macOS adds', [{ ...disk, name: './._disk.qcow2', body: 'x' }, disk], survived),
  compressed(
    'a tar archive without blocks of zeros at its end',
    'tar.gz',
    () => ({ packed: gzipSync(makeTar([disk]).subarray(0, -1024)), stored: image }),
    survived,
  ),
  compressed(
    'a tar archive whose other files expand to gigabytes',
    'tar.gz',
    tarBomb,
    { ...failed('IMAGE_TOO_LARGE'), memory: 400 },
    { args: ['--max-image-size', '64MiB'] },
  ),
]

export const images: Group = {
  name: 'Images',
  rows: [...contents, ...bombs, ...wholes, ...cuts, ...archives, ...tars],
}
