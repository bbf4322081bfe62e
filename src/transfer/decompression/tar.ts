import type { ImageFormat } from '../../image.ts'
import { anotherFile, ByteReader, decompressionFailed, notUnpacked } from './byte-reader.ts'
import { endingsOf, namesImage } from './names.ts'
import type { Unpacking } from './unpacking.ts'

/** Bytes of a header; data is filled up to a multiple of it. */
const blockSize = 512
const maxExtension = 2 ** 20

/**
 * The one disk image in a tar archive (POSIX ustar and pax, GNU): the regular file whose name ends in the
 * declared format, or in `.img` where that is raw or qcow2. Other members are passed over; a second such file, or
 * a link of such a name, is refused. Sparse files (GNU, and pax 1.0) are expanded. Names only choose: no
 * path in the archive is ever used.
 */
export async function* untar(
  source: AsyncIterable<Uint8Array>,
  { format }: Unpacking,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source)
  let images = 0
  for (let member = await nextMember(reader); member !== undefined; member = await nextMember(reader)) {
    if (isImage(member, format)) {
      images += 1
      if (images > 1) throw notUnpacked(`the archive holds more than one ${format} image`, anotherFile)
      yield* contentOf(member, reader)
    } else {
      if (member.type === 'S') await readGnuMap(member.header, reader)
      await reader.skip(member.size)
    }
    await reader.skip(paddingOf(member.size))
  }
  if (images === 0)
    throw notUnpacked(
      `the archive holds no file whose name ends in ${endingsOf(format).join(' or ')}`,
      anotherFile,
    )
  await reader.drain()
}

function isImage({ type, name }: Member, format: ImageFormat): boolean {
  if (!namesImage(name, format)) return false
  if (type === '1' || type === '2') {
    throw notUnpacked(`the ${format} image in the archive is a link`, anotherFile)
  }
  return ['', '0', '7', 'S'].includes(type)
}

async function* contentOf({ type, pax, header, size }: Member, reader: ByteReader) {
  if (type === 'S') {
    yield* expand(await readGnuMap(header, reader), size, reader)
  } else if (pax.get('GNU.sparse.major') === '1') {
    const map = await readPaxMap(pax, reader)
    yield* expand(map, size - map.bytesRead, reader)
  } else if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse'))) {
    throw notUnpacked('the image in the archive is sparse in a way that is not supported', anotherFile)
  } else yield* reader.take(size)
}

/** A run of bytes that the archive holds; what lies between runs is zero. */
interface Extent {
  readonly offset: number
  readonly length: number
}

/** Where the data of a sparse file belongs. */
interface SparseMap {
  readonly extents: readonly Extent[]
  /** Bytes of the file once expanded. */
  readonly size: number
}

const maxExtents = 1_000_000

/**
 * The map of a GNU sparse member (type `S`): four runs in its header, 21 in each block that follows.
 * @see https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */
async function readGnuMap(header: Buffer, reader: ByteReader): Promise<SparseMap> {
  const extents = extentsIn(header, 386, 4)
  for (let isMore = header[482] === 1; isMore; ) {
    const block = await reader.read(blockSize, 'a map of a sparse file')
    extents.push(...extentsIn(block, 0, 21))
    isMore = block[504] === 1
    if (extents.length > maxExtents) throw tooManyExtents()
  }
  return { extents: extents.filter(({ length }) => length !== 0), size: readNumber(header, 483, 12) }
}

function extentsIn(block: Buffer, start: number, count: number): Extent[] {
  return Array.from({ length: count }, (_, index) => ({
    offset: readNumber(block, start + index * 24, 12),
    length: readNumber(block, start + index * 24 + 12, 12),
  }))
}

/**
 * The map of a pax sparse member, version 1.0: decimal numbers on lines of their own in front of the
 * data, filled up to a block. `bytesRead` says how much of the member's data that was.
 * @see https://www.gnu.org/software/tar/manual/html_node/PAX-1.html
 */
async function readPaxMap(
  pax: ReadonlyMap<string, string>,
  reader: ByteReader,
): Promise<SparseMap & { readonly bytesRead: number }> {
  const numbers: number[] = []
  let rest = ''
  let bytesRead = 0
  for (let wanted = 1; numbers.length < wanted; wanted = 1 + 2 * (numbers[0] ?? 0)) {
    rest += (await reader.read(blockSize, 'a map of a sparse file')).toString('latin1')
    bytesRead += blockSize
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    numbers.push(...lines.map(Number))
    const count = numbers[0] ?? 0
    if (rest.length > blockSize || !Number.isInteger(count) || count < 0) throw damagedMap()
    if (count > maxExtents) throw tooManyExtents()
  }
  const [count = 0, ...values] = numbers
  const extents = Array.from({ length: count }, (_, index) => ({
    offset: values[2 * index] ?? Number.NaN,
    length: values[2 * index + 1] ?? Number.NaN,
  }))
  const size = Number(pax.get('GNU.sparse.realsize'))
  return { extents: extents.filter(({ length }) => length !== 0), size, bytesRead }
}

