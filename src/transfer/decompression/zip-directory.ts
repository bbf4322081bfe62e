import { type ByteReader, decompressionFailed } from './byte-reader.ts'

const centralHeader = 0x02014b50
const wideEnd = 0x06064b50
const wideLocator = 0x07064b50
const end = 0x06054b50
const unknown16 = 0xffff
const unknown32 = 0xffffffff

/** A file of a ZIP archive. */
export interface Entry {
  /** Of its local header. */
  readonly offset: number
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly packedSize: number
  readonly size: number
}

/**
 * Reads what follows the files of an archive, to its last byte (APPNOTE 4.3.12 – 4.3.16): the directory has to name the
 * files that were read, each with what it is. A file that is cut has none, or a part of one.
 * @returns the offsets of files that it says to be links
 * @throws UpdaterError DECOMPRESSION_*
 */
export async function checkDirectory(
  reader: ByteReader,
  files: readonly Entry[],
): Promise<ReadonlySet<number>> {
  const start = reader.offset
  const left = new Map(files.map((file) => [file.offset, file]))
  const links = new Set<number>()
  let signature = await readSignature(reader)
  for (; signature === centralHeader; signature = await readSignature(reader)) {
    const { entry, isLink } = await readEntry(reader)
    const file = left.get(entry.offset)
    const isSame =
      file !== undefined && Object.entries(entry).every(([key, value]) => file[key as keyof Entry] === value)
    if (!isSame) throw contradiction()
    left.delete(entry.offset)
    if (isLink) links.add(entry.offset)
  }
  if (left.size > 0) throw contradiction()
  const size = reader.offset - 4 - start
  const said = await readEnd(reader, signature)
  if (said.count !== files.length || said.size !== size || said.offset !== start) throw contradiction()
  if (!(await reader.isAtEnd())) throw decompressionFailed('other bytes follow the end of the archive')
  return links
}

async function readSignature(reader: ByteReader): Promise<number> {
  return (await reader.read(4, 'the directory of the archive')).readUInt32LE(0)
}

async function readEntry(reader: ByteReader): Promise<{ readonly entry: Entry; readonly isLink: boolean }> {
  const header = await reader.read(42, 'the directory of the archive')
  const name = await reader.read(header.readUInt16LE(24), 'a name')
  const extra = await reader.read(header.readUInt16LE(26), 'an extra field')
  await reader.skip(header.readUInt16LE(28))
  // The upper half has the mode that a Unix system gave the file.
  const isLink = header.readUInt32LE(34) >>> 28 === 0xa && [3, 19].includes(header.readUInt8(1))
  const wide = [...(zip64Numbers(extra) ?? [])]
  const [size = Number.NaN, packedSize = Number.NaN, offset = Number.NaN] = [20, 16, 38].map((at) => {
    const number = header.readUInt32LE(at)
    return number === unknown32 ? wide.shift() : number
  })
  const [method, crc] = [header.readUInt16LE(6), header.readUInt32LE(12)]
  return { entry: { offset, name: name.toString('latin1'), method, crc, packedSize, size }, isLink }
}

/** The numbers of the ZIP64 extended information, in their order (APPNOTE 4.5.3); undefined if there is none. */
export function zip64Numbers(extra: Buffer): readonly number[] | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2)
    const content = extra.subarray(at + 4, at + 4 + length)
    if (extra.readUInt16LE(at) === 1) {
      const count = Math.floor(content.length / 8)
      return Array.from({ length: count }, (_, index) => Number(content.readBigUInt64LE(8 * index)))
    }
    at += 4 + length
  }
  return undefined
}

/** What the end of the archive says of its directory. */
async function readEnd(reader: ByteReader, first: number) {
  let signature = first
  let wide: { readonly count: number; readonly size: number; readonly offset: number } | undefined
  if (signature === wideEnd) {
    const length = Number((await reader.read(8, 'the end of the archive')).readBigUInt64LE(0))
    const record = await reader.read(44, 'the end of the archive')
    await reader.skip(length - 44)
    const [count = 0, size = 0, offset = 0] = [20, 28, 36].map((at) => Number(record.readBigUInt64LE(at)))
    wide = { count, size, offset }
    if ((await readSignature(reader)) !== wideLocator) throw notZip()
    await reader.skip(16)
    signature = await readSignature(reader)
  }
  if (signature !== end) throw notZip()
  const record = await reader.read(18, 'the end of the archive')
  await reader.skip(record.readUInt16LE(16))
  const [count, size, offset] = [record.readUInt16LE(6), record.readUInt32LE(8), record.readUInt32LE(12)]
  return {
    count: count === unknown16 ? (wide?.count ?? count) : count,
    size: size === unknown32 ? (wide?.size ?? size) : size,
    offset: offset === unknown32 ? (wide?.offset ?? offset) : offset,
  }
}

export function notZip() {
  return decompressionFailed('it is not a ZIP archive, or a damaged one')
}

function contradiction() {
  return decompressionFailed('the directory of the archive does not say what its files are')
}
