import { describe, expect, it } from 'vitest'
import type { ImageFormat } from '../../src/image.ts'
import { Inspector } from '../../src/transfer/inspect.ts'
import {
  makeBytes,
  makeIso,
  makeQcow2,
  makeRaw,
  makeVdi,
  makeVhd,
  makeVmdk,
  makeVmdkDescriptor,
  type VmdkOptions,
} from '../support/images.ts'
import { inspect, verdict } from './inspection.ts'

const gib = 2 ** 30
const mib = 2 ** 20

const text = (content: string, encoding: BufferEncoding = 'latin1') =>
  new Uint8Array(Buffer.from(content, encoding))

/** `content` at the start of what could otherwise be a raw disk. */
const startingWith = (content: string, size = 4096) =>
  makeRaw({ size, patch: (image) => image.write(content, 0, 'latin1') })

const setU32be = (offset: number, value: number) => (image: Buffer) => void image.writeUInt32BE(value, offset)
const setU8 = (offset: number, value: number) => (image: Buffer) => void image.writeUInt8(value, offset)
const setU64be = (offset: number, value: bigint) => (image: Buffer) =>
  void image.writeBigUInt64BE(value, offset)
const setU32le = (offset: number, value: number) => (image: Buffer) => void image.writeUInt32LE(value, offset)
const setU64le = (offset: number, value: bigint) => (image: Buffer) =>
  void image.writeBigUInt64LE(value, offset)

describe('images that are what they are declared to be', () => {
  const accepted: [string, ImageFormat, Uint8Array, number | undefined][] = [
    ['qcow2 version 3', 'qcow2', makeQcow2(), gib],
    ['qcow2 version 2', 'qcow2', makeQcow2({ version: 2 }), gib],
    ['qcow2 with a short header', 'qcow2', makeQcow2({ patch: setU32be(100, 104) }), gib],
    ['qcow2 with clusters of 512 bytes', 'qcow2', makeQcow2({ clusterBits: 9, virtualSize: mib }), mib],
    ['qcow2 with clusters of 2 MiB', 'qcow2', makeQcow2({ clusterBits: 21 }), gib],
    ['qcow2 larger than what is kept', 'qcow2', makeQcow2({ size: 3 * mib }), gib],
    [
      'qcow2 compressed by zstd',
      'qcow2',
      makeQcow2({ incompatible: 8n, patch: (i) => i.writeUInt8(1, 104) }),
      gib,
    ],
    [
      'qcow2 with extended L2 entries',
      'qcow2',
      makeQcow2({ incompatible: 16n, virtualSize: mib, clusterBits: 16 }),
      mib,
    ],
    [
      'qcow2 with other header extensions',
      'qcow2',
      makeQcow2({
        extensions: [
          { type: 0x6803f857, data: new Uint8Array(47) },
          { type: 1, data: new Uint8Array() },
        ],
      }),
      gib,
    ],
    ['vmdk', 'vmdk', makeVmdk(), gib],
    [
      'vmdk as a stream with a footer',
      'vmdk',
      makeVmdk({ createType: 'streamOptimized', footer: true }),
      gib,
    ],
    ['dynamic vhd', 'vhd', makeVhd(), gib],
    ['fixed vhd', 'vhd', makeVhd({ type: 'fixed', virtualSize: 64 * 1024 }), 64 * 1024],
    ['vdi', 'vdi', makeVdi(), gib],
    ['fixed vdi', 'vdi', makeVdi({ patch: setU32le(76, 2) }), gib],
    ['iso', 'iso', makeIso(), 36864],
    ['hybrid iso', 'iso', makeIso({ hybrid: true }), 36864],
    ['raw', 'raw', makeRaw(), 65536],
    ['a kernel', 'aki', startingWith('MZ'), undefined],
    ['a compressed ramdisk', 'ari', startingWith('\x1f\x8b\x08'), undefined],
    ['a machine image', 'ami', makeBytes(2048), undefined],
  ]
  it.each(accepted)('%s', (_name, format, image, virtualSize) => {
    const facts = virtualSize === undefined ? { warnings: [] } : { virtualSize, warnings: [] }
    expect(inspect(format, image)).toEqual(facts)
  })

  it('says that a qcow2 image is dirty', () => {
    expect(inspect('qcow2', makeQcow2({ incompatible: 1n })).warnings).toEqual([
      expect.stringContaining('marked dirty'),
    ])
  })

  it('says that a raw disk is an ISO as well', () => {
    expect(inspect('raw', makeIso({ hybrid: true })).warnings).toEqual([
      expect.stringContaining('hybrid ISO'),
    ])
  })
})

