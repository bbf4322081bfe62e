/** Small disk images of every format, made byte by byte: the same options always give the same bytes. */

const sectorSize = 512
const defaultVirtualSize = 2 ** 30

/** Changes single bytes of a finished header, for images that no tool would make. */
export type Patch = (image: Buffer) => void

interface CommonOptions {
  /** Bytes of the disk inside. Default: 1 GiB. */
  readonly virtualSize?: number
  /** Bytes of the file: what the tables leave is filled with bytes made of `seed`. Default: the tables only. */
  readonly size?: number
  readonly seed?: number
  readonly patch?: Patch
}

export interface Qcow2Options extends CommonOptions {
  readonly version?: 2 | 3
  /** Default: 12 (4 KiB). */
  readonly clusterBits?: number
  /** Incompatible feature bits. */
  readonly incompatible?: bigint
  readonly backingFile?: string
  /** The external data file's header extension; set the feature bit by `incompatible`. */
  readonly dataFile?: string
  readonly extensions?: readonly { readonly type: number; readonly data: Uint8Array }[]
}

/** A qcow2 image that `qemu-img info` accepts; its clusters are all unallocated. */
export function makeQcow2(options: Qcow2Options = {}): Uint8Array {
  const { version = 3, clusterBits = 12, virtualSize = defaultVirtualSize, incompatible = 0n } = options
  const clusterSize = 2 ** clusterBits
  const l1Entries = Math.ceil(virtualSize / ((clusterSize * clusterSize) / 8))
  const l1Offset = 3 * clusterSize
  const image = Buffer.alloc(l1Offset + l1Entries * 8)
  const headerLength = version === 2 ? 72 : 112
  image.write('QFI\xfb', 0, 'latin1')
  image.writeUInt32BE(version, 4)
  image.writeUInt32BE(clusterBits, 20)
  image.writeBigUInt64BE(BigInt(virtualSize), 24)
  image.writeUInt32BE(l1Entries, 36)
  image.writeBigUInt64BE(BigInt(l1Offset), 40)
  image.writeBigUInt64BE(BigInt(clusterSize), 48)
  image.writeUInt32BE(1, 56)
  image.writeBigUInt64BE(BigInt(2 * clusterSize), clusterSize)
  if (version === 3) {
    image.writeBigUInt64BE(incompatible, 72)
    image.writeUInt32BE(4, 96)
    image.writeUInt32BE(headerLength, 100)
  }
  const dataFile =
    options.dataFile === undefined ? [] : [{ type: 0x44415441, data: Buffer.from(options.dataFile) }]
  let at = headerLength
  for (const { type, data } of [...dataFile, ...(options.extensions ?? [])]) {
    image.writeUInt32BE(type, at)
    image.writeUInt32BE(data.length, at + 4)
    image.set(data, at + 8)
    at += 8 + Math.ceil(data.length / 8) * 8
  }
  if (options.backingFile !== undefined) {
    image.writeBigUInt64BE(BigInt(at + 8), 8)
    image.writeUInt32BE(options.backingFile.length, 16)
    image.write(options.backingFile, at + 8, 'latin1')
  }
  return finished(image, options)
}

export interface VmdkOptions extends CommonOptions {
  readonly createType?: string
  /** Extent lines of the descriptor. Default: one, the file itself. */
  readonly extents?: readonly string[]
  /** Lines put after the descriptor's `createType`. */
  readonly lines?: readonly string[]
  readonly parentCid?: string
  /** The grain directory and a copy of the header at the end, as streams are written. */
  readonly footer?: boolean
}

/** The descriptor of a VMDK disk, as it is embedded or as a file of its own. */
export function makeVmdkDescriptor(options: VmdkOptions = {}): string {
  const sectors = (options.virtualSize ?? defaultVirtualSize) / sectorSize
  const { createType = 'monolithicSparse', parentCid = 'ffffffff', lines = [] } = options
  const extents = options.extents ?? [`RW ${sectors} SPARSE "disk.vmdk"`]
  return [
    '# Disk DescriptorFile',
    'version=1',
    'CID=12345678',
    `parentCID=${parentCid}`,
    `createType="${createType}"`,
    ...lines,
    '',
    '# Extent description',
    ...extents,
    '',
    '# The Disk Data Base',
    'ddb.adapterType = "ide"',
    '',
  ].join('\n')
}

/** A VMDK of one file with an embedded descriptor. */
export function makeVmdk(options: VmdkOptions = {}): Uint8Array {
  const directorySector = 21
  const header = Buffer.alloc(sectorSize)
  header.write('KDMV', 0, 'latin1')
  header.writeUInt32LE(1, 4)
  header.writeUInt32LE(3, 8)
  header.writeBigUInt64LE(BigInt((options.virtualSize ?? defaultVirtualSize) / sectorSize), 12)
  header.writeBigUInt64LE(128n, 20)
  header.writeBigUInt64LE(1n, 28)
  header.writeBigUInt64LE(20n, 36)
  header.writeUInt32LE(512, 44)
  header.writeBigUInt64LE(BigInt(directorySector), 56)
  header.write('\n \r\n', 73, 'latin1')
  const image = Buffer.alloc((directorySector + 1) * sectorSize)
  image.set(header)
  image.write(makeVmdkDescriptor(options), sectorSize, 'latin1')
  if (options.footer !== true) return finished(image, options)
  image.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 56)
  const end = Buffer.alloc(3 * sectorSize)
  end.writeBigUInt64LE(1n, 0)
  end.writeUInt32LE(3, 12)
  end.set(header, sectorSize)
  return finished(image, options, end)
}

