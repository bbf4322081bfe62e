import { has } from './format.ts'

interface Sign {
  readonly offset: number
  /** Latin-1. */
  readonly characters: string
}

/**
 * What only a disk has: something that a machine starts from, a partition table, a file system, a volume manager. The
 * places are those that libblkid probes (https://git.kernel.org/pub/scm/utils/util-linux/util-linux.git/tree/libblkid/src).
 */
const signs: readonly Sign[] = [
  // GPT, with sectors of 512 bytes and of 4 KiB.
  { offset: 512, characters: 'EFI PART' },
  { offset: 4096, characters: 'EFI PART' },
  // The labels of BSD, SGI and Apple.
  ...[0, 64, 512].map((offset) => ({ offset, characters: 'WEV\x82' })),
  { offset: 0, characters: '\x0b\xe5\xa9\x41' },
  { offset: 512, characters: 'PM\0\0' },
  // LVM writes its label into one of the first four sectors.
  ...[0, 512, 1024, 1536].map((offset) => ({ offset, characters: 'LABELONE' })),
  { offset: 0, characters: 'XFSB' },
  { offset: 0x10040, characters: '_BHRfS_M' },
  // F2FS.
  { offset: 1024, characters: '\x10\x20\xf5\xf2' },
  { offset: 0x10034, characters: 'ReIsEr' },
  { offset: 0x8000, characters: 'JFS1' },
  // UFS1 and UFS2, either byte order, at the places where their superblocks may be.
  ...[0, 8192, 65536, 262_144]
    .map((start) => start + 1372)
    .flatMap((offset) =>
      ['\x54\x19\x01\0', '\0\x01\x19\x54', '\x19\x01\x54\x19', '\x19\x54\x01\x19'].map((characters) => ({
        offset,
        characters,
      })),
    ),
]

/** ZFS keeps a ring of uberblocks, a KiB each, in the second half of its first two labels of 256 KiB. */
const zfsRings = [128, 384]
const zfsMagics = ['\x0c\xb1\xba\0\0\0\0\0', '\0\0\0\0\0\xba\xb1\x0c']

function hasUberblock(head: Buffer): boolean {
  return zfsRings
    .flatMap((start) => Array.from({ length: 128 }, (_, index) => (start + index) * 1024))
    .some((offset) => zfsMagics.some((magic) => has(head, offset, magic)))
}

/** Whether the head of a raw image shows that it is a disk. */
export function isDisk(head: Buffer): boolean {
  return (
    signs.some(({ offset, characters }) => has(head, offset, characters)) ||
    hasUberblock(head) ||
    isBootable(head) ||
    isSun(head) ||
    isExt(head)
  )
}

/**
 * The boot record of a PC. Its two bytes alone are not enough: a Linux kernel has them as well, and any bytes may. It
 * has a partition, as disks with a GPT and hybrid ISOs do, or it is that of FAT, exFAT or NTFS. Another file system on a
 * whole disk has a sign of its own.
 */
function isBootable(head: Buffer): boolean {
  if (!has(head, 510, '\x55\xaa') || has(head, 514, 'HdrS')) return false
  return [446, 462, 478, 494].some((at) => isPartition(head.subarray(at, at + 16))) || isFat(head)
}

/** A partition with a type and a length, which is started from or not. */
function isPartition(entry: Buffer): boolean {
  return [0, 0x80].includes(entry.readUInt8(0)) && entry.readUInt8(4) !== 0 && entry.readUInt32LE(12) !== 0
}

/** A jump over the parameters of the file system; exFAT and NTFS have a name there, FAT has its numbers. */
function isFat(head: Buffer): boolean {
  if (head[0] !== 0xeb && head[0] !== 0xe9) return false
  const [sector, cluster, copies] = [head.readUInt16LE(11), head.readUInt8(13), head.readUInt8(16)]
  const isNumbered =
    [512, 1024, 2048, 4096].includes(sector) &&
    cluster !== 0 &&
    (cluster & (cluster - 1)) === 0 &&
    [1, 2].includes(copies)
  return isNumbered || has(head, 3, 'EXFAT   ') || has(head, 3, 'NTFS    ')
}

/** The label of Sun, all of whose 16 bit words make zero together. */
function isSun(head: Buffer): boolean {
  if (!has(head, 508, '\xda\xbe')) return false
  let sum = 0
  for (let at = 0; at < 512; at += 2) sum ^= head.readUInt16BE(at)
  return sum === 0
}

/** The superblock of ext2, ext3 and ext4: there are inodes, a block has 1 to 64 KiB, the revision is 0 or 1. */
function isExt(head: Buffer): boolean {
  if (!has(head, 1080, '\x53\xef') || head.length < 2048) return false
  return head.readUInt32LE(1024) !== 0 && head.readUInt32LE(1048) <= 6 && head.readUInt32LE(1100) <= 1
}

/**
 * A disk on which nothing is written yet, or whose first sign is at a place that is not known here. Nothing that a server
 * sends by mistake, and nothing that is packed, begins with so many zeros.
 */
export function isBlank(head: Buffer): boolean {
  return head.subarray(0, 2 ** 15).every((byte) => byte === 0)
}