describe('qcow2 images that are refused', () => {
  const refused: [string, Uint8Array, RegExp][] = [
    ['another magic', makeBytes(4096), /^IMAGE_FORMAT: .*does not have that format's signature/],
    ['version 1', makeQcow2({ patch: setU32be(4, 1) }), /^IMAGE_FORMAT: .*version 1/],
    ['version 4', makeQcow2({ patch: setU32be(4, 4) }), /^IMAGE_FORMAT: .*version 4/],
    ['backing file', makeQcow2({ backingFile: '/etc/passwd' }), /^IMAGE_UNSAFE: .*backing file/],
    [
      'backing file in version 2',
      makeQcow2({ version: 2, backingFile: 'base' }),
      /^IMAGE_UNSAFE: .*backing file/,
    ],
    ['backing offset alone', makeQcow2({ patch: setU64be(8, 1n << 63n) }), /^IMAGE_UNSAFE: .*backing file/],
    ['backing length alone', makeQcow2({ patch: setU32be(16, 4) }), /^IMAGE_UNSAFE: .*backing file/],
    ['data file feature', makeQcow2({ incompatible: 4n }), /^IMAGE_UNSAFE: .*external file/],
    ['data file extension', makeQcow2({ dataFile: '/dev/sda' }), /^IMAGE_UNSAFE: .*external data file/],
    [
      'data file extension in version 2',
      makeQcow2({ version: 2, dataFile: 'x' }),
      /^IMAGE_UNSAFE: .*data file/,
    ],
    [
      'data file extension behind another',
      makeQcow2({
        extensions: [
          { type: 7, data: new Uint8Array(3) },
          { type: 0x44415441, data: new Uint8Array(9) },
        ],
      }),
      /^IMAGE_UNSAFE: .*data file/,
    ],
    ['data file in both ways', makeQcow2({ incompatible: 4n, dataFile: 'x' }), /^IMAGE_UNSAFE: .*external/],
    ['unknown feature', makeQcow2({ incompatible: 32n }), /^IMAGE_UNSAFE: .*bits 0x20\)/],
    ['highest feature', makeQcow2({ incompatible: 1n << 63n }), /^IMAGE_UNSAFE: .*bits 0x8000000000000000\)/],
    ['corrupt', makeQcow2({ incompatible: 2n }), /^IMAGE_FORMAT: .*marked corrupt/],
    ['AES', makeQcow2({ patch: setU32be(32, 1) }), /^IMAGE_UNSAFE: .*encrypted/],
    ['LUKS', makeQcow2({ patch: setU32be(32, 2) }), /^IMAGE_UNSAFE: .*encrypted/],
    ['small clusters', makeQcow2({ patch: setU32be(20, 8) }), /^IMAGE_FORMAT: .*2\^8 bytes/],
    ['large clusters', makeQcow2({ patch: setU32be(20, 22) }), /^IMAGE_FORMAT: .*2\^22 bytes/],
    ['shift overflow', makeQcow2({ patch: setU32be(20, 44) }), /^IMAGE_FORMAT: .*2\^44 bytes/],
    ['short header', makeQcow2({ patch: setU32be(100, 96) }), /^IMAGE_FORMAT: .*header length of 96/],
    ['odd header', makeQcow2({ patch: setU32be(100, 108) }), /^IMAGE_FORMAT: .*header length of 108/],
    ['long header', makeQcow2({ patch: setU32be(100, 4104) }), /^IMAGE_FORMAT: .*header length of 4104/],
    [
      'type without feature',
      makeQcow2({ patch: (i) => i.writeUInt8(1, 104) }),
      /^IMAGE_FORMAT: .*compression type/,
    ],
    ['feature without type', makeQcow2({ incompatible: 8n }), /^IMAGE_FORMAT: .*compression type/],
    [
      'extension past the cluster',
      makeQcow2({ patch: setU64be(112, 0x1_ffff_fff0n) }),
      /^IMAGE_FORMAT: .*header extension/,
    ],
    ['no size', makeQcow2({ patch: setU64be(24, 0n) }), /^IMAGE_FORMAT: .*virtual size of 0 bytes/],
    ['absurd size', makeQcow2({ patch: setU64be(24, 1n << 63n) }), /^IMAGE_FORMAT: .*L1 table/],
    ['L1 table too short', makeQcow2({ patch: setU32be(36, 511) }), /^IMAGE_FORMAT: .*L1 table of 511/],
    [
      'L1 table too long',
      makeQcow2({ patch: setU32be(36, 0xffffffff) }),
      /^IMAGE_FORMAT: .*L1 table of 4294967295/,
    ],
    ['L1 table at 0', makeQcow2({ patch: setU64be(40, 0n) }), /^IMAGE_FORMAT: .*L1 table at/],
    ['L1 table between clusters', makeQcow2({ patch: setU64be(40, 12289n) }), /^IMAGE_FORMAT: .*L1 table at/],
    [
      'L1 table past the end',
      makeQcow2({ patch: setU64be(40, 1n << 40n) }),
      /^IMAGE_FORMAT: .*ends .*L1 table/,
    ],
    ['no refcount table', makeQcow2({ patch: setU32be(56, 0) }), /^IMAGE_FORMAT: .*refcount table/],
    [
      'refcount table past the end',
      makeQcow2({ patch: setU64be(48, 1n << 62n) }),
      /^IMAGE_FORMAT: .*refcount/,
    ],
    ['only a magic', makeQcow2().slice(0, 4), /^IMAGE_FORMAT: .*ends after 4 bytes/],
    ['half a header', makeQcow2().slice(0, 100), /^IMAGE_FORMAT: .*ends after 100 bytes/],
    ['only a header', makeQcow2().slice(0, 4096), /^IMAGE_FORMAT: .*ends after 4096 bytes/],
    ['a byte short of its L1 table', makeQcow2().slice(0, -1), /^IMAGE_FORMAT: .*L1 table/],
  ]
  it.each(refused)('%s', (_name, image, expected) => {
    expect(verdict('qcow2', image)).toMatch(expected)
  })
})

