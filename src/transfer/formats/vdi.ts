import { has, type ImageHead, isZero, noSignature, truncated, unsafe, wrongFormat } from './format.ts'

/** QEMU's own limit. */
const mostBlocks = 0x1fff_ff80
const dynamicType = 1
const fixedType = 2
const undoType = 3
const differencingType = 4

/**
 * A VDI disk of version 1.1 that stands by itself. The layout is that of VirtualBox's `VDICore.h`
 * (https://www.virtualbox.org/browser/vbox/trunk/src/VBox/Storage/VDICore.h).
 *
 * @throws UpdaterError `IMAGE_FORMAT`, `IMAGE_UNSAFE`
 */
export function inspectVdi(head: Buffer): ImageHead {
  if (!has(head, 64, '\x7f\x10\xda\xbe')) throw noSignature('vdi')
  const [minor, major] = [head.readUInt16LE(68), head.readUInt16LE(70)]
  if (major !== 1 || minor !== 1) {
    throw wrongFormat(`The vdi image has the unknown version ${major}.${minor}`)
  }
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
  checkLayout(head)
  const blockSize = BigInt(head.readUInt32LE(376)) + BigInt(head.readUInt32LE(380))
  const blocksEnd = BigInt(head.readUInt32LE(344)) + BigInt(head.readUInt32LE(388)) * blockSize
  const virtualSize = inSectors(head.readBigUInt64LE(368))
  const blocks = head.readUInt32LE(384)
  if (blocks > mostBlocks || virtualSize > BigInt(blocks) * blockSize) {
    throw wrongFormat(`The vdi image has ${blocks} blocks, which do not fit its size of ${virtualSize} bytes`)
  }
  return {
    virtualSize,
    atEnd: ({ totalBytes }) => {
      if (blocksEnd > BigInt(totalBytes)) throw truncated('vdi', totalBytes, 'blocks')
      return undefined
    },
  }
}

/** QEMU opens no other layout. */
function checkLayout(head: Buffer): void {
  const [mapOffset, dataOffset] = [head.readUInt32LE(340), head.readUInt32LE(344)]
  const [sectorSize, blockSize] = [head.readUInt32LE(360), head.readUInt32LE(376)]
  if (sectorSize !== 512 || blockSize !== 1 << 20) {
    throw wrongFormat(`The vdi image has sectors of ${sectorSize} bytes and blocks of ${blockSize} bytes`)
  }
  if (mapOffset % 512 !== 0 || dataOffset % 512 !== 0) {
    throw wrongFormat(`The vdi image has its blocks at an impossible place (byte ${dataOffset})`)
  }
}

function inSectors(bytes: bigint): bigint {
  return ((bytes + 511n) / 512n) * 512n
}
