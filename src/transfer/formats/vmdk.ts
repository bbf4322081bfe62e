import { isVmdkDescriptor } from './content.ts'
import {
  has,
  type ImageEnd,
  type ImageHead,
  isZero,
  noSignature,
  truncated,
  unsafe,
  wrongFormat,
} from './format.ts'

const sectorSize = 512
const descriptorAt = 512
/** What QEMU reads as the descriptor, whatever the header says its length is. */
const descriptorWindow = 20 * sectorSize
/** In place of the grain directory's sector: header and directory are at the end of the file. */
const directoryAtEnd = 0xffff_ffff_ffff_ffffn
/** QEMU's own limits: sectors of a grain, and grains of a table. */
const largestGrain = 0x200000n
const mostEntries = 512
/** At the end of a stream, a sector each: the footer's marker, the footer, the end's marker. */
const footerFromEnd = 2 * sectorSize
const footerMarker = 3

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
  return {
    virtualSize: sectors * BigInt(sectorSize),
    atEnd: (end) => {
      const places = placesIn(head, 0)
      const { directory, data } = places.directory === directoryAtEnd ? readFooter(head, end) : places
      const isInside = (sector: bigint) => sector * BigInt(sectorSize) < BigInt(end.totalBytes)
      if (!isInside(directory)) throw truncated('vmdk', end.totalBytes, 'grain directory')
      // The file of an empty disk ends where its data would begin.
      if (data > 0n && !isInside(data - 1n)) throw truncated('vmdk', end.totalBytes, 'grain tables')
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

/** The sectors where the grain directory and the data begin. */
interface Places {
  readonly directory: bigint
  readonly data: bigint
}

function placesIn(bytes: Buffer, header: number): Places {
  return { directory: bytes.readBigUInt64LE(header + 56), data: bytes.readBigUInt64LE(header + 64) }
}

/** What the footer says, which must not contradict the header that was inspected. */
function readFooter(head: Buffer, { tail, totalBytes }: ImageEnd): Places {
  const footer = tail.length - footerFromEnd
  if (!has(tail, footer, 'KDMV')) throw truncated('vmdk', totalBytes, 'footer')
  const repeats = (start: number, end: number) =>
    tail.subarray(footer + start, footer + end).equals(head.subarray(start, end))
  if (!repeats(4, 8) || !repeats(12, 44)) {
    throw unsafe('The vmdk image has a footer that contradicts its header')
  }
  const isMarker = (start: number, type: number) =>
    isZero(tail, start + 8, 4) &&
    tail.readUInt32LE(start + 12) === type &&
    isZero(tail, start + 16, sectorSize - 16)
  const end = footer + sectorSize
  if (!isMarker(footer - sectorSize, footerMarker) || !isMarker(end, 0) || !isZero(tail, end, 8)) {
    throw wrongFormat('The vmdk image has damaged markers around its footer')
  }
  const places = placesIn(tail, footer)
  if (places.directory === directoryAtEnd) {
    throw wrongFormat('The vmdk image has a footer that leads to another one')
  }
  return places
}

const allowedTypes = ['monolithicSparse', 'streamOptimized']

/**
 * Refuses the embedded descriptor of a VMDK unless it describes one sparse extent, the file itself. The
 * extent's file name is the name under which the disk was made, so any plain name will do. Some readers end it at the
 * first NUL: what it has to say stands before that, and behind it nothing else does. The syntax is that of VMware's
 * "Virtual Disk Format 5.0", section "The Descriptor File".
 *
 * @throws UpdaterError `IMAGE_UNSAFE`
 */
function checkDescriptor(text: string): void {
  checkWords(text)
  const [start = ''] = text.split('\0', 1)
  const missing = ['CID', 'parentCID', 'createType'].find((key) => !start.includes(`\n${key}=`))
  if (missing !== undefined) throw unsafe(`The vmdk image's descriptor does not say its ${missing}`)
  const extents = extentsIn(text)
  if (extents.length !== 1) {
    throw unsafe(`The vmdk image's descriptor has ${extents.length} extents, where one file has one`)
  }
  if (extentsIn(start).length === 0) throw unsafe("The vmdk image's descriptor has its extent behind a NUL")
  for (const extent of extents) checkExtent(extent)
  const strange = start.split(/[\r\n]+/).find((line) => !isKnownLine(line.trim()))
  if (strange !== undefined) {
    throw unsafe(
      `The vmdk image's descriptor has a line that not every reader takes: ${shown(strange.trim())}`,
    )
  }
}

function extentsIn(text: string): readonly string[] {
  const lines = text.split(/[\r\n\0]+/).map((line) => line.trim())
  return lines.filter((line) => /^(?:rw|rdonly|noaccess)\s/i.test(line))
}

/** Nothing, a comment, an extent, a setting without blanks in its name, or one of the disk's own data base. */
function isKnownLine(line: string): boolean {
  return /^[\x20-\x7e\t]*$/.test(line) && /^(?:$|#|(?:rw|rdonly|noaccess) |ddb|[^\s=]+=)/i.test(line)
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