describe('vmdk images that are refused', () => {
  const extent = (line: string) => makeVmdk({ extents: [line] })
  const refused: [string, Uint8Array, RegExp][] = [
    ['another magic', makeBytes(4096), /^IMAGE_FORMAT: .*signature/],
    ['a descriptor alone', text(makeVmdkDescriptor()), /^IMAGE_UNSAFE: .*descriptor alone/],
    [
      'a descriptor in disguise',
      text('# a comment\n\n  \n# another\nversion=1\nRW 8 FLAT "/etc/passwd" 0\n'),
      /^IMAGE_UNSAFE: .*descriptor alone/,
    ],
    ['version 4', makeVmdk({ patch: setU32le(4, 4) }), /^IMAGE_FORMAT: .*version 4/],
    ['no capacity', makeVmdk({ patch: setU64le(12, 0n) }), /^IMAGE_UNSAFE: .*capacity of 0/],
    ['absurd capacity', makeVmdk({ patch: setU64le(12, 1n << 63n) }), /^IMAGE_FORMAT: .*virtual size/],
    ['no descriptor', makeVmdk({ patch: setU64le(28, 0n) }), /^IMAGE_UNSAFE: .*several files/],
    ['no descriptor length', makeVmdk({ patch: setU64le(36, 0n) }), /^IMAGE_UNSAFE: .*several files/],
    ['descriptor elsewhere', makeVmdk({ patch: setU64le(28, 9n) }), /^IMAGE_UNSAFE: .*sector 9/],
    ['endless descriptor', makeVmdk({ patch: setU64le(36, 1n << 62n) }), /^IMAGE_FORMAT: .*descriptor of/],
    ...[
      'monolithicFlat',
      'twoGbMaxExtentSparse',
      'twoGbMaxExtentFlat',
      'vmfs',
      'vmfsSparse',
      'fullDevice',
      'custom',
      '',
    ].map((createType): [string, Uint8Array, RegExp] => [
      `createType "${createType}"`,
      makeVmdk({ createType }),
      new RegExp(`^IMAGE_UNSAFE: .*createType "${createType}"`),
    ]),
    [
      'a second createType',
      makeVmdk({ lines: ['CreateType = "vmfs"'] }),
      /^IMAGE_UNSAFE: .*createType "vmfs"/,
    ],
    [
      'no createType',
      makeVmdk({ patch: (image) => image.write('#', image.indexOf('createType')) }),
      /^IMAGE_UNSAFE: .*does not say its createType/,
    ],
    ['no extent', makeVmdk({ extents: [] }), /^IMAGE_UNSAFE: .*0 extents/],
    [
      'two extents',
      makeVmdk({ extents: ['RW 1 SPARSE "a.vmdk"', 'rdonly 1 SPARSE "b.vmdk"'] }),
      /^IMAGE_UNSAFE: .*2 extents/,
    ],
    [
      'an extent behind a NUL',
      makeVmdk({ extents: ['RW 1 SPARSE "a.vmdk"', '\0RW 1 FLAT "/etc/passwd" 0'] }),
      /^IMAGE_UNSAFE: .*2 extents/,
    ],
    ...['FLAT', 'ZERO', 'VMFS', 'VMFSSPARSE', 'VMFSRDM', 'VMFSRAW'].map(
      (type): [string, Uint8Array, RegExp] => [
        `an extent of type ${type}`,
        extent(`RW 8 ${type} "disk.vmdk" 0`),
        new RegExp(`^IMAGE_UNSAFE: .*extent of type "${type}"`),
      ],
    ),
    ['an absolute path', extent('RW 8 SPARSE "/etc/passwd"'), /^IMAGE_UNSAFE: .*path/],
    ['a relative path', extent('RW 8 SPARSE "../disk.vmdk"'), /^IMAGE_UNSAFE: .*path/],
    ['a Windows path', extent('RW 8 SPARSE "C:\\disk.vmdk"'), /^IMAGE_UNSAFE: .*path/],
    ['an extent without a name', extent('RW 8 SPARSE'), /^IMAGE_UNSAFE: .*malformed/],
    ['an extent with two names', extent('RW 8 SPARSE "a" "b"'), /^IMAGE_UNSAFE: .*malformed/],
    ['a malformed extent', extent('RW x SPARSE "a"'), /^IMAGE_UNSAFE: .*extent of type ""/],
    ['a parent', makeVmdk({ parentCid: '12345678' }), /^IMAGE_UNSAFE: .*parent disk/],
    [
      'a hint at a parent',
      makeVmdk({ lines: ['parentFileNameHint="/srv/base.vmdk"'] }),
      /^IMAGE_UNSAFE: .*another file by parentFileNameHint/,
    ],
    [
      'a hint past the declared length, where readers still look',
      makeVmdk({
        patch: (image) => {
          image.writeBigUInt64LE(2n, 36)
          image.write('\nparentFileNameHint="x"\n', 4096)
        },
      }),
      /^IMAGE_UNSAFE: .*parentFileNameHint/,
    ],
    [
      'change tracking',
      makeVmdk({ lines: ['changeTrackPath="x-ctk.vmdk"'] }),
      /^IMAGE_UNSAFE: .*changeTrackPath/,
    ],
    [
      'a directory past the end',
      makeVmdk({ patch: setU64le(56, 1n << 60n) }),
      /^IMAGE_FORMAT: .*grain directory/,
    ],
    ['half a header', makeVmdk().slice(0, 60), /^IMAGE_FORMAT: .*ends after 60 bytes/],
    ['only a header', makeVmdk().slice(0, 512), /^IMAGE_FORMAT: .*end of its descriptor/],
    ['a stream without its footer', makeVmdk({ footer: true }).slice(0, -512), /^IMAGE_FORMAT: .*footer/],
    [
      'a footer of another disk',
      makeVmdk({ footer: true, patch: (i) => void i.writeBigUInt64LE(9n, i.length - 1024 + 28) }),
      /^IMAGE_UNSAFE: .*footer that contradicts/,
    ],
  ]
  it.each(refused)('%s', (_name, image, expected) => {
    expect(verdict('vmdk', image)).toMatch(expected)
  })
})

