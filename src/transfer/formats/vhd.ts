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
const sectorSize = 512
/** In the table, of a block that holds nothing yet. */
const unused = 0xffffffff
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
  const { tableEnd, dataEnd } = checkDynamicHeader(head, copy)
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
      if (dataEnd > totalBytes) throw truncated('vhd', totalBytes, 'blocks')
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
    virtualSize: largestSize(bytes, start),
    dataOffset: bytes.readBigUInt64BE(start + 16),
  }
}

/** Of a disk that is too large for a geometry. */
const largestGeometry = 65_535 * 16 * 255

/** Readers take the disk's size from its field or, as QEMU does for most creators, from cylinders, heads and sectors. */
function largestSize(bytes: Buffer, start: number): bigint {
  const said = bytes.readBigUInt64BE(start + 48)
  const sectors = bytes.readUInt16BE(start + 56) * bytes.readUInt8(start + 58) * bytes.readUInt8(start + 59)
  const byGeometry = sectors === largestGeometry ? 0n : BigInt(sectors * sectorSize)
  return said > byGeometry ? said : byGeometry
}

/** The complement of the sum of all bytes but the checksum's own. */
function checkSum(bytes: Buffer, start: number, length: number, at: number): void {
  const found = bytes.readUInt32BE(start + at)
  const own = bytes.subarray(start + at, start + at + 4)
  const sum = (part: Buffer) => part.reduce((total, byte) => total + byte, 0)
  const wanted = ~(sum(bytes.subarray(start, start + length)) - sum(own)) >>> 0
  if (found !== wanted) throw wrongFormat('The vhd image has a header whose checksum is wrong')
}

/** Where the table of blocks ends, and the last block of those that the head tells of. */
interface Ends {
  readonly tableEnd: bigint
  readonly dataEnd: number
}

function checkDynamicHeader(head: Buffer, { dataOffset, virtualSize }: Footer): Ends {
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
  const table = head.readBigUInt64BE(start + 16)
  return { tableEnd: table + entries * 4n, dataEnd: endOfBlocks(head, table, Number(entries), blockSize) }
}

/** A block is a bitmap of its sectors, in whole sectors, and its bytes. */
function endOfBlocks(head: Buffer, table: bigint, entries: number, blockSize: number): number {
  const bitmapSize = Math.ceil(blockSize / (8 * sectorSize) / sectorSize) * sectorSize
  let last = -1
  for (let index = 0; index < entries; index++) {
    const at = Number(table) + index * 4
    if (at + 4 > head.length) break
    const sector = head.readUInt32BE(at)
    if (sector !== unused) last = Math.max(last, sector)
  }
  return last === -1 ? 0 : last * sectorSize + bitmapSize + blockSize
}
