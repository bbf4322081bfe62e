import type { ByteReader } from './byte-reader.ts'
import { decompressionFailed } from './failure.ts'

/** Bytes of a header; data is filled up to a multiple of it. */
export const blockSize = 512
const maxExtension = 2 ** 20

/** A member of a tar archive, by its header and the extensions before it. */
export interface Member {
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
export async function nextMember(reader: ByteReader): Promise<Member | undefined> {
  let pax = new Map<string, string>()
  let longName: string | undefined
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
export function paddingOf(size: number): number {
  return Math.ceil(size / blockSize) * blockSize - size
}

/** A number of a header: octal digits, or base 256 where the first bit is set. NaN where it is neither. */
export function readNumber(buffer: Buffer, offset: number, length: number): number {
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
    const length = Number(bytes.toString('latin1', at, space === -1 ? at : space))
    const isWhole = Number.isInteger(length) && length > space - at && at + length <= bytes.length
    if (!isWhole) throw decompressionFailed('a header in the archive is damaged')
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    values.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return values
}