describe('vhd and vdi images that are refused', () => {
  const atEnd = (offset: number, value: number) => (image: Buffer) =>
    void image.writeUInt32BE(value, image.length - 512 + offset)
  const refused: [string, ImageFormat, Uint8Array, RegExp][] = [
    ['no footer', 'vhd', makeBytes(4096), /^IMAGE_FORMAT: .*signature/],
    ['less than a footer', 'vhd', makeBytes(100), /^IMAGE_FORMAT: .*signature/],
    ['differencing vhd', 'vhd', makeVhd({ type: 'differencing' }), /^IMAGE_UNSAFE: .*differencing/],
    ['differencing by its end', 'vhd', makeVhd({ patch: atEnd(60, 4) }), /^IMAGE_UNSAFE: .*differencing/],
    ['unknown vhd type', 'vhd', makeVhd({ patch: setU32be(60, 6) }), /^IMAGE_FORMAT: .*disk type 6/],
    ['another size at the end', 'vhd', makeVhd({ patch: atEnd(48, 1) }), /^IMAGE_UNSAFE: .*contradicts/],
    ['cut vhd', 'vhd', makeVhd().slice(0, -1), /^IMAGE_FORMAT: .*before the end of its footer/],
    ['vhd header alone', 'vhd', makeVhd().slice(0, 512), /^IMAGE_FORMAT: .*no dynamic disk header/],
    [
      'vhd header far away',
      'vhd',
      makeVhd({ patch: setU64be(16, 1n << 60n) }),
      /^IMAGE_FORMAT: .*impossible place/,
    ],
    ['vhd parent identifier', 'vhd', makeVhd({ patch: setU32be(512 + 52, 1) }), /^IMAGE_UNSAFE: .*parent/],
    [
      'vhd parent locator',
      'vhd',
      makeVhd({ patch: setU32be(512 + 576 + 168, 1) }),
      /^IMAGE_UNSAFE: .*parent/,
    ],
    [
      'fixed vhd of another type',
      'vhd',
      makeVhd({ type: 'fixed', virtualSize: 4096, patch: atEnd(60, 3) }),
      /^IMAGE_FORMAT: .*fixed disk .*type 3/,
    ],
    [
      'fixed vhd without its start',
      'vhd',
      makeVhd({ type: 'fixed', virtualSize: 4096 }).slice(512),
      /^IMAGE_FORMAT: .*before the end of its disk/,
    ],
    ['vhdx as vhd', 'vhd', startingWith('vhdxfile'), /^IMAGE_FORMAT: .*VHDX/],
    ['no vdi signature', 'vdi', makeBytes(4096), /^IMAGE_FORMAT: .*signature/],
    ['vdi version 0', 'vdi', makeVdi({ patch: setU32le(68, 1) }), /^IMAGE_FORMAT: .*version 0/],
    ['undo vdi', 'vdi', makeVdi({ patch: setU32le(76, 3) }), /^IMAGE_UNSAFE: .*differencing/],
    ['differencing vdi', 'vdi', makeVdi({ patch: setU32le(76, 4) }), /^IMAGE_UNSAFE: .*differencing/],
    ['unknown vdi type', 'vdi', makeVdi({ patch: setU32le(76, 9) }), /^IMAGE_FORMAT: .*type 9/],
    ['linked vdi', 'vdi', makeVdi({ patch: setU32le(424, 1) }), /^IMAGE_UNSAFE: .*parent/],
    ['vdi with a parent', 'vdi', makeVdi({ patch: setU32le(452, 1) }), /^IMAGE_UNSAFE: .*parent/],
    ['vdi without its blocks', 'vdi', makeVdi({ patch: setU32le(388, 1) }), /^IMAGE_FORMAT: .*blocks/],
    ['short vdi', 'vdi', makeVdi().slice(0, 450), /^IMAGE_FORMAT: .*ends after 450 bytes/],
    ['no volume', 'iso', makeRaw(), /^IMAGE_FORMAT: .*declared as iso .*signature/],
    ['cut iso', 'iso', makeIso().slice(0, 0x8003), /^IMAGE_FORMAT: .*declared as iso .*signature/],
  ]
  it.each(refused)('%s', (_name, format, image, expected) => {
    expect(verdict(format, image)).toMatch(expected)
  })
})

