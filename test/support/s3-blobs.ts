import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes that were sent in one request. */
export interface Blob {
  readonly size: number
  readonly md5: string
  readonly sha256: string | undefined
  read(start: number, end: number): AsyncIterable<Uint8Array>
}

/** A part of a blob: what objects are made of, so that a copy moves no bytes. */
export interface Piece {
  readonly blob: Blob
  /** Bytes of the blob, `end` excluded. */
  readonly start: number
  readonly end: number
}

/** `memory`, `disk` (a temporary folder), or `null`: bytes are counted, hashed and forgotten (read as zeros). */
export type BlobMode = 'memory' | 'disk' | 'null'

export interface Blobs {
  receive(body: AsyncIterable<Uint8Array>): Promise<Blob>
  close(): Promise<void>
}

export async function createBlobs(mode: BlobMode): Promise<Blobs> {
  if (mode === 'disk') return diskBlobs(await mkdtemp(join(tmpdir(), 's3-server-')))
  return { receive: mode === 'null' ? receiveNothing : receiveInMemory, close: async () => {} }
}

export function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** The pieces that make up the bytes `first` to `end` (excluded) of what `pieces` make up. */
export function slice(pieces: readonly Piece[], first: number, end: number): Piece[] {
  const cut: Piece[] = []
  let offset = 0
  for (const piece of pieces) {
    const from = Math.max(first, offset)
    const to = Math.min(end, offset + piece.end - piece.start)
    if (from < to) cut.push({ ...piece, start: piece.start + from - offset, end: piece.start + to - offset })
    offset += piece.end - piece.start
  }
  return cut
}

export async function* readPieces(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const { blob, start, end } of pieces) yield* blob.read(start, end)
}

async function receiveInMemory(body: AsyncIterable<Uint8Array>): Promise<Blob> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return {
    size: bytes.length,
    md5: createHash('md5').update(bytes).digest('hex'),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *read(start, end) {
      yield bytes.subarray(start, end)
    },
  }
}

async function receiveNothing(body: AsyncIterable<Uint8Array>): Promise<Blob> {
  const md5 = createHash('md5')
  let size = 0
  for await (const chunk of body) {
    md5.update(chunk)
    size += chunk.length
  }
  return {
    size,
    md5: md5.digest('hex'),
    sha256: undefined,
    async *read(start, end) {
      for (let at = start; at < end; at += 65536) yield new Uint8Array(Math.min(65536, end - at))
    },
  }
}

function diskBlobs(folder: string): Blobs {
  let count = 0
  return {
    async receive(body) {
      count += 1
      const path = join(folder, String(count))
      const hashes = [createHash('md5'), createHash('sha256')] as const
      const file = await open(path, 'wx')
      const size = await store(body, file, hashes).finally(() => file.close())
      return {
        size,
        md5: hashes[0].digest('hex'),
        sha256: hashes[1].digest('hex'),
        read: (start, end) => (start < end ? createReadStream(path, { start, end: end - 1 }) : nothing()),
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

async function store(
  body: AsyncIterable<Uint8Array>,
  file: FileHandle,
  hashes: readonly Hash[],
): Promise<number> {
  let size = 0
  for await (const chunk of body) {
    for (const hash of hashes) hash.update(chunk)
    await file.writeFile(chunk)
    size += chunk.length
  }
  return size
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
