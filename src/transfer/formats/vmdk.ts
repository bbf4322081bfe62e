import type { Bytes } from './bytes.ts'
import { isVmdkDescriptor } from './content.ts'
import type { Finding, ImageEnd } from './finding.ts'
import { noSignature, truncated, unsafe, wrongFormat } from './refusal.ts'
import { checkVmdkDescriptor } from './vmdk-descriptor.ts'

const sectorSize = 512
const descriptorAt = 512
/** What QEMU reads as the descriptor, whatever the header says its length is. */
const descriptorWindow = 20 * sectorSize
/** In place of the grain directory's sector: header and directory are at the end of the file. */
const directoryAtEnd = 0xffff_ffff_ffff_ffffn
const footerFromEnd = 2 * sectorSize

/**
 * A VMDK disk in one file (hosted sparse extent with an embedded descriptor: `monolithicSparse` or
 * `streamOptimized`) whose descriptor names no other file. The layout is that of VMware's "Virtual Disk
 * Format 5.0", section "Hosted Sparse Extents".
 *
 * @throws UpdaterError `IMAGE_FORMAT`, `IMAGE_UNSAFE`
 */
export function inspectVmdk(head: Bytes): Finding {
  if (isVmdkDescriptor(head)) {
    throw unsafe('The vmdk image is a descriptor alone: the disk would be read from the files that it names')
  }
  if (!head.has(0, 'KDMV')) throw noSignature('vmdk')
  const version = head.u32le(4)
  if (version < 1 || version > 3) throw wrongFormat(`The vmdk image has the unknown version ${version}`)
  const sectors = head.u64le(12)
  if (sectors === 0n) {
    throw unsafe('The vmdk image has a capacity of 0, which makes readers take other files for its extents')
  }
  checkVmdkDescriptor(readDescriptor(head))
  const directory = head.u64le(56)
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

function readDescriptor(head: Bytes): string {
  const sector = head.u64le(28)
  const bytes = head.u64le(36) * BigInt(sectorSize)
  if (sector === 0n || bytes === 0n) {
    throw unsafe('The vmdk image has no descriptor: it is one part of a disk of several files')
  }
  if (sector !== BigInt(descriptorAt / sectorSize)) {
    throw unsafe(`The vmdk image has its descriptor at sector ${sector}, where not every reader looks for it`)
  }
  if (bytes > BigInt(1 << 20)) throw wrongFormat(`The vmdk image has a descriptor of ${bytes} bytes`)
  if (head.length < descriptorAt + Number(bytes)) throw truncated('vmdk', head.length, 'descriptor')
  return head.text(descriptorAt, Math.max(Number(bytes), descriptorWindow))
}

/** The grain directory's sector by the footer, which must not contradict the header that was inspected. */
function readFooter(head: Bytes, { tail, totalBytes }: ImageEnd): bigint {
  const footer = tail.length - footerFromEnd
  if (!tail.has(footer, 'KDMV')) throw truncated('vmdk', totalBytes, 'footer')
  const descriptorFields = tail.text(footer + 12, 32) === head.text(12, 32)
  if (!descriptorFields) throw unsafe('The vmdk image has a footer that contradicts its header')
  return tail.u64le(footer + 56)
}