export interface VhdOptions extends CommonOptions {
  /** Default: dynamic. */
  readonly type?: 'fixed' | 'dynamic' | 'differencing'
}

const vhdTypes = { fixed: 2, dynamic: 3, differencing: 4 }

/** A VHD disk; a fixed one is `virtualSize` bytes and a footer. */
export function makeVhd(options: VhdOptions = {}): Uint8Array {
  const { type = 'dynamic', virtualSize = defaultVirtualSize } = options
  const footer = Buffer.alloc(sectorSize)
  footer.write('conectix', 0, 'latin1')
  footer.writeUInt32BE(0x10000, 12)
  footer.writeBigUInt64BE(type === 'fixed' ? 0xffff_ffff_ffff_ffffn : 512n, 16)
  footer.writeBigUInt64BE(BigInt(virtualSize), 40)
  footer.writeBigUInt64BE(BigInt(virtualSize), 48)
  footer.writeUInt32BE(vhdTypes[type], 60)
  footer.writeUInt32BE(vhdChecksum(footer), 64)
  if (type === 'fixed') {
    return finished(Buffer.alloc(0), { ...options, size: virtualSize + sectorSize }, footer)
  }
  const blockSize = 2 ** 21
  const header = Buffer.alloc(1024)
  header.write('cxsparse', 0, 'latin1')
  header.writeBigUInt64BE(0xffff_ffff_ffff_ffffn, 8)
  header.writeBigUInt64BE(1536n, 16)
  header.writeUInt32BE(0x10000, 24)
  header.writeUInt32BE(Math.ceil(virtualSize / blockSize), 28)
  header.writeUInt32BE(blockSize, 32)
  header.writeUInt32BE(vhdChecksum(header), 36)
  const table = Buffer.alloc(Math.ceil((virtualSize / blockSize) * (4 / sectorSize)) * sectorSize, 0xff)
  return finished(Buffer.concat([footer, header, table]), options, footer)
}

/** The complement of the sum of all bytes, where the checksum's own are still 0. */
function vhdChecksum(bytes: Buffer): number {
  return ~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0
}

/** A dynamic VDI disk without allocated blocks. */
export function makeVdi(options: CommonOptions = {}): Uint8Array {
  const { virtualSize = defaultVirtualSize } = options
  const blockSize = 2 ** 20
  const blocks = Math.ceil(virtualSize / blockSize)
  const dataOffset = 512 + Math.ceil((blocks * 4) / sectorSize) * sectorSize
  const image = Buffer.alloc(dataOffset)
  image.write('<<< Test Virtual Disk Image >>>\n', 0, 'latin1')
  image.writeUInt32BE(0x7f10dabe, 64)
  image.writeUInt32LE(0x10001, 68)
  image.writeUInt32LE(0x180, 72)
  image.writeUInt32LE(1, 76)
  image.writeUInt32LE(512, 340)
  image.writeUInt32LE(dataOffset, 344)
  image.writeUInt32LE(512, 360)
  image.writeBigUInt64LE(BigInt(virtualSize), 368)
  image.writeUInt32LE(blockSize, 376)
  image.writeUInt32LE(blocks, 384)
  image.fill(0xff, 512)
  return finished(image, options)
}

export interface RawOptions {
  /** Default: 64 KiB. */
  readonly size?: number
  readonly seed?: number
  readonly patch?: Patch
}

/** A disk byte by byte, with a boot record and a partition of Linux in it. */
export function makeRaw(options: RawOptions = {}): Uint8Array {
  const image = Buffer.alloc(sectorSize)
  image.writeUInt8(0x83, 446 + 4)
  image.writeUInt32LE(1, 446 + 8)
  image.writeUInt32LE(127, 446 + 12)
  image.write('\x55\xaa', 510, 'latin1')
  return finished(image, { size: 64 * 1024, ...options })
}

export interface IsoOptions extends RawOptions {
  /** With a boot record, so that it is a disk too. Default: false. */
  readonly hybrid?: boolean
}

/** The volume descriptors of an ISO 9660 file system. */
export function makeIso(options: IsoOptions = {}): Uint8Array {
  const image = Buffer.alloc(18 * 2048)
  image.write('\x01CD001\x01', 16 * 2048, 'latin1')
  image.write('\xffCD001\x01', 17 * 2048, 'latin1')
  if (options.hybrid === true) {
    image.writeUInt8(0x17, 446 + 4)
    image.writeUInt32LE(72, 446 + 12)
    image.write('\x55\xaa', 510, 'latin1')
  }
  return finished(image, options)
}

/** `length` bytes that do not compress well and depend on `seed` alone. */
export function makeBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

function finished(
  start: Buffer,
  { size = 0, seed, patch }: { size?: number; seed?: number; patch?: Patch },
  end: Buffer = Buffer.alloc(0),
): Uint8Array {
  const fill = Math.max(0, size - start.length - end.length)
  const image = Buffer.concat([start, makeBytes(fill, seed), end])
  patch?.(image)
  return new Uint8Array(image)
}
