import { UpdaterError } from '../../errors.ts'
import { isBlank, isDisk } from './disk.ts'
import { has, type ImageHead, noSignature, wrongFormat } from './format.ts'

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
  return { atEnd: ({ totalBytes }) => BigInt(totalBytes) }
}
