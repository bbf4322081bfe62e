/**
 * Image headers, generated and damaged: what we accept, QEMU opens as that format, with the same size and no other file,
 * and so does OpenStack's own inspector.
 */
import assert from 'node:assert'
import fc from 'fast-check'
import type { ImageFormat } from '../../src/image.ts'
import {
  makeIso,
  makeQcow2,
  makeRaw,
  makeVdi,
  makeVhd,
  makeVmdk,
  makeVmdkDescriptor,
} from '../support/images.ts'
import { verdict } from '../transfer/inspection.ts'
import { askOslo, askQemu, file, hasOslo, hasQemu, type QemuInfo, write } from './inspectors.ts'
import type { Target } from './target.ts'

const size = 4 * 2 ** 20

/** Images to begin with, small and whole. */
const bases = {
  qcow2: () => makeQcow2({ virtualSize: size }),
  'qcow2 v2': () => makeQcow2({ virtualSize: size, version: 2 }),
  'qcow2 of small clusters': () => makeQcow2({ virtualSize: size, clusterBits: 9 }),
  'qcow2 of large clusters': () => makeQcow2({ virtualSize: size, clusterBits: 16 }),
  'qcow2 with a backing file': () => makeQcow2({ virtualSize: size, backingFile: '/etc/passwd' }),
  'qcow2 with a data file': () => makeQcow2({ virtualSize: size, dataFile: '/etc/passwd', incompatible: 4n }),
  vmdk: () => makeVmdk({ virtualSize: size }),
  'vmdk stream': () => makeVmdk({ virtualSize: size, createType: 'streamOptimized', footer: true }),
  'vmdk descriptor': () => Buffer.from(makeVmdkDescriptor({ virtualSize: size }).padEnd(1024, '\n')),
  vhd: () => makeVhd({ virtualSize: size }),
  'vhd fixed': () => makeVhd({ virtualSize: 65_536, type: 'fixed' }),
  'vhd differencing': () => makeVhd({ virtualSize: size, type: 'differencing' }),
  vdi: () => makeVdi({ virtualSize: size }),
  vhdx: () => beginning('vhdxfile'),
  qed: () => beginning('QED\0'),
  luks: () => beginning('LUKS\xba\xbe\0\x01'),
  raw: () => makeRaw({ size: 65_536 }),
  gpt: () => makeRaw({ size: 65_536, patch: makeGpt }),
  iso: () => makeIso(),
  'iso with a boot record': () => makeIso({ hybrid: true }),
  zeros: () => new Uint8Array(65_536),
} as const
type Base = keyof typeof bases

/** The protective partition, and the header behind it. */
function makeGpt(image: Buffer): void {
  image.write('\0\0\x02\0\xee\xff\xff\xff\x01\0\0\0\xff\xff\xff\xff', 446, 'latin1')
  image.write('EFI PART', 512)
}

function beginning(magic: string): Uint8Array {
  const image = Buffer.alloc(65_536)
  image.write(magic, 'latin1')
  return image
}

/** A number written over a header, or bytes that mean something somewhere. */
type Change =
  | {
      readonly at: number
      readonly number: number
      readonly width: 1 | 2 | 4 | 8
      readonly order: 'BE' | 'LE'
    }
  | { readonly at: number; readonly text: string }
  | { readonly cut: number }

interface HeaderCase {
  readonly base: Base
  readonly changes: readonly Change[]
  /** Put into the descriptor of a VMDK in place of a line. */
  readonly lines: readonly { readonly at: number; readonly text: string }[]
  /** Whether the checksums of a VHD are put right afterwards. */
  readonly isSummed: boolean
}

