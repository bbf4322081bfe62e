import { has, type ImageHead, noSignature, truncated, unsafe, wrongFormat } from './format.ts'

interface Header {
  readonly clusterSize: bigint
  readonly virtualSize: bigint
  readonly headerLength: number
  readonly incompatible: bigint
  readonly version: 2 | 3
  readonly hasBitmaps: boolean
}

/** A table of the image, by its place in the file. */
interface Table {
  readonly name: string
  readonly offset: bigint
  readonly bytes: bigint
}

const dirtyBit = 0n
const corruptBit = 1n
const dataFileBit = 2n
const compressionTypeBit = 3n
const extendedL2Bit = 4n
const knownBits = 5n

const endOfExtensions = 0
const encryptionExtension = 0x0537be77
const bitmapsExtension = 0x23852875
const backingFormatExtension = 0xe2792aca
const dataFileExtension = 0x44415441

/** QEMU's own limits (`block/qcow2.h`): larger tables are refused by it too. */
const largestL1Table = 32n << 20n
const largestRefcountTable = 8n << 20n
const largestDirectory = 64n << 20n
const largestOffset = (1n << 63n) - 1n
const mostBitmaps = 65_535
const mostSnapshots = 65_536
/** The least that a snapshot takes in its table. */
const snapshotHeaderLength = 40n
const longestBackingFormat = 15
const largestRefcountOrder = 6
const smallestExtendedCluster = 1n << 14n

/**
 * A qcow2 image that stands by itself: no backing file, no external data file, no encryption, only known
 * features, its tables inside the file. The layout is that of
 * https://www.qemu.org/docs/master/interop/qcow2.html; everything that is read lies in the first cluster,
 * which has 2 MiB at most.
 *
 * @throws UpdaterError `IMAGE_FORMAT`, `IMAGE_UNSAFE`
 */
export function inspectQcow2(head: Buffer): ImageHead {
  if (!has(head, 0, 'QFI\xfb')) throw noSignature('qcow2')
  const header = readHeader(head)
  checkFeatures(head, header)
  const tables = [
    ...checkExtensions(head, header),
    readL1Table(head, header),
    readRefcountTable(head, header),
    ...readSnapshotTable(head, header),
  ]
  for (const table of tables) checkTable(table, header)
  return {
    virtualSize: header.virtualSize,
    warnings: hasFeature(header, dirtyBit)
      ? ['The qcow2 image is marked dirty: it was not closed cleanly when it was made']
      : [],
    atEnd: ({ totalBytes }) => {
      const lost = tables.find((table) => table.offset + table.bytes > BigInt(totalBytes))
      if (lost !== undefined) throw truncated('qcow2', totalBytes, lost.name)
      return undefined
    },
  }
}

function readHeader(head: Buffer): Header {
  const version = head.readUInt32BE(4)
  if (version !== 2 && version !== 3) {
    throw wrongFormat(`The qcow2 image has version ${version}, and only 2 and 3 exist`)
  }
  if (head.readBigUInt64BE(8) !== 0n || head.readUInt32BE(16) !== 0) {
    throw unsafe('The qcow2 image names a backing file: parts of it would be read from another file')
  }
  if (head.readUInt32BE(32) !== 0)
    throw unsafe('The qcow2 image is encrypted: no cloud can boot it without a key')
  const clusterBits = head.readUInt32BE(20)
  if (clusterBits < 9 || clusterBits > 21) {
    throw wrongFormat(`The qcow2 image has clusters of 2^${clusterBits} bytes; 2^9 to 2^21 are possible`)
  }
  const virtualSize = head.readBigUInt64BE(24)
  if (virtualSize < 512n) {
    throw wrongFormat(`The qcow2 image has an impossible virtual size of ${virtualSize} bytes`)
  }
  const clusterSize = 1 << clusterBits
  const headerLength = version === 2 ? 72 : head.readUInt32BE(100)
  if (version === 3 && (headerLength < 104 || headerLength % 8 !== 0 || headerLength > clusterSize)) {
    throw wrongFormat(`The qcow2 image has an impossible header length of ${headerLength} bytes`)
  }
  return {
    clusterSize: BigInt(clusterSize),
    virtualSize,
    headerLength,
    version,
    incompatible: version === 2 ? 0n : head.readBigUInt64BE(72),
    hasBitmaps: version === 3 && (head.readUInt8(95) & 1) === 1,
  }
}

function hasFeature(header: Header, bit: bigint): boolean {
  return ((header.incompatible >> bit) & 1n) === 1n
}