describe('files that are something else', () => {
  const formats: readonly ImageFormat[] = ['aki', 'ari', 'ami', 'raw', 'iso', 'vhd', 'vdi', 'qcow2', 'vmdk']

  const pages: [string, Uint8Array, string][] = [
    ['a page', text('<!DOCTYPE html><title>404</title>'), 'an HTML page'],
    ['a page without doctype', text('<HTML lang="en">'), 'an HTML page'],
    [
      'a page after white space',
      text('\n\t  <!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">'),
      'an HTML page',
    ],
    ['a page after a comment', text('<!-- proxy --><html>'), 'an HTML page'],
    ['a page after a byte order mark', text('\ufeff<html>', 'utf8'), 'an HTML page'],
    ['a page in UTF-16', text('\ufeff<html><body>', 'utf16le'), 'an HTML page'],
    ['an S3 error', text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), 'an XML document'],
    ['a bare S3 error', text('<Error><Code>NoSuchKey</Code></Error>'), 'an XML document'],
    ['a JSON error', text('{"error": "not found"}'), 'a JSON document'],
    ['a JSON list', text(' [\n {"errors": []}]'), 'a JSON document'],
  ]
  it.each(pages)('%s is no image of any format', (_name, page, what) => {
    for (const format of formats) {
      expect(verdict(format, page)).toBe(
        `IMAGE_FORMAT: The image is declared as ${format} but starts with ${what}`,
      )
    }
  })

  it.each(formats)('an empty file is no %s image', (format) => {
    expect(verdict(format, new Uint8Array())).toBe('IMAGE_FORMAT: The image is empty')
  })

  const disks: [ImageFormat, Uint8Array][] = [
    ['qcow2', makeQcow2()],
    ['vmdk', makeVmdk()],
    ['vhd', makeVhd()],
    ['vdi', makeVdi()],
  ]
  it.each(disks)('a %s disk is refused under every other format', (actual, image) => {
    for (const format of ['qcow2', 'vmdk', 'vhd', 'vdi', 'raw', 'iso'] as const) {
      if (format === actual) continue
      expect(verdict(format, image)).toMatch(
        new RegExp(`^IMAGE_FORMAT: .*declared as ${format} but starts with a ${actual} disk`, 'i'),
      )
    }
  })

  const contents: [string, string][] = [
    ['COWD', 'ESX sparse extent'],
    ['vhdxfile', 'VHDX'],
    ['QED\0', 'QED'],
    ['LUKS\xba\xbe', 'LUKS'],
    ['WithoutFreeSpace', 'Parallels'],
    ['WithouFreSpacExt', 'Parallels'],
    ['Bochs Virtual HD Image', 'Bochs'],
    ['#!/bin/sh\n#V2.0 Format\n', 'cloop'],
    ['\x1f\x8b\x08', 'gzip'],
    ['\xfd7zXZ\0', 'xz'],
    ['BZh9', 'bzip2'],
    ['\x28\xb5\x2f\xfd', 'zstd'],
    ['PK\x03\x04', 'zip'],
    ["7z\xbc\xaf'\x1c", '7z'],
    ['# Disk DescriptorFile\nversion=1\n', 'VMDK descriptor'],
    ['\n# x\nversion=3\n', 'VMDK descriptor'],
  ]
  it.each(contents)('%j is refused as raw and as qcow2', (start, what) => {
    for (const format of ['raw', 'qcow2'] as const) {
      expect(verdict(format, startingWith(start))).toMatch(
        new RegExp(`^IMAGE_FORMAT: .*starts with .*${what}`),
      )
    }
  })

  it('refuses a tar archive as raw', () => {
    const archive = makeRaw({ patch: (image) => image.write('ustar', 257) })
    expect(verdict('raw', archive)).toMatch(/^IMAGE_FORMAT: .*tar archive/)
  })

  it('refuses an ISO as raw unless it is a disk too', () => {
    expect(verdict('raw', makeIso())).toMatch(/^IMAGE_FORMAT: .*ISO 9660/)
  })

  it('refuses a fixed VHD disk as raw', () => {
    const patch = (image: Buffer) => image.set(makeRaw().subarray(0, 512))
    const image = makeVhd({ type: 'fixed', virtualSize: 4096, patch })
    expect(verdict('raw', image)).toMatch(/^IMAGE_FORMAT: .*VHD/)
  })

  it('refuses a disk that is two formats at once', () => {
    const both = makeIso({ patch: (image) => image.set(makeQcow2().subarray(0, 512)) })
    expect(verdict('iso', both)).toMatch(/^IMAGE_FORMAT: .*qcow2/)
    const qcow2AndVdi = makeQcow2({ patch: setU32be(64, 0x7f10dabe) })
    expect(verdict('qcow2', qcow2AndVdi)).toMatch(/^IMAGE_FORMAT: .*VDI/)
  })
})

/** Bytes that are no disk, but for `characters` at `offset`. */
const only = (offset: number, characters: string, size = 2 * mib) => {
  const image = makeBytes(size, 3)
  image.set(Buffer.from(characters, 'latin1'), offset)
  return image
}

const fat = only(
  0,
  `\xeb\x3c\x90mkfs.fat\0\x02\x04\x04\0\x02\0\x02\0\0\xf8`.padEnd(510, '\x07').concat('\x55\xaa'),
)
const sun = only(0, '\x11\x22'.repeat(2).padEnd(508, '\0').concat('\xda\xbe\xda\xbe'))
const ext4 = (() => {
  const image = Buffer.from(only(1080, '\x53\xef'))
  image.writeUInt32LE(65_536, 1024)
  image.writeUInt32LE(2, 1048)
  image.writeUInt32LE(1, 1100)
  return image
})()

