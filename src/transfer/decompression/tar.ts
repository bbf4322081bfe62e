import type { ImageFormat } from '../../image.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { decompressionFailed } from './failure.ts'
import { readNumber, readText } from './tar-field.ts'
import { expand, readOldMap, readPaxMap } from './tar-sparse.ts'

const blockSize = 512
const maxExtension = 2 ** 20

/** What a member's header, and the extensions before it, say. */
interface Member {
  readonly type: string
  readonly name: string
  /** Bytes of data in the archive, without padding. */
  readonly size: number
  readonly header: Buffer
  readonly pax: ReadonlyMap<string, string>
}

/**
 * The one disk image in a tar archive (POSIX ustar and pax, GNU): the regular file whose name ends in the
 * declared format, or in `.img` where that is raw or qcow2. Other members are passed over; a second such file, or
 * a link of such a name, is refused. Sparse files (GNU, and pax 1.0) are expanded. Names only choose: no
 * path in the archive is ever used.
 */
export async function* untar(
  source: AsyncIterable<Uint8Array>,
  format: ImageFormat,
): AsyncGenerator<Uint8Array> {
  const reader = createByteReader(source)
  let images = 0
  for (let member = await nextMember(reader); member !== undefined; member = await nextMember(reader)) {
    if (!isImage(member, format)) {
      if (member.type === 'S') await readOldMap(member.header, reader)
      await skip(reader, padded(member.size))
      continue
    }
    images += 1
    if (images > 1) throw decompressionFailed(`the archive holds more than one ${format} image`)
    yield* contentOf(member, reader)
  }
  if (images === 0)
    throw decompressionFailed(`the archive holds no file whose name says that it is ${format}`)
  await reader.drain()
}

function isImage({ type, name }: Member, format: ImageFormat): boolean {
  const extensions = format === 'raw' || format === 'qcow2' ? [`.${format}`, '.img'] : [`.${format}`]
  if (!extensions.some((extension) => name.toLowerCase().endsWith(extension))) return false
  if (type === '1' || type === '2') throw decompressionFailed(`the ${format} image in the archive is a link`)
  return ['', '0', '7', 'S'].includes(type)
}

async function* contentOf(member: Member, reader: ByteReader): AsyncGenerator<Uint8Array> {
  const { pax, header, size } = member
  if (member.type === 'S') {
    yield* expand(await readOldMap(header, reader), size, reader)
  } else if (pax.get('GNU.sparse.major') === '1') {
    const map = await readPaxMap(pax, reader)
    yield* expand(map, size - map.bytesRead, reader)
  } else if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse'))) {
    throw decompressionFailed('the image in the archive is sparse in a way that is not supported')
  } else yield* reader.take(size)
  await skip(reader, padded(size) - size)
}

/** The next member that is no extension of another one; `undefined` at the end of the archive. */
async function nextMember(reader: ByteReader): Promise<Member | undefined> {
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
    await skip(reader, padded(size) - size)
    if (type === 'x') pax = parsePax(extension)
    if (type === 'L') longName = readText(extension, 0, extension.length)
  }
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

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize
}

async function skip(reader: ByteReader, length: number): Promise<void> {
  for await (const _ of reader.take(length));
}