function checkFeatures(head: Buffer, header: Header): void {
  const unknown = header.incompatible >> knownBits
  if (unknown !== 0n) {
    const mask = (unknown << knownBits).toString(16)
    throw unsafe(`The qcow2 image needs features that are not known (incompatible bits 0x${mask})`)
  }
  if (hasFeature(header, dataFileBit)) {
    throw unsafe('The qcow2 image keeps its data in an external file: it would be read from another file')
  }
  if (hasFeature(header, corruptBit)) throw wrongFormat('The qcow2 image is marked corrupt')
  if (hasFeature(header, extendedL2Bit) && header.clusterSize < smallestExtendedCluster) {
    throw wrongFormat(`The qcow2 image has extended L2 entries with clusters of ${header.clusterSize} bytes`)
  }
  if (header.version === 3 && head.readUInt32BE(96) > largestRefcountOrder) {
    throw wrongFormat(`The qcow2 image has reference counts of 2^${head.readUInt32BE(96)} bits`)
  }
  const compressionType = header.headerLength > 104 ? head.readUInt8(104) : 0
  if (compressionType > 1 || hasFeature(header, compressionTypeBit) !== (compressionType !== 0)) {
    throw wrongFormat(`The qcow2 image has an impossible compression type (${compressionType})`)
  }
}

function checkExtensions(head: Buffer, header: Header): Table[] {
  const end = Number(header.clusterSize)
  const tables: Table[] = []
  let offset = header.headerLength
  while (offset + 8 <= end) {
    const type = head.readUInt32BE(offset)
    const length = head.readUInt32BE(offset + 4)
    if (type === dataFileExtension) {
      throw unsafe('The qcow2 image names an external data file: it would be read from another file')
    }
    // QEMU looks at the length of the end, too.
    if (length > end - offset - 8) {
      throw wrongFormat('The qcow2 image has a header extension that is longer than its first cluster')
    }
    if (type === endOfExtensions) break
    if (type === encryptionExtension) {
      throw unsafe('The qcow2 image has an encryption header: no cloud can boot it without a key')
    }
    if (type === backingFormatExtension && length > longestBackingFormat) {
      throw wrongFormat(`The qcow2 image has a backing format of ${length} characters`)
    }
    if (type === bitmapsExtension) tables.push(...readBitmapDirectory(head, header, offset + 8, length))
    offset += 8 + Math.ceil(length / 8) * 8
  }
  // A header of version 2 ends before the features; services that look for them all the same refuse what they find.
  const mistaken = header.version === 2 ? head.readBigUInt64BE(72) : 0n
  if (mistaken >> knownBits !== 0n || ((mistaken >> dataFileBit) & 1n) === 1n) {
    throw unsafe(
      'The qcow2 image of version 2 has bytes where image services read features, that of a data file',
    )
  }
  return tables
}

/** None where nobody looks at it: without the feature bit the bitmaps count as out of date. */
function readBitmapDirectory(head: Buffer, header: Header, offset: number, length: number): Table[] {
  if (length !== 24) throw wrongFormat('The qcow2 image has an impossible extension for bitmaps')
  if (!header.hasBitmaps) return []
  const count = head.readUInt32BE(offset)
  const bytes = head.readBigUInt64BE(offset + 8)
  if (count === 0 || count > mostBitmaps || head.readUInt32BE(offset + 4) !== 0 || bytes > largestDirectory) {
    throw wrongFormat(`The qcow2 image has an impossible directory of ${count} bitmaps`)
  }
  return [{ name: 'bitmap directory', offset: head.readBigUInt64BE(offset + 16), bytes }]
}

/** None where there is no snapshot; QEMU wants a possible place all the same. */
function readSnapshotTable(head: Buffer, header: Header): Table[] {
  const count = head.readUInt32BE(60)
  const offset = head.readBigUInt64BE(64)
  if (count > mostSnapshots || offset % header.clusterSize !== 0n || offset > largestOffset) {
    throw wrongFormat(`The qcow2 image has an impossible table of ${count} snapshots`)
  }
  return count === 0 ? [] : [{ name: 'snapshot table', offset, bytes: BigInt(count) * snapshotHeaderLength }]
}

function readL1Table(head: Buffer, header: Header): Table {
  const entrySize = hasFeature(header, extendedL2Bit) ? 16n : 8n
  const bytesPerEntry = header.clusterSize * (header.clusterSize / entrySize)
  const needed = (header.virtualSize + bytesPerEntry - 1n) / bytesPerEntry
  const entries = BigInt(head.readUInt32BE(36))
  if (entries < needed || entries * 8n > largestL1Table) {
    throw wrongFormat(
      `The qcow2 image has an L1 table of ${entries} entries, which does not fit its virtual size of ${header.virtualSize} bytes`,
    )
  }
  return { name: 'L1 table', offset: head.readBigUInt64BE(40), bytes: entries * 8n }
}

function readRefcountTable(head: Buffer, header: Header): Table {
  const bytes = BigInt(head.readUInt32BE(56)) * header.clusterSize
  if (bytes === 0n || bytes > largestRefcountTable) {
    throw wrongFormat(`The qcow2 image has an impossible refcount table of ${bytes} bytes`)
  }
  return { name: 'refcount table', offset: head.readBigUInt64BE(48), bytes }
}

function checkTable(table: Table, header: Header): void {
  if (table.offset === 0n || table.offset % header.clusterSize !== 0n) {
    throw wrongFormat(`The qcow2 image has its ${table.name} at an impossible place (byte ${table.offset})`)
  }
}