const numbers = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  12,
  15,
  16,
  21,
  22,
  24,
  63,
  64,
  72,
  104,
  112,
  128,
  511,
  512,
  4095,
  4096,
  8192,
  65_536,
  2 ** 20,
  2 ** 21,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 40,
  2 ** 53,
  ...[0x0537be77, 0x23852875, 0x6803f857, 0xe2792aca, 0x44415441],
]
const magics = [
  ...[
    'QFI\xfb',
    'KDMV',
    'COWD',
    'conectix',
    'cxsparse',
    'vhdxfile',
    'QED\0',
    'LUKS\xba\xbe',
    '\x7f\x10\xda\xbe',
  ],
  ...[
    'CD001',
    'NSR02',
    '\x55\xaa',
    'EFI PART',
    'ustar',
    'WithoutFreeSpace',
    'WithouFreSpacExt',
    '#!/bin/sh\n#V2.0 Format',
  ],
  ...[
    '# Disk DescriptorFile\n',
    'version=1\n',
    'file:/etc/passwd',
    'json:{"driver":"file"}',
    '/etc/passwd',
    'raw',
    'koly',
  ],
]
const words = [
  ...[
    'parentCID=ffffffff',
    'parentCID=fffffffe',
    'parentCID=',
    'PARENTCID=0',
    'parentCID=ffffffff0',
    'CID=fffffffe',
  ],
  ...[
    'parentFileNameHint="/etc/passwd"',
    '#parentFileNameHint=x',
    'changeTrackPath="x"',
    'version=1',
    'version=2',
  ],
  ...[
    'createType="monolithicSparse"',
    'createType="monolithicFlat"',
    'createType="vmfs"',
    'createType=""',
    '#createType="twoGbMaxExtentFlat"',
  ],
  ...[
    'RW 8192 SPARSE "disk.vmdk"',
    'RW 8192 FLAT "/etc/passwd" 0',
    'RW 8192 FLAT "disk.vmdk" 0',
    'RDONLY 1 ZERO',
  ],
  ...[
    'RW 8192 SPARSE "/etc/passwd"',
    'NOACCESS 1 SPARSE "x"',
    'RW 8192 VMFS "x"',
    'rw 8192 sparse "x"',
    '\0',
    '',
    'ddb.x = "y"',
    '# comment',
  ],
]
const place = fc.oneof(
  fc.nat(127).map((at) => at * 4),
  fc.nat(1024),
  fc.constantFrom(64, 257, 446, 510, 512, 0x8001, 4096, 8192, 12_288, -512, -1024, -1536, -452, -1),
)
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      at: place,
      number: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...numbers) }, fc.nat(2 ** 31 - 1)),
      width: fc.constantFrom(4, 4, 4, 8, 2, 1),
      order: fc.constantFrom('BE', 'LE'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ at: fc.oneof(fc.constant(0), place), text: fc.constantFrom(...magics) }),
  },
  { weight: 1, arbitrary: fc.record({ cut: fc.oneof(fc.nat(2048), fc.nat(70_000)) }) },
)
const cases: fc.Arbitrary<HeaderCase> = fc.constantFrom(...(Object.keys(bases) as Base[])).chain((base) =>
  fc.record({
    base: fc.constant(base),
    changes: fc.array(change, { maxLength: 3 }),
    lines: base.startsWith('vmdk')
      ? fc.array(fc.record({ at: fc.nat(12), text: fc.constantFrom(...words) }), { maxLength: 2 })
      : fc.constant([]),
    isSummed: base.startsWith('vhd') ? fc.constantFrom(true, true, false) : fc.constant(false),
  }),
)

export function imageOf({ base, changes, lines, isSummed }: HeaderCase): Uint8Array {
  const whole = withLines(Buffer.from(bases[base]()), base, lines)
  const changed = changes.reduce(changedBy, whole)
  return new Uint8Array(isSummed ? withSums(changed) : changed)
}

function changedBy(image: Buffer, one: Change): Buffer {
  if ('cut' in one) return image.subarray(0, Math.max(1, image.length - one.cut))
  const at = one.at < 0 ? Math.max(0, image.length + one.at) : one.at
  if ('text' in one) {
    image.write(one.text, Math.min(at, image.length), 'latin1')
    return image
  }
  const field = Buffer.alloc(8)
  const number = BigInt.asUintN(8 * one.width, BigInt(one.number))
  if (one.order === 'BE') field.writeBigUInt64BE(number << BigInt(64 - 8 * one.width))
  else field.writeBigUInt64LE(number)
  image.set(
    field.subarray(0, Math.min(one.width, Math.max(0, image.length - at))),
    Math.min(at, image.length),
  )
  return image
}

function withLines(image: Buffer, base: Base, lines: HeaderCase['lines']): Buffer {
  if (lines.length === 0) return image
  const [start, end] = base === 'vmdk descriptor' ? [0, image.length] : [512, 21 * 512]
  const text = image.toString('latin1', start, end).replace(/\0+$/, '').split('\n')
  for (const { at, text: line } of lines) text.splice(at % text.length, at % 2, line)
  image.fill(0, start, end).write(text.join('\n').slice(0, end - start), start, 'latin1')
  return image
}

/** The checksums of a VHD's footer, of its copy and of its dynamic header. */
function withSums(image: Buffer): Buffer {
  for (const [start, length, at] of [
    [0, 512, 64],
    [512, 1024, 36],
    [image.length - 512, 512, 64],
  ] as const) {
    if (start < 0 || start + length > image.length) continue
    image.writeUInt32BE(0, start + at)
    const sum = image.subarray(start, start + length).reduce((total, byte) => total + byte, 0)
    image.writeUInt32BE(~sum >>> 0, start + at)
  }
  return image
}

function kept(base: Base, ...changes: readonly Change[]): HeaderCase {
  return { base, changes, lines: [], isSummed: false }
}

