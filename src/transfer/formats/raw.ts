import { UpdaterError } from '../../errors.ts'
import { isBlank, isDisk } from './disk.ts'
import { has, type ImageHead, noSignature, truncated, wrongFormat } from './format.ts'

/**
 * ISO 9660: the identifier of the first volume descriptor, in sector 16 of 2048 bytes
 * (ECMA-119, section "Volume Descriptors").
 */
function isIso(head: Buffer): boolean {
  return has(head, 0x8001, 'CD001')
}

/** The boot signature of a master boot record; GPT disks have it too, in their protective record. */
function hasBootRecord(head: Buffer): boolean {
  return has(head, 510, '\x55\xaa')
}

const sectorSize = 512
/** Sector 16 of 2048 bytes. */
const firstVolumeEnd = 17 * 2048

/**
 * A disk byte by byte: what its first 2 MiB show to be one. A format without a signature would be an excuse for anything
 * that a server sends, and for what is packed in a way that nobody has thought of. An ISO without a boot record is no
 * disk. A hybrid ISO is one, but services that look inside may still call it an ISO.
 *
 * @param allowUnknown whether what shows no sign of a disk is taken as well, with a warning
 * @throws UpdaterError `IMAGE_FORMAT`
 */
export function inspectRaw(head: Buffer, allowUnknown: boolean): ImageHead {
  if (isIso(head) && !hasBootRecord(head)) {
    throw wrongFormat('The image is declared as raw but is an ISO 9660 file system without a boot record')
  }
  const warnings = isDisk(head) ? [] : [doubtOf(head, allowUnknown)]
  if (isIso(head)) {
    warnings.push('The raw image is a hybrid ISO: image services that compare formats may ask for iso')
  }
  const doubt = hasBootRecord(head) && !isIso(head) ? doubtOfPartitions(head) : undefined
  if (doubt !== undefined) {
    warnings.push(
      `The raw image's boot record ${doubt}: image services that look at partitions may refuse it`,
    )
  }
  return {
    warnings,
    atEnd: ({ tail, totalBytes }) => {
      if (has(tail, tail.length - sectorSize, 'conectix')) {
        throw wrongFormat('The image is declared as raw but ends with the footer of a VHD disk')
      }
      if (totalBytes % sectorSize !== 0 && !allowUnknown) {
        throw unknown(`its ${totalBytes} bytes are no whole number of sectors of ${sectorSize} bytes`)
      }
      return BigInt(totalBytes)
    },
  }
}

const protectiveType = 0xee

/**
 * What OpenStack's own inspection (`GPTInspector` of oslo.utils) refuses in the four entries of a boot record's
 * partition table. It takes the boot record of a FAT file system, which has none, for no table.
 *
 * @see https://opendev.org/openstack/oslo.utils/src/branch/master/oslo_utils/imageutils/format_inspector.py
 */
function doubtOfPartitions(head: Buffer): string | undefined {
  if (head[0x10] === 2 && head[0x15] === 0xf8) return undefined
  const entries = [0, 1, 2, 3].map((index) => head.subarray(446 + 16 * index, 462 + 16 * index))
  const used = entries.filter((entry) => entry[4] !== 0)
  if (entries.some(([flag]) => flag !== 0 && flag !== 0x80)) return 'has a partition with an impossible flag'
  if (used.length === 0) return 'has no partition'
  const protective = entries.filter((entry) => entry[4] === protectiveType)
  if (protective.length === 0) return undefined
  if (used.length > 1 || entries[0] !== used[0]) return 'has partitions beside that of a GPT'
  const isUsual = protective.every(
    (entry) => entry.toString('hex', 1, 4) === '000200' && entry.readUInt32LE(8) === 1,
  )
  return isUsual ? undefined : 'has a GPT at an unusual place'
}

const nothingOfADisk =
  'it has no boot record, partition table, file system or volume label where a disk has one'

/** The warning about a head that is not that of a disk for certain. */
function doubtOf(head: Buffer, allowUnknown: boolean): string {
  if (isBlank(head)) {
    return `The raw image begins with zeros, and ${nothingOfADisk}: no machine can start from it as it is`
  }
  if (!allowUnknown) throw unknown(nothingOfADisk)
  return `The raw image may be no disk: ${nothingOfADisk}`
}

function unknown(why: string): UpdaterError {
  return new UpdaterError('IMAGE_FORMAT', `The image is declared as raw but is no disk: ${why}`, {
    remedy:
      'Look at what the download URL serves: it may be cut short, or packed in a way that is not unpacked here; if it is a disk of a rare kind, --allow-unknown-raw takes it. Nothing was published',
  })
}

/**
 * An ISO 9660 file system, hybrid or not.
 *
 * @throws UpdaterError `IMAGE_FORMAT`
 */
export function inspectIso(head: Buffer): ImageHead {
  if (!isIso(head)) throw noSignature('iso')
  if (head.length < firstVolumeEnd) throw truncated('iso', head.length, 'first volume descriptor')
  return { atEnd: ({ totalBytes }) => BigInt(totalBytes) }
}