describe('a raw image', () => {
  const disks: [string, Uint8Array][] = [
    ['with a boot record', makeRaw({ size: 2 * mib, seed: 3 })],
    ['that is one FAT', fat],
    ['with a GPT alone', only(512, 'EFI PART')],
    ['with a GPT in sectors of 4 KiB', only(4096, 'EFI PART')],
    ['with a BSD label', only(512, 'WEV\x82')],
    ['with a Sun label', sun],
    ['that is a physical volume of LVM', only(512, 'LABELONE')],
    ['that is one ext4', ext4],
    ['that is one XFS', only(0, 'XFSB')],
    ['that is one Btrfs', only(0x10040, '_BHRfS_M')],
    ['that is one F2FS', only(1024, '\x10\x20\xf5\xf2')],
    ['that is one UFS2', only(65536 + 1372, '\x19\x01\x54\x19')],
    ['that is one UFS1 of a big-endian machine', only(8192 + 1372, '\0\x01\x19\x54')],
    ['that is one ZFS', only(131 * 1024, '\x0c\xb1\xba\0\0\0\0\0')],
    ['that is one ZFS, by its second label', only(511 * 1024, '\0\0\0\0\0\xba\xb1\x0c')],
  ]
  it.each(disks)('%s is a disk', (_, image) => {
    expect(verdict('raw', image)).toEqual({ virtualSize: 2 * mib, warnings: [] })
  })

  it.each<[string, (image: Buffer) => void, RegExp]>([
    ['a flag that there is not beside one', setU8(462, 1), /impossible flag/],
    ['a GPT and more', (image) => setU8(450, 0xee)(image) || setU8(466, 7)(image), /beside that of a GPT/],
    [
      'a GPT that is not the first',
      (image) => setU8(450, 0)(image) || setU8(466, 0xee)(image) || setU8(474, 1)(image),
      /beside/,
    ],
    ['a GPT at an odd place', setU8(450, 0xee), /unusual place/],
  ])('whose boot record has %s is one with a warning', (_, patch, expected) => {
    expect(inspect('raw', makeRaw({ patch })).warnings).toEqual([expect.stringMatching(expected)])
  })

  it('with the protective partition of a GPT has no warning', () => {
    const protective = '\0\0\x02\0\xee\xff\xff\xff\x01\0\0\0\xff\xff\xff\xff'
    const image = makeRaw({ patch: (bytes) => bytes.write(protective, 446, 'latin1') })
    expect(inspect('raw', image).warnings).toEqual([])
  })

  it.each([1024, 3 * mib])('of %d zeros is one with a warning', (size) => {
    const [warning] = inspect('raw', new Uint8Array(size)).warnings
    expect(warning).toMatch(/begins with zeros, .*: no machine can start/)
  })

  it('whose first sign may lie behind 32 KiB of zeros is one with a warning', () => {
    const image = Buffer.concat([Buffer.alloc(2 ** 15), makeBytes(mib)])
    expect(inspect('raw', image).warnings).toHaveLength(1)
  })

  const others: [string, Uint8Array][] = [
    ['any bytes', makeBytes(4096)],
    ['any bytes with those of a boot record', only(510, '\x55\xaa', 4096)],
    ['a boot record without a partition', makeRaw({ patch: (image) => image.fill(0, 446, 510) })],
    ['a partition without a length', makeRaw({ patch: (image) => image.fill(0, 458, 462) })],
    ['a partition with an impossible flag', makeRaw({ patch: setU8(446, 1) })],
    ['a Linux kernel', makeRaw({ patch: (image) => image.write('HdrS', 514) })],
    ['a Sun label that does not sum up', only(508, '\xda\xbe', 4096)],
    ['a superblock of ext4 with impossible numbers', only(1080, '\x53\xef', 4096)],
    ['zeros and any bytes behind them', Buffer.concat([Buffer.alloc(2 ** 15 - 512), makeBytes(4096)])],
    ['one byte', new Uint8Array([1])],
    ['compress data', only(0, '\x1f\x9d\x90')],
    ['LZMA data', only(0, '\x5d\0\0\x80\0')],
    ['zlib data', only(0, '\x78\x9c')],
    ['a cpio archive', only(0, '070701')],
    ['a squashfs', only(0, 'hsqs')],
    ['no whole sectors', makeRaw({ size: 4097 })],
    ['zeros that are no whole sectors', new Uint8Array(10)],
  ]
  it.each(others)('of %s is refused unless it is allowed', (_, image) => {
    expect(verdict('raw', image)).toMatch(/^IMAGE_FORMAT: The image is declared as raw but is no disk: /)
    expect(verdict('raw', image, { allowUnknownRaw: true })).toMatchObject({ virtualSize: image.length })
  })

  it('that is allowed all the same has a warning', () => {
    const { warnings } = inspect('raw', makeBytes(4096), { allowUnknownRaw: true })
    expect(warnings).toEqual([expect.stringMatching(/^The raw image may be no disk: it has no boot record/)])
  })

  const never: [string, Uint8Array, RegExp][] = [
    ['text', text('Not Found\n'), /starts with text$/],
    ['text in UTF-8', text('Nicht gefunden: Prüfsumme\n'.repeat(80), 'utf8'), /starts with text$/],
    [
      'a Git LFS pointer',
      text(`version https://git-lfs.github.com/spec/v1\noid sha256:${'7'.repeat(64)}\n`),
      /LFS/,
    ],
    ['lz4', startingWith('\x04\x22\x4d\x18'), /lz4/],
    ['legacy lz4', startingWith('\x02\x21\x4c\x18'), /lz4/],
    ['lzip', startingWith('LZIP\x01'), /lzip/],
    ['lzop', startingWith('\x89LZO\0'), /lzop/],
    ['a skippable frame', startingWith('\x5a\x2a\x4d\x18'), /skippable frame/],
    ['an Android sparse image', startingWith('\x3a\xff\x26\xed'), /Android sparse/],
    ['rar', startingWith('Rar!\x1a\x07\x01'), /rar archive/],
  ]
  it.each(never)('of %s is refused whatever is allowed', (_, image, what) => {
    expect(verdict('raw', image, { allowUnknownRaw: true })).toMatch(what)
  })
})

const isoWithin = makeQcow2({
  size: 0x9000,
  clusterBits: 16,
  patch: (image) => void image.write('CD001', 0x8001),
})