/** QEMU's names. It opens what a machine boots from without a disk, and an ISO, as raw. */
const qemuNames: Readonly<Record<ImageFormat, string>> = {
  ...{ qcow2: 'qcow2', vmdk: 'vmdk', vhd: 'vpc', vdi: 'vdi' },
  ...{ raw: 'raw', iso: 'raw', aki: 'raw', ari: 'raw', ami: 'raw' },
}
/** What oslo.utils may call them. A raw disk with a boot record is `gpt` there. */
const osloNames: Partial<Record<ImageFormat, readonly string[]>> = {
  ...{ qcow2: ['qcow2'], vmdk: ['vmdk'], vhd: ['vhd'], vdi: ['vdi'], raw: ['raw', 'gpt'], iso: ['iso'] },
}
const formats = Object.keys(qemuNames) as ImageFormat[]

async function check(one: HeaderCase): Promise<void> {
  const image = imageOf(one)
  const judged = formats.flatMap((format) => {
    const found = verdict(format, image, { maxVirtualSize: 2 ** 50 })
    return typeof found === 'string' ? [] : [{ format, found }]
  })
  if (judged.length === 0) return
  write(image)
  const guessed = hasQemu ? askQemu() : undefined
  const oslo = hasOslo ? await askOslo() : undefined
  for (const { format, found } of judged) {
    const name = qemuNames[format]
    if (guessed !== undefined) {
      // QEMU looks for a VHD's footer only at the beginning, where a fixed disk has none.
      const mayBe = format === 'vhd' && one.base === 'vhd fixed' ? [name, 'raw'] : [name]
      assert(typeof guessed === 'object', `QEMU does not open what we accept as ${format}: ${guessed}`)
      assert(mayBe.includes(guessed.format), `QEMU takes what we accept as ${format} for ${guessed.format}`)
      assertAlone(format, askQemu(name), found.virtualSize)
    }
    // It looks for a VHD at the beginning, where a fixed one has nothing of its own.
    const expected = format === 'vhd' && one.base === 'vhd fixed' ? ['raw'] : osloNames[format]
    if (oslo === undefined || expected === undefined || found.warnings.length > 0) continue
    assert(expected.includes(oslo), `oslo.utils says of what we accept as ${format}: ${oslo}`)
  }
}

function assertAlone(format: ImageFormat, info: QemuInfo | string, virtualSize: number | undefined): void {
  assert(typeof info === 'object', `QEMU does not open as ${format} what we accept: ${info}`)
  assert(info['backing-filename'] === undefined, `QEMU reads ${info['backing-filename']}`)
  assert(info.encrypted !== true, `QEMU asks for a key of what we accept as ${format}`)
  const data = info['format-specific']?.data ?? {}
  assert(data['data-file'] === undefined, `QEMU reads ${data['data-file']}`)
  const extents = Array.isArray(data.extents) ? data.extents : []
  assert(
    extents.every((extent) => extent.filename === file),
    `QEMU reads ${JSON.stringify(extents)}`,
  )
  if (virtualSize === undefined) return
  // QEMU may read a smaller size from the geometry of a VHD; it counts in sectors.
  if (format === 'vhd') {
    assert(info['virtual-size'] <= virtualSize, `QEMU sees a larger disk than we do (${format})`)
    return
  }
  const sectors = virtualSize / 512
  const size = 512 * (format === 'qcow2' ? Math.floor(sectors) : Math.ceil(sectors))
  assert.strictEqual(info['virtual-size'], size, `QEMU sees a disk of another size than we do (${format})`)
}

export const headers: Target<HeaderCase> = {
  name: 'headers',
  missing: [
    ...(hasQemu ? [] : ['qemu-img, which is not installed']),
    ...(hasOslo ? [] : ['format_inspector of oslo.utils, which Python does not have here']),
  ],
  cases,
  check,
  kept: [
    // A NUL in front of the descriptor, and before its extent.
    kept('vmdk stream', { at: 510, number: 0, width: 4, order: 'BE' }),
    kept('vmdk stream', { at: 604, number: 0, width: 4, order: 'BE' }),
    // The end's marker of a stream, and where data begins.
    kept('vmdk stream', { at: -452, number: 65_536, width: 4, order: 'BE' }),
    kept('vmdk', { at: 64, number: 72, width: 4, order: 'BE' }),
    { ...kept('vmdk'), lines: [{ at: 3, text: '# comment' }] },
    // The length of the end of the extensions, and a size in no whole sectors.
    kept('qcow2 of large clusters', { at: 116, number: 2 ** 31 - 1, width: 4, order: 'BE' }),
    kept('qcow2 of large clusters', { at: 31, number: 6, width: 4, order: 'LE' }),
    // A block behind the end of the file, and a geometry beyond the table.
    { ...kept('vhd', { at: -1024, number: 0, width: 4, order: 'BE' }), isSummed: true },
    { ...kept('vhd', { at: 56, number: 16_842_785, width: 4, order: 'LE' }), isSummed: true },
    kept('iso', { cut: 2049 }),
    // A partition's flag, and the place of a GPT.
    kept('raw', { at: 446, number: 2 ** 24, width: 4, order: 'BE' }),
    kept('gpt', { at: 446, number: 0, width: 4, order: 'BE' }),
  ],
  batch: 50,
}
