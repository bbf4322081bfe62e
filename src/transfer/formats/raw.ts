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

/**
 * A disk byte by byte: anything that is no other format. An ISO without a boot record is one: it is no
 * disk. A hybrid ISO is a disk as well, but services that look inside may still call it an ISO.
 *
 * @throws UpdaterError `IMAGE_FORMAT`
 */
export function inspectRaw(head: Buffer): ImageHead {
  if (isIso(head) && !hasBootRecord(head)) {
    throw wrongFormat('The image is declared as raw but is an ISO 9660 file system without a boot record')
  }
  return {
    warnings: isIso(head)
      ? ['The raw image is a hybrid ISO: image services that compare formats may ask for iso']
      : [],
    atEnd: ({ tail, totalBytes }) => {
      if (has(tail, tail.length - 512, 'conectix')) {
        throw wrongFormat('The image is declared as raw but ends with the footer of a VHD disk')
      }
      return BigInt(totalBytes)
    },
  }
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
