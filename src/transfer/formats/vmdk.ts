import { isVmdkDescriptor } from './content.ts'
import { has, type ImageEnd, type ImageHead, noSignature, truncated, unsafe, wrongFormat } from './format.ts'

const sectorSize = 512
const descriptorAt = 512
/** What QEMU reads as the descriptor, whatever the header says its length is. */
const descriptorWindow = 20 * sectorSize
/** In place of the grain directory's sector: header and directory are at the end of the file. */
const directoryAtEnd = 0xffff_ffff_ffff_ffffn
/** QEMU's own limits: sectors of a grain, and grains of a table. */
const largestGrain = 0x200000n
const mostEntries = 512
const footerFromEnd = 2 * sectorSize

/**
 * A VMDK disk in one file (hosted sparse extent with an embedded descriptor: `monolithicSparse` or
 * `streamOptimized`) whose descriptor names no other file. The layout is that of VMware's "Virtual Disk
 * Format 5.0", section "Hosted Sparse Extents".
 *
 * @throws UpdaterError `IMAGE_FORMAT`, `IMAGE_UNSAFE`
 */
export function inspectVmdk(head: Buffer): ImageHead {
  if (isVmdkDescriptor(head)) {
    throw unsafe('The vmdk image is a descriptor alone: the disk would be read from the files that it names')
  }
  if (!has(head, 0, 'KDMV')) throw noSignature('vmdk')
  const version = head.readUInt32LE(4)
  if (version < 1 || version > 3) throw wrongFormat(`The vmdk image has the unknown version ${version}`)
  const sectors = head.readBigUInt64LE(12)
  if (sectors === 0n) {
    throw unsafe('The vmdk image has a capacity of 0, which makes readers take other files for its extents')
  }
  const grain = head.readBigUInt64LE(20)
  const entries = head.readUInt32LE(44)
  if (grain === 0n || grain > largestGrain || entries === 0 || entries > mostEntries) {
    throw wrongFormat(`The vmdk image has impossible tables of ${entries} grains of ${grain} sectors`)
  }
  checkDescriptor(readDescriptor(head))
  const directory = head.readBigUInt64LE(56)
  return {
    virtualSize: sectors * BigInt(sectorSize),
    atEnd: (end) => {
      const place = directory === directoryAtEnd ? readFooter(head, end) : directory
      if (place * BigInt(sectorSize) >= BigInt(end.totalBytes)) {
        throw truncated('vmdk', end.totalBytes, 'grain directory')
      }
      return undefined
    },
  }
}

function readDescriptor(head: Buffer): string {
  const sector = head.readBigUInt64LE(28)
  const bytes = head.readBigUInt64LE(36) * BigInt(sectorSize)
  if (sector === 0n || bytes === 0n) {
    throw unsafe('The vmdk image has no descriptor: it is one part of a disk of several files')
  }
  if (sector !== BigInt(descriptorAt / sectorSize)) {
    throw unsafe(`The vmdk image has its descriptor at sector ${sector}, where not every reader looks for it`)
  }
  if (bytes > BigInt(1 << 20)) throw wrongFormat(`The vmdk image has a descriptor of ${bytes} bytes`)
  if (head.length < descriptorAt + Number(bytes)) throw truncated('vmdk', head.length, 'descriptor')
  return head.toString('latin1', descriptorAt, descriptorAt + Math.max(Number(bytes), descriptorWindow))
}

/** The grain directory's sector by the footer, which must not contradict the header that was inspected. */
function readFooter(head: Buffer, { tail, totalBytes }: ImageEnd): bigint {
  const footer = tail.length - footerFromEnd
  if (!has(tail, footer, 'KDMV')) throw truncated('vmdk', totalBytes, 'footer')
  const repeatsHeader = tail.subarray(footer + 12, footer + 44).equals(head.subarray(12, 44))
  if (!repeatsHeader) throw unsafe('The vmdk image has a footer that contradicts its header')
  return tail.readBigUInt64LE(footer + 56)
}

const allowedTypes = ['monolithicSparse', 'streamOptimized']

/**
 * Refuses the embedded descriptor of a VMDK unless it describes one sparse extent, the file itself. The
 * extent's file name is the name under which the disk was made, so any plain name will do. NUL bytes
 * count as line ends: what a reader would cut off is looked at too. The syntax is that of VMware's
 * "Virtual Disk Format 5.0", section "The Descriptor File".
 *
 * @throws UpdaterError `IMAGE_UNSAFE`
 */
function checkDescriptor(text: string): void {
  checkWords(text)
  const lines = text.split(/[\r\n\0]+/).map((line) => line.trim())
  const extents = lines.filter((line) => /^(?:rw|rdonly|noaccess)\s/i.test(line))
  if (extents.length !== 1) {
    throw unsafe(`The vmdk image's descriptor has ${extents.length} extents, where one file has one`)
  }
  for (const extent of extents) checkExtent(extent)
}

/**
 * Looks for words wherever they stand, in a comment or a value too, as QEMU does, which takes what follows for the name of
 * the parent, for its identity, or for the type of the disk.
 *
 * @see https://gitlab.com/qemu-project/qemu/-/blob/master/block/vmdk.c
 */
function checkWords(text: string): void {
  const pointer = /parentFileNameHint|changeTrackPath/i.exec(text)
  if (pointer !== null) throw unsafe(`The vmdk image's descriptor names another file by ${pointer[0]}`)
  if (/parentCID(?!\s*=\s*ffffffff(?![0-9a-z]))/i.test(text)) {
    throw unsafe('The vmdk image has a parent disk: parts of it would be read from another file')
  }
  const types = [...text.matchAll(/createType[^\r\n\0]*/gi)].map(([setting]) => settingOf(setting))
  if (types.length === 0) throw unsafe("The vmdk image's descriptor does not say its createType")
  const refused = types.find((type) => !allowedTypes.includes(type))
  if (refused !== undefined) {
    throw unsafe(
      `The vmdk image has the createType ${shown(refused)}; one-file disks are ${allowedTypes.join(' or ')}`,
    )
  }
}

/** The value of `KEY = "VALUE"`; empty where it is no such setting. */
function settingOf(setting: string): string {
  const [, value = ''] = /^\w+\s*=\s*(.*)$/.exec(setting.trim()) ?? []
  return value.replace(/^"(.*)"$/, '$1')
}

/** `ACCESS SECTORS TYPE "FILE" [OFFSET]` */
function checkExtent(line: string): void {
  const [, type = '', rest = ''] = /^\S+\s+\d+\s+(\S+)\s*(.*)$/.exec(line) ?? []
  if (type !== 'SPARSE') {
    throw unsafe(`The vmdk image has an extent of type ${shown(type)}: it would be read from another file`)
  }
  if (!/^"[^"/\\]+"(?:\s+0)?$/.test(rest)) {
    throw unsafe("The vmdk image's extent names a path or is malformed: it may be read from another file")
  }
}

function shown(text: string): string {
  return `"${text.slice(0, 40)}"`
}
