import { crc32, createInflateRaw } from 'node:zlib'
import type { ImageFormat } from '../../image.ts'
import { anotherFile, ByteReader, decompressionFailed, notUnpacked } from './byte-reader.ts'
import { endingsOf, isSideFile, namesImage } from './names.ts'
import type { Unpacking } from './unpacking.ts'
import { tooLarge } from './unpacking.ts'
import { checkDirectory, type Entry, notZip, zip64Numbers } from './zip-directory.ts'

const localHeader = 0x04034b50
const dataDescriptor = 0x08074b50
const unknown32 = 0xffffffff
/** Files of an archive. */
const most = 10_000

interface Member {
  readonly offset: number
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
 * a tar archive, or the only file, whatever its name. Two images, encrypted files, links, and methods but "stored" and
 * "deflate" are refused; CRC-32 and sizes are checked. Behind the files comes the directory, which other readers go by: it
 * has to say the same of all of them, and to end the archive. Names only choose: no path in the archive is ever used.
 */
export async function* unzip(
  source: AsyncIterable<Uint8Array>,
  { format, limit }: Unpacking,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source)
  const files = { image: 0, other: 0, none: 0 }
  const onlyFile = new HeldFile()
  const read: LocalFile[] = []
  let taken: LocalFile | undefined
  let skipped = 0
  for (let member = await nextMember(reader); member !== undefined; member = await nextMember(reader)) {
    const role = roleOf(member.name, format)
    const file = new LocalFile(member, reader)
    read.push(file)
    if (read.length > most) throw notUnpacked(`the archive holds more than ${most} files`, anotherFile)
    files[role] += 1
    if (role === 'image') {
      if (files.image > 1 || onlyFile.isHandedOn) throw severalFiles(format)
      taken = file
      yield* file
    } else if (role === 'other' && files.other === 1 && files.image === 0) {
      taken = file
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
  const entries = read.map(({ entry }) => entry)
  const links = await checkDirectory(reader, entries)
  if (taken !== undefined && links.has(taken.entry.offset)) {
    throw notUnpacked(`the ${format} image in the archive is a link`, anotherFile)
  }
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

/** @returns undefined at what follows the files */
async function nextMember(reader: ByteReader): Promise<Member | undefined> {
  const signature = await reader.read(4, 'a header')
  if (signature.readUInt32LE(0) === localHeader) return readMember(reader)
  if (signature.toString('latin1', 0, 2) !== 'PK') throw notZip()
  reader.unread(signature)
  return undefined
}

async function readMember(reader: ByteReader): Promise<Member> {
  const offset = reader.offset - 4
  const header = await reader.read(26, 'a header')
  const flags = header.readUInt16LE(2)
  const name = await reader.read(header.readUInt16LE(22), 'a name')
  const extra = await reader.read(header.readUInt16LE(24), 'an extra field')
  if ((flags & 1) !== 0) throw notUnpacked('the archive is encrypted', anotherFile)
  const deferred = (flags & 8) !== 0
  const wide = zip64Numbers(extra)
  const size = header.readUInt32LE(18)
  const packed = header.readUInt32LE(14)
  return {
    offset,
    name: name.toString('latin1'),
    method: header.readUInt16LE(4),
    crc: header.readUInt32LE(10),
    size: deferred ? undefined : size === unknown32 ? wide?.[0] : size,
    packedSize: deferred ? undefined : packed === unknown32 ? wide?.[1] : packed,
    wide: wide !== undefined,
  }
}

/** A file of the archive; what it is, is known once it has been read. */
class LocalFile {
  readonly #member: Member
  readonly #reader: ByteReader
  readonly #read = { crc: 0, size: 0, packedSize: 0 }

  constructor(member: Member, reader: ByteReader) {
    this.#member = member
    this.#reader = reader
  }

  get entry(): Entry {
    const { offset, name, method } = this.#member
    return { offset, name, method, ...this.#read }
  }

  /** @throws UpdaterError DECOMPRESSION_* */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const start = this.#reader.offset
    for await (const chunk of unpack(this.#member, this.#reader)) {
      this.#read.crc = crc32(chunk, this.#read.crc)
      this.#read.size += chunk.length
      yield chunk
    }
    this.#read.packedSize = this.#reader.offset - start
    const { name, size, crc } = this.#member
    const said = size === undefined ? await readDescriptor(this.#member, this.#reader) : { crc, size }
    if (this.#read.crc !== said.crc)
      throw decompressionFailed('the checksum (CRC-32) in the archive is not that of the file')
    if (this.#read.size !== said.size)
      throw decompressionFailed('the size in the archive is not that of the file')
    if (this.#read.size > 0 && name.endsWith('/'))
      throw decompressionFailed('a folder in the archive has data')
  }
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
