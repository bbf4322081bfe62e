import { has, type ImageHead, isZero, noSignature, truncated, unsafe, wrongFormat } from './format.ts'

const dynamicType = 1
const fixedType = 2
const undoType = 3
const differencingType = 4

/**
 * A VDI disk of version 1 that stands by itself. The layout is that of VirtualBox's `VDICore.h`
 * (https://www.virtualbox.org/browser/vbox/trunk/src/VBox/Storage/VDICore.h).
 *
 * @throws UpdaterError `IMAGE_FORMAT`, `IMAGE_UNSAFE`
 */
export function inspectVdi(head: Buffer): ImageHead {
  if (!has(head, 64, '\x7f\x10\xda\xbe')) throw noSignature('vdi')
  const major = head.readUInt32LE(68) >>> 16
  if (major !== 1) throw wrongFormat(`The vdi image has the unknown version ${major}`)
  const type = head.readUInt32LE(76)
  if (type === undoType || type === differencingType) {
    throw unsafe('The vdi image is a differencing disk: parts of it would be read from its parent')
  }
  if (type !== dynamicType && type !== fixedType) {
    throw wrongFormat(`The vdi image has the unknown type ${type}`)
  }
  if (!isZero(head, 424, 32)) {
    throw unsafe('The vdi image names a parent disk: parts of it would be read from another file')
  }
  const blockSize = BigInt(head.readUInt32LE(376)) + BigInt(head.readUInt32LE(380))
  const blocksEnd = BigInt(head.readUInt32LE(344)) + BigInt(head.readUInt32LE(388)) * blockSize
  return {
    virtualSize: head.readBigUInt64LE(368),
    atEnd: ({ totalBytes }) => {
      if (blocksEnd > BigInt(totalBytes)) throw truncated('vdi', totalBytes, 'blocks')
      return undefined
    },
  }
}
