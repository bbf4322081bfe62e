import { crc32, createInflateRaw } from 'node:zlib'
import type { ImageFormat } from '../../image.ts'
import { anotherFile, ByteReader, decompressionFailed, notUnpacked } from './byte-reader.ts'
import { endingsOf, isSideFile, namesImage } from './names.ts'
import type { Unpacking } from './unpacking.ts'
import { tooLarge } from './unpacking.ts'

const localHeader = 0x04034b50
const dataDescriptor = 0x08074b50
const centralDirectory = 0x02014b50
const endOfDirectory = 0x06054b50
const unknown32 = 0xffffffff

interface Member {
  /** That of a folder ends in a slash. */
  readonly name: string
  readonly method: number
  readonly crc: number
  /** `undefined`: a data descriptor after the data says it. */
  readonly packedSize: number | undefined
  readonly size: number | undefined
  readonly wide: boolean
}

/**
 * The one disk image in a ZIP archive, streamed by its local header (APPNOTE 4.3.7): the file whose name says so, as in
 * a tar archive, or the only file, whatever its name. Two images, encrypted files, and methods but "stored" and "deflate"
 * are refused; CRC-32 and sizes are checked. Names only choose: no path in the archive is ever used.
 */
export async function* unzip(
  source: AsyncIterable<Uint8Array>,
  { format, limit }: Unpacking,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source)
  const files = { image: 0, other: 0, none: 0 }
  const onlyFile = new HeldFile()
  let skipped = 0
  for (let member = await nextMember(reader); member !== undefined; member = await nextMember(reader)) {
    const role = roleOf(member.name, format)
    const file = readFile(member, reader)
    files[role] += 1
    if (role === 'image') {
      if (files.image > 1 || onlyFile.isHandedOn) throw severalFiles(format)
      yield* file
    } else if (role === 'other' && files.other === 1 && files.image === 0) {
      yield* onlyFile.take(file)
    } else {
      skipped = await passOver(file, skipped, limit)
    }
  }
  if (files.image === 0) {
    if (files.other === 0) throw notUnpacked('the archive holds no file', anotherFile)
    if (files.other > 1) throw severalFiles(format)
    yield* onlyFile.chunks
  }
  await reader.drain()
}

/** Returns how many bytes have been passed over by then. */
async function passOver(file: AsyncIterable<Uint8Array>, before: number, limit: number): Promise<number> {
  let skipped = before
  for await (const chunk of file) {
    skipped += chunk.length
    if (skipped > limit) throw tooLarge(limit)
  }
  return skipped
}

/** `none`: a folder, or what macOS puts beside a file. */
function roleOf(name: string, format: ImageFormat): 'image' | 'other' | 'none' {
  if (namesImage(name, format)) return 'image'
  return name.endsWith('/') || isSideFile(name) ? 'none' : 'other'
}

function severalFiles(format: ImageFormat) {
  const endings = endingsOf(format).join(' or ')
  return notUnpacked(
    `the archive holds more than one file that may be the image (whose name should end in ${endings})`,
    anotherFile,
  )
}

/** A file with another name than an image's. If it is small, it waits until it is known whether it is the only one. */
class HeldFile {
  readonly chunks: Uint8Array[] = []
  isHandedOn = false

  async *take(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0
    for await (const chunk of file) {
      this.chunks.push(chunk)
      size += chunk.length
      this.isHandedOn = size > 2 ** 20
      if (this.isHandedOn) yield* this.chunks.splice(0)
    }
  }
}

/** @returns undefined at the central directory, behind which there are no more files */
async function nextMember(reader: ByteReader): Promise<Member | undefined> {
  const signature = (await reader.read(4, 'a header')).readUInt32LE(0)
  if (signature === centralDirectory || signature === endOfDirectory) return undefined
  if (signature !== localHeader) throw decompressionFailed('it is not a ZIP archive, or a damaged one')
  return readMember(reader)
}

async function readMember(reader: ByteReader): Promise<Member> {
  const header = await reader.read(26, 'a header')
  const flags = header.readUInt16LE(2)
  const name = await reader.read(header.readUInt16LE(22), 'a name')
  const extra = await reader.read(header.readUInt16LE(24), 'an extra field')
  if ((flags & 1) !== 0) throw notUnpacked('the archive is encrypted', anotherFile)
  const deferred = (flags & 8) !== 0
  const wide = zip64Sizes(extra)
  const size = header.readUInt32LE(18)
  const packed = header.readUInt32LE(14)
  return {
    name: name.toString('latin1'),
    method: header.readUInt16LE(4),
    crc: header.readUInt32LE(10),
    size: deferred ? undefined : size === unknown32 ? wide?.size : size,
    packedSize: deferred ? undefined : packed === unknown32 ? wide?.packed : packed,
    wide: wide !== undefined,
  }
}

/** The ZIP64 extended information (APPNOTE 4.5.3). */
function zip64Sizes(extra: Buffer): { size: number; packed: number } | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    if (at + 20 > extra.length) return undefined
    return { size: Number(extra.readBigUInt64LE(at + 4)), packed: Number(extra.readBigUInt64LE(at + 12)) }
  }
  return undefined
}

async function* readFile(member: Member, reader: ByteReader): AsyncGenerator<Uint8Array> {
  let crc = 0
  let size = 0
  for await (const chunk of unpack(member, reader)) {
    crc = crc32(chunk, crc)
    size += chunk.length
    yield chunk
  }
  const said =
    member.size === undefined ? await readDescriptor(member, reader) : { crc: member.crc, size: member.size }
  if (crc !== said.crc)
    throw decompressionFailed('the checksum (CRC-32) in the archive is not that of the file')
  if (size !== said.size) throw decompressionFailed('the size in the archive is not that of the file')
}

function unpack({ method, packedSize }: Member, reader: ByteReader): AsyncIterable<Uint8Array> {
  if (method === 8) return inflate(reader)
  if (method !== 0) throw notUnpacked(`the archive uses method ${method}`, anotherFile)
  if (packedSize === undefined) {
    throw notUnpacked('the archive does not say how long its file is', anotherFile)
  }
  return reader.take(packedSize)
}

async function* inflate(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: 1 << 20 })
  const feed = async () => {
    let fed = 0
    for await (const chunk of reader.rest()) {
      fed += chunk.length
      await new Promise<void>((resolve) => inflater.write(chunk, () => resolve()))
      if (inflater.bytesWritten < fed)
        return reader.unread(chunk.subarray(chunk.length - (fed - inflater.bytesWritten)))
    }
    inflater.end()
  }
  const fed = feed().catch((error: Error) => void inflater.destroy(error))
  try {
    yield* inflater as AsyncIterable<Uint8Array>
    await fed
  } catch (error) {
    throw decompressionFailed('the data in the archive is damaged or cut short', error)
  } finally {
    inflater.destroy()
  }
}

async function readDescriptor({ wide }: Member, reader: ByteReader): Promise<{ crc: number; size: number }> {
  let first = await reader.read(4, 'a data descriptor')
  if (first.readUInt32LE(0) === dataDescriptor) first = await reader.read(4, 'a data descriptor')
  const sizes = await reader.read(wide ? 16 : 8, 'a data descriptor')
  return { crc: first.readUInt32LE(0), size: wide ? Number(sizes.readBigUInt64LE(8)) : sizes.readUInt32LE(4) }
}
