import type { ImageFormat } from '../../image.ts'
import { has } from './format.ts'

interface Magic {
  readonly what: string
  /** The declared formats under which it is no surprise. */
  readonly isOf?: readonly ImageFormat[]
  readonly offset: number
  /** Latin-1. */
  readonly characters: string
}

/**
 * The disk formats that QEMU probes for (https://www.qemu.org/docs/master/system/images.html#disk-image-file-formats),
 * and those that are expanded before they are a disk. None must hide in a file that is declared as something else.
 */
const diskFormats: readonly Magic[] = [
  { what: 'a qcow2 disk', isOf: ['qcow2'], offset: 0, characters: 'QFI\xfb' },
  { what: 'a VMDK disk', isOf: ['vmdk'], offset: 0, characters: 'KDMV' },
  { what: 'an ESX sparse extent, one part of a VMDK disk', offset: 0, characters: 'COWD' },
  { what: 'a VHD disk', isOf: ['vhd'], offset: 0, characters: 'conectix' },
  { what: 'a VHDX disk, which is another format than vhd', offset: 0, characters: 'vhdxfile' },
  { what: 'a VDI disk', isOf: ['vdi'], offset: 64, characters: '\x7f\x10\xda\xbe' },
  { what: 'a QED disk', offset: 0, characters: 'QED\0' },
  { what: 'a LUKS-encrypted volume', offset: 0, characters: 'LUKS\xba\xbe' },
  { what: 'a Parallels disk', offset: 0, characters: 'WithoutFreeSpace' },
  { what: 'a Parallels disk', offset: 0, characters: 'WithouFreSpacExt' },
  { what: 'a Bochs disk', offset: 0, characters: 'Bochs Virtual HD Image' },
  { what: 'a cloop image', offset: 0, characters: '#!/bin/sh\n#V2.0 Format' },
  ...['CD001', 'NSR02', 'NSR03'].map((characters) => ({
    what: 'an ISO 9660 or UDF file system',
    isOf: ['iso', 'raw'] as const,
    offset: 0x8001,
    characters,
  })),
  { what: 'an Android sparse image', offset: 0, characters: '\x3a\xff\x26\xed' },
]

/** What a disk is packed in; a kernel and a ramdisk may be packed. */
const packings: readonly Magic[] = [
  { what: 'gzip-compressed data', offset: 0, characters: '\x1f\x8b\x08' },
  { what: 'xz-compressed data', offset: 0, characters: '\xfd7zXZ\0' },
  { what: 'bzip2-compressed data', offset: 0, characters: 'BZh' },
  { what: 'zstd-compressed data', offset: 0, characters: '\x28\xb5\x2f\xfd' },
  ...Array.from({ length: 16 }, (_, index) => ({
    what: 'a skippable frame of Zstandard or LZ4 data',
    offset: 0,
    characters: `${String.fromCharCode(0x50 + index)}\x2a\x4d\x18`,
  })),
  { what: 'lz4-compressed data', offset: 0, characters: '\x04\x22\x4d\x18' },
  { what: 'lz4-compressed data', offset: 0, characters: '\x02\x21\x4c\x18' },
  { what: 'lzip-compressed data', offset: 0, characters: 'LZIP' },
  { what: 'lzop-compressed data', offset: 0, characters: '\x89LZO\0' },
  { what: 'a rar archive', offset: 0, characters: 'Rar!\x1a\x07' },
  { what: 'a zip archive', offset: 0, characters: 'PK\x03\x04' },
  { what: 'a 7z archive', offset: 0, characters: "7z\xbc\xaf'\x1c" },
  { what: 'a tar archive', offset: 257, characters: 'ustar' },
]

/** What the image starts with where that is another thing than the declared format. */
export function findForeignContent(head: Buffer, declared: ImageFormat): string | undefined {
  const page = findWebPage(head)
  if (page !== undefined) return page
  const isBootFile = declared === 'aki' || declared === 'ari' || declared === 'ami'
  const found = [...diskFormats, ...(isBootFile ? [] : packings)].find(
    ({ isOf, offset, characters }) => isOf?.includes(declared) !== true && has(head, offset, characters),
  )
  if (found !== undefined) return found.what
  if (isVmdkDescriptor(head)) {
    return declared === 'vmdk' ? undefined : 'a VMDK descriptor, which names other files'
  }
  const text = findText(head)
  if (text !== undefined) return text
  const isOwnFormat = declared === 'qcow2' || declared === 'vmdk' || declared === 'vdi'
  return isOwnFormat && has(head, 510, '\x55\xaa') ? 'the boot record of a disk' : undefined
}

/** Text of any kind, which no image is: an error's words, a list of checksums, the pointer to a file. */
function findText(head: Buffer): string | undefined {
  const text = startAsText(head)
  if (!isText(text)) return undefined
  return text.startsWith('version https://git-lfs.github.com/') ? 'a Git LFS pointer to the file' : 'text'
}

/** UTF-8 that may end in the middle of a character, without control characters. */
function isText(latin1: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'), { stream: true })
  } catch {
    return false
  }
  return /^[\t\n\f\r\x1b\x20-\x7e\x80-\xff]*$/.test(latin1)
}

/** An HTML page, an XML document or a JSON document: what servers send instead of an image. */
function findWebPage(head: Buffer): string | undefined {
  const text = startAsText(head)
  if (/^(?:<!doctype html|<html|<head|<body|<title|<!--)/i.test(text)) return 'an HTML page'
  if (/^(?:<\?xml|<!doctype|<error\b)/i.test(text)) return 'an XML document'
  return /^(?:\{\s*["}]|\[\s*[\]{["])/.test(text) ? 'a JSON document' : undefined
}

/** The first KiB without byte order mark and leading white space; a UTF-16 text's characters below 256. */
function startAsText(head: Buffer): string {
  const bytes = head.toString('latin1', 0, 1024)
  const text = /^(?:\xff\xfe|\xfe\xff)/.test(bytes) ? bytes.slice(2).replaceAll('\0', '') : bytes
  return text.replace(/^\xef\xbb\xbf/, '').trimStart()
}

/**
 * A VMDK's descriptor as a file of its own. QEMU takes any text for one that has a version line after
 * nothing but comments and empty lines.
 */
export function isVmdkDescriptor(head: Buffer): boolean {
  const text = head.toString('latin1', 0, 2048)
  return (
    /^\s*#\s*disk\s+descriptorfile/i.test(text) || /^(?:#[^\n]*\n|[ \t\r]*\n)*version=[0-9]+\r?\n/i.test(text)
  )
}
