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
  // The boot record of a PC, which a disk with a GPT, FAT, exFAT and NTFS have, too.
  { offset: 510, characters: '\x55\xaa' },
  // GPT, with sectors of 512 bytes and of 4 KiB.
  { offset: 512, characters: 'EFI PART' },
  { offset: 4096, characters: 'EFI PART' },
  // The labels of BSD, SGI, Sun and Apple.
  ...[0, 64, 512].map((offset) => ({ offset, characters: 'WEV\x82' })),
  { offset: 0, characters: '\x0b\xe5\xa9\x41' },
  { offset: 508, characters: '\xda\xbe' },
  { offset: 512, characters: 'PM\0\0' },
  // LVM writes its label into one of the first four sectors.
  ...[0, 512, 1024, 1536].map((offset) => ({ offset, characters: 'LABELONE' })),
  // ext2, ext3, ext4.
  { offset: 1080, characters: '\x53\xef' },
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
  return signs.some(({ offset, characters }) => has(head, offset, characters)) || hasUberblock(head)
}

/**
 * A disk on which nothing is written yet, or whose first sign is at a place that is not known here. Nothing that a server
 * sends by mistake, and nothing that is packed, begins with so many zeros.
 */
export function isBlank(head: Buffer): boolean {
  return head.subarray(0, 2 ** 15).every((byte) => byte === 0)
}