/**
 * The bytes of a sparse file.
 * @param packed bytes of data that follow in the archive
 */
async function* expand({ extents, size }: SparseMap, packed: number, reader: ByteReader) {
  let at = 0
  let left = packed
  for (const { offset, length } of extents) {
    const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && length > 0
    if (!fits || offset < at || offset + length > size || length > left) throw damagedMap()
    yield* zeros(offset - at)
    yield* reader.take(length)
    at = offset + length
    left -= length
  }
  if (left !== 0 || !Number.isSafeInteger(size)) throw damagedMap()
  yield* zeros(size - at)
}

const zeroBlock = new Uint8Array(2 ** 20)

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeroBlock.length) yield zeroBlock.subarray(0, left)
}

function damagedMap() {
  return decompressionFailed('the map of a sparse file in the archive is impossible')
}

function tooManyExtents() {
  return decompressionFailed(`a sparse file in the archive has more than ${maxExtents} parts`)
}

/** A member of a tar archive, by its header and the extensions before it. */
interface Member {
  readonly type: string
  readonly name: string
  /** Bytes of data in the archive, without padding. */
  readonly size: number
  readonly header: Buffer
  readonly pax: ReadonlyMap<string, string>
}

/**
 * The next member that is no extension of another one; `undefined` at the end of the archive.
 * @throws UpdaterError DECOMPRESSION_FAILED
 */
async function nextMember(reader: ByteReader): Promise<Member | undefined> {
  let pax = new Map<string, string>()
  let longName: string | undefined
  // Some tools write no blocks of zeros at the end, and GNU tar misses none.
  if (await reader.isAtEnd()) return undefined
  for (;;) {
    const header = await reader.read(blockSize, 'a header')
    if (header.every((byte) => byte === 0)) return undefined
    if (!isHeader(header)) throw decompressionFailed('it is not a tar archive, or a damaged one')
    const type = header.toString('latin1', 156, 157).replace('\0', '')
    const size = sizeOf(header, pax)
    if (!['x', 'g', 'L', 'K'].includes(type)) {
      const name = pax.get('GNU.sparse.name') ?? pax.get('path') ?? longName ?? readText(header, 0, 100)
      return { type, name, size: hasData(type) ? size : 0, header, pax }
    }
    if (size > maxExtension) throw decompressionFailed('a header in the archive is too long')
    const extension = await reader.read(size, 'a header')
    await reader.skip(paddingOf(size))
    if (type === 'x') pax = parsePax(extension)
    if (type === 'L') longName = readText(extension, 0, extension.length)
  }
}

/** Bytes between the end of data and the next header. */
function paddingOf(size: number): number {
  return Math.ceil(size / blockSize) * blockSize - size
}

/** A number of a header: octal digits, or base 256 where the first bit is set. NaN where it is neither. */
function readNumber(buffer: Buffer, offset: number, length: number): number {
  const field = buffer.subarray(offset, offset + length)
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = readText(buffer, offset, length).trim()
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN
  }
  return field.reduce((value, byte, index) => value * 256 + (index === 0 ? byte & 0x7f : byte), 0)
}

/** A text of a header, up to the first NUL. */
function readText(buffer: Buffer, offset: number, length: number): string {
  const field = buffer.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? field.length : end)
}

function sizeOf(header: Buffer, pax: ReadonlyMap<string, string>): number {
  const size = pax.has('size') ? Number(pax.get('size')) : readNumber(header, 124, 12)
  if (Number.isSafeInteger(size) && size >= 0) return size
  throw decompressionFailed('a size in the archive is impossible')
}

function hasData(type: string): boolean {
  return !['1', '2', '3', '4', '5', '6'].includes(type)
}

/** The checksum is the sum of all bytes with its own field taken as spaces. */
function isHeader(header: Buffer): boolean {
  let sum = 8 * 32
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte
  return readNumber(header, 148, 8) === sum
}

/** Records `LENGTH key=value\n`, where LENGTH counts the whole record. */
function parsePax(bytes: Buffer): Map<string, string> {
  const values = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, Math.max(at, space)))
    const isWhole = space > at && length > space - at && at + length <= bytes.length
    if (!isWhole || !Number.isInteger(length)) throw decompressionFailed('a header in the archive is damaged')
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    values.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return values
}