describe('what QEMU or an image service would refuse or misread is refused', () => {
  const extension = (type: number, length: number) => ({
    extensions: [{ type, data: new Uint8Array(length) }],
  })
  const bitmaps = (count: number, offset: bigint) =>
    makeQcow2({
      extensions: [{ type: 0x23852875, data: new Uint8Array(24) }],
      patch: (image) => {
        image.writeUInt8(1, 95)
        image.writeUInt32BE(count, 120)
        image.writeBigUInt64BE(64n, 128)
        image.writeBigUInt64BE(offset, 136)
      },
    })

  it.each<[string, Uint8Array, RegExp]>([
    ['an encryption header', makeQcow2(extension(0x0537be77, 16)), /^IMAGE_UNSAFE: .*encryption header/],
    ['a long backing format', makeQcow2(extension(0xe2792aca, 16)), /^IMAGE_FORMAT: .*backing format/],
    ['bitmaps of another length', makeQcow2(extension(0x23852875, 16)), /^IMAGE_FORMAT: .*bitmaps/],
    ['no bitmap', bitmaps(0, 4096n), /^IMAGE_FORMAT: .*0 bitmaps/],
    ['bitmaps at an odd place', bitmaps(1, 4097n), /^IMAGE_FORMAT: .*bitmap directory/],
    ['bitmaps behind the end', bitmaps(1, 1n << 40n), /^IMAGE_FORMAT: .*bitmap directory/],
    ['too many snapshots', makeQcow2({ patch: setU32be(60, 65_537) }), /^IMAGE_FORMAT: .*65537 snapshots/],
    ['snapshots at an odd place', makeQcow2({ patch: setU64be(64, 7n) }), /^IMAGE_FORMAT: .*snapshots/],
    [
      'snapshots behind the end',
      makeQcow2({ patch: (image) => setU32be(60, 1)(image) || setU64be(64, 1n << 40n)(image) }),
      /^IMAGE_FORMAT: .*snapshot table/,
    ],
    ['reference counts of 128 bits', makeQcow2({ patch: setU32be(96, 7) }), /^IMAGE_FORMAT: .*2\^7 bits/],
    [
      'extended L2 entries with small clusters',
      makeQcow2({ incompatible: 16n, virtualSize: mib, clusterBits: 12 }),
      /^IMAGE_FORMAT: .*extended L2/,
    ],
    [
      'version 2 with the bit of a data file',
      makeQcow2({ version: 2, patch: setU32be(76, 4) }),
      /^IMAGE_UNSAFE: .*version 2/,
    ],
    [
      'version 2 with an extension that is read as features',
      makeQcow2({ version: 2, ...extension(7, 8) }),
      /^IMAGE_UNSAFE: .*version 2/,
    ],
    [
      'an end of its extensions that is too long',
      makeQcow2({ patch: setU32be(116, 1 << 20) }),
      /^IMAGE_FORMAT: .*longer than its first cluster/,
    ],
    ['an ISO within', isoWithin, /^IMAGE_FORMAT: .*ISO 9660/],
    [
      'a boot record within',
      makeQcow2({ patch: (image) => image.write('\x55\xaa', 510, 'latin1') }),
      /^IMAGE_FORMAT: .*boot record/,
    ],
  ])('qcow2 with %s', (_, image, expected) => {
    expect(verdict('qcow2', image)).toMatch(expected)
  })

  it('takes bitmaps that are possible, or that count as out of date', () => {
    expect(verdict('qcow2', bitmaps(1, 4096n))).toMatchObject({ warnings: [] })
    expect(verdict('qcow2', makeQcow2(extension(0x23852875, 24)))).toMatchObject({ warnings: [] })
  })

  it.each<[string, VmdkOptions, RegExp]>([
    ['its extent behind a NUL', { lines: ['\0'] }, /behind a NUL/],
    ['its type behind a NUL', { parentCid: 'ffffffff\n\0' }, /does not say its createType/],
    [
      'no identity of a parent',
      { patch: (image) => void image.write('#', image.indexOf('parentCID')) },
      /does not say its parentCID/,
    ],
    ['a setting with a blank in its name', { lines: ['a b=c'] }, /not every reader takes: "a b=c"/],
    ['characters beyond ASCII', { lines: ['# \xe9'] }, /not every reader takes/],
    ['a parent in a comment', { lines: ['# parentFileNameHint="/etc/passwd"'] }, /parentFileNameHint/],
    [
      'a parent in a value',
      { lines: ['ddb.comment = "parentFileNameHint /etc/passwd"'] },
      /parentFileNameHint/,
    ],
    ['a parent without an equals sign', { lines: ['PARENTFILENAMEHINT'] }, /PARENTFILENAMEHINT/],
    ['a tracked file in a comment', { lines: ['#changeTrackPath="/etc/passwd"'] }, /changeTrackPath/],
    ["a parent's identity in a comment", { lines: ['#parentCID=12345678'] }, /parent disk/],
    ["a parent's identity that goes on", { parentCid: 'ffffffff0' }, /parent disk/],
    ["a parent's identity without an equals sign", { lines: ['parentCID 1'] }, /parent disk/],
    ['another type in a comment', { lines: ['# createType="monolithicFlat"'] }, /monolithicFlat/],
    ['another type beside the type', { createType: 'monolithicSparse" createType="vmfs' }, /createType/],
  ])('a vmdk whose descriptor has %s', (_, options, expected) => {
    expect(verdict('vmdk', makeVmdk(options))).toMatch(expected)
    expect(verdict('vmdk', makeVmdk(options))).toMatch(/^IMAGE_UNSAFE: /)
  })

  it.each<[string, ImageFormat, Uint8Array, RegExp]>([
    ['a vmdk without grains', 'vmdk', makeVmdk({ patch: setU64le(20, 0n) }), /0 sectors/],
    ['a vmdk with too large tables', 'vmdk', makeVmdk({ patch: setU32le(44, 513) }), /513 grains/],
    [
      'a vmdk that is cut before its data',
      'vmdk',
      makeVmdk({ patch: setU64le(64, 1n << 40n) }),
      /grain tables/,
    ],
    ...(
      [
        ["whose footer's marker has a size", 1536 - 8],
        ["whose footer's marker is filled", 1024 + 16],
        ["whose end's marker has a value", 512],
        ["whose end's marker is filled", 4],
      ] as const
    ).map(([what, fromEnd]): [string, ImageFormat, Uint8Array, RegExp] => [
      `a vmdk stream ${what}`,
      'vmdk',
      makeVmdk({ footer: true, patch: (image) => void image.writeUInt8(1, image.length - fromEnd) }),
      /damaged markers/,
    ]),
    [
      'a vmdk stream with a footer of a footer',
      'vmdk',
      makeVmdk({
        footer: true,
        patch: (image) => void image.fill(0xff, image.length - 968, image.length - 960),
      }),
      /leads to another one/,
    ],
    ['an iso that is cut in its first volume', 'iso', makeIso().slice(0, 17 * 2048 - 1), /first volume/],
    [
      'a vhd whose geometry is larger than its table',
      'vhd',
      makeVhd({ patch: setU32be(56, 0xfffe10ff) }),
      /do not fit/,
    ],
    [
      'a vhd that is cut in its blocks',
      'vhd',
      makeVhd({ patch: (image) => void image.writeUInt32BE(1 << 20, 1536) }),
      /end of its blocks/,
    ],
    ['a vdi of version 1.0', 'vdi', makeVdi({ patch: setU32le(68, 0x10000) }), /version 1\.0/],
    ['a vdi with other sectors', 'vdi', makeVdi({ patch: setU32le(360, 4096) }), /sectors of 4096/],
    ['a vdi with other blocks', 'vdi', makeVdi({ patch: setU32le(376, 4096) }), /blocks of 4096/],
    ['a vdi with blocks at an odd place', 'vdi', makeVdi({ patch: setU32le(344, 513) }), /impossible place/],
    ['a vdi with too few blocks', 'vdi', makeVdi({ patch: setU32le(384, 1) }), /1 blocks/],
    ['a vhd with a wrong checksum', 'vhd', makeVhd({ patch: setU32be(12, 3) }), /checksum is wrong/],
    ['a vhd that is cut in its table', 'vhd', makeVhd({ virtualSize: 2 ** 40 }).slice(0, -1024), /footer/],
  ])('%s', (_, format, image, expected) => {
    expect(verdict(format, image)).toMatch(expected)
    expect(verdict(format, image)).toMatch(/^IMAGE_FORMAT: /)
  })
})

