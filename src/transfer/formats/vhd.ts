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

interface Footer {
  readonly type: number
  readonly virtualSize: bigint
  /** Where the dynamic disk header is. */
  readonly dataOffset: bigint
}

const footerLength = 512
const dynamicHeaderLength = 1024
const cookie = 'conectix'
const fixedType = 2
const dynamicType = 3
const differencingType = 4
const parentLocators = { offset: 576, count: 8, length: 24 }

/**
 * A fixed or dynamic VHD disk: the footer at the end and, of a dynamic one, its copy at the start and the
 * header that it leads to. Differencing disks, which read from a parent, are refused. The layout is that of
 * Microsoft's "Virtual Hard Disk Image Format Specification" 1.0. VHDX is another format.
 *
 * @throws UpdaterError `IMAGE_FORMAT`, `IMAGE_UNSAFE`
 */
export function inspectVhd(head: Buffer): ImageHead {
  if (!has(head, 0, cookie)) return { atEnd: inspectFixed }
  const copy = readFooter(head, 0)
  if (copy.type !== dynamicType) {
    throw wrongFormat(`The vhd image starts like a dynamic disk but has the disk type ${copy.type}`)
  }
  const tableEnd = checkDynamicHeader(head, copy)
  checkSum(head, 0, footerLength, 64)
  return {
    virtualSize: copy.virtualSize,
    atEnd: ({ tail, totalBytes }) => {
      const start = tail.length - footerLength
      if (totalBytes < 2 * footerLength || !has(tail, start, cookie)) {
        throw truncated('vhd', totalBytes, 'footer')
      }
      const footer = readFooter(tail, start)
      if (footer.type !== copy.type || footer.virtualSize !== copy.virtualSize) {
        throw unsafe('The vhd image has a footer that contradicts the copy at its start')
      }
      checkSum(tail, start, footerLength, 64)
      if (tableEnd > BigInt(totalBytes)) throw truncated('vhd', totalBytes, 'block table')
      return undefined
    },
  }
}

function inspectFixed({ tail, totalBytes }: ImageEnd): bigint {
  const start = tail.length - footerLength
  if (start < 0 || !has(tail, start, cookie)) throw noSignature('vhd')
  const footer = readFooter(tail, start)
  if (footer.type !== fixedType) {
    throw wrongFormat(`The vhd image ends like a fixed disk but has the disk type ${footer.type}`)
  }
  checkSum(tail, start, footerLength, 64)
  if (footer.virtualSize > BigInt(totalBytes - footerLength)) {
    throw truncated('vhd', totalBytes, 'disk')
  }
  return footer.virtualSize
}

function readFooter(bytes: Buffer, start: number): Footer {
  const type = bytes.readUInt32BE(start + 60)
  if (type === differencingType) {
    throw unsafe('The vhd image is a differencing disk: parts of it would be read from its parent')
  }
  return {
    type,
    virtualSize: bytes.readBigUInt64BE(start + 48),
    dataOffset: bytes.readBigUInt64BE(start + 16),
  }
}

/** The complement of the sum of all bytes but the checksum's own. */
function checkSum(bytes: Buffer, start: number, length: number, at: number): void {
  const found = bytes.readUInt32BE(start + at)
  const own = bytes.subarray(start + at, start + at + 4)
  const sum = (part: Buffer) => part.reduce((total, byte) => total + byte, 0)
  const wanted = ~(sum(bytes.subarray(start, start + length)) - sum(own)) >>> 0
  if (found !== wanted) throw wrongFormat('The vhd image has a header whose checksum is wrong')
}

/** @returns the end of the table of blocks */
function checkDynamicHeader(head: Buffer, { dataOffset, virtualSize }: Footer): bigint {
  if (dataOffset > 1n << 20n) {
    throw wrongFormat(`The vhd image has its dynamic disk header at an impossible place (byte ${dataOffset})`)
  }
  const start = Number(dataOffset)
  if (!has(head, start, 'cxsparse')) throw wrongFormat('The vhd image has no dynamic disk header')
  const locators = Array.from(
    { length: parentLocators.count },
    (_, index) => start + parentLocators.offset + index * parentLocators.length,
  )
  if (!isZero(head, start + 40, 16) || locators.some((locator) => head.readUInt32BE(locator) !== 0)) {
    throw unsafe('The vhd image names a parent disk: parts of it would be read from another file')
  }
  checkSum(head, start, dynamicHeaderLength, 36)
  const entries = BigInt(head.readUInt32BE(start + 28))
  const blockSize = head.readUInt32BE(start + 32)
  const isPower = blockSize >= 512 && Number.isInteger(Math.log2(blockSize))
  if (!isPower || entries * BigInt(blockSize) < virtualSize) {
    throw wrongFormat(`The vhd image has ${entries} blocks of ${blockSize} bytes, which do not fit its size`)
  }
  return head.readBigUInt64BE(start + 16) + entries * 4n
}