describe('a kernel, a ramdisk or a machine image', () => {
  it.each(['aki', 'ari', 'ami'] as const)('%s may be packed, but is no other disk and no text', (format) => {
    expect(verdict(format, startingWith('\x04\x22\x4d\x18'))).toEqual({ warnings: [] })
    expect(verdict(format, makeQcow2())).toMatch(/starts with a qcow2 disk/)
    expect(verdict(format, text(makeVmdkDescriptor()))).toMatch(/starts with a VMDK descriptor/)
    expect(verdict(format, text('Not Found\n'))).toMatch(/starts with text/)
  })
})

describe('sizes', () => {
  const image = makeQcow2({ virtualSize: 10 * gib })

  it('warns of a disk that is larger than min_disk', () => {
    expect(inspect('qcow2', image, { minDisk: 8 })).toEqual({
      virtualSize: 10 * gib,
      warnings: ['The qcow2 image holds a disk of 10 GiB, which does not fit its min_disk of 8 GiB'],
    })
  })

  it('refuses it when it is strict', () => {
    expect(verdict('qcow2', image, { minDisk: 8, strict: true })).toMatch(
      /^IMAGE_TOO_LARGE: .*min_disk of 8 GiB/,
    )
  })

  it('is content with a disk of exactly min_disk', () => {
    expect(inspect('qcow2', image, { minDisk: 10, strict: true }).warnings).toEqual([])
  })

  it('shows that a single byte does not fit', () => {
    const larger = makeQcow2({ virtualSize: 10 * gib + 1 })
    expect(inspect('qcow2', larger, { minDisk: 10 }).warnings).toEqual([expect.stringContaining('10.01 GiB')])
  })

  it('takes a min_disk of 0 for none', () => {
    expect(inspect('qcow2', image, { minDisk: 0, strict: true }).warnings).toEqual([])
  })

  it('refuses a disk above the limit', () => {
    expect(verdict('qcow2', image, { maxVirtualSize: 10 * gib })).toMatchObject({ virtualSize: 10 * gib })
    expect(verdict('qcow2', image, { maxVirtualSize: 10 * gib - 1 })).toMatch(/^IMAGE_TOO_LARGE: .*limit/)
  })

  it('measures a raw disk by its bytes', () => {
    const raw = makeRaw({ size: 2 * mib })
    const options = { minDisk: 1 / 1024, strict: true }
    expect(verdict('raw', raw, options)).toMatch(/^IMAGE_TOO_LARGE/)
    expect(verdict('raw', raw.subarray(0, mib), options)).toMatchObject({ virtualSize: mib })
  })
})

describe('while an image streams', () => {
  it('throws from feed once the head is there', () => {
    const inspector = new Inspector('qcow2')
    const page = makeRaw({ size: 2 * mib, patch: (image) => image.write('<html>') })
    inspector.feed(page.subarray(0, -1))
    expect(() => inspector.feed(page.subarray(-1))).toThrow(/HTML page/)
    expect(() => inspector.finish(2 * mib)).toThrow(/HTML page/)
  })

  it('finds the end behind a long image', () => {
    const fixed = makeVhd({ type: 'fixed', virtualSize: 3 * mib })
    expect(inspect('vhd', fixed)).toEqual({ virtualSize: 3 * mib, warnings: [] })
    expect(verdict('vhd', fixed.slice(0, -1))).toMatch(/^IMAGE_FORMAT: .*signature/)
  })

  it('keeps no more of a long image than of a short one', () => {
    const inspector = new Inspector('raw')
    const chunk = makeRaw({ size: mib })
    for (let fed = 0; fed < 8; fed++) inspector.feed(chunk)
    const before = process.memoryUsage().arrayBuffers
    for (let fed = 0; fed < 1024; fed++) inspector.feed(chunk)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * mib)
    expect(inspector.finish(1032 * mib)).toEqual({ virtualSize: 1032 * mib, warnings: [] })
  })
})
