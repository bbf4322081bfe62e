import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { notUnpacked } from './byte-reader.ts'

type Source = AsyncIterable<Uint8Array>

const installXz = 'Install the Debian package xz-utils: its xz can do that'
/** What the words of xz-embedded's answers (`xz_ret` in its `xz.h`) mean where the file is not to blame. */
const limitsOfXz = [
  {
    answer: /error code [34]$/,
    why: 'it needs more memory than is allowed without xz, a dictionary above 64 MiB',
  },
  { answer: /error code [26]$/, why: 'it uses a filter or a check that is not known without xz' },
]

/** The WebAssembly build of xz-embedded; its module is a CommonJS one. */
export async function* unxz(source: Source): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = (await import('xz-decompress')).default
  try {
    yield* new XzReadableStream(ReadableStream.from(source)) as unknown as Source
  } catch (error) {
    const limit = limitsOfXz.find(({ answer }) => error instanceof Error && answer.test(error.message))
    throw limit === undefined ? error : notUnpacked(limit.why, installXz)
  }
}

/** What a stream of Node's makes of the bytes. */
export async function* through(transform: Transform, source: Source): AsyncGenerator<Uint8Array> {
  const piped = pipeline(Readable.from(inPieces(source), { objectMode: false }), transform)
  piped.catch(() => {})
  yield* transform as AsyncIterable<Uint8Array>
  await piped
}

/**
 * Bytes that a decoder gets at a time: each call of it goes to another thread and back. Larger ones, and larger chunks of
 * its output, are as fast, but pile up as garbage that nobody looks for in time.
 */
const pieceSize = 1 << 18

async function* inPieces(source: Source): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of source) {
    chunks.push(chunk)
    size += chunk.length
    if (size < pieceSize) continue
    yield Buffer.concat(chunks)
    chunks = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(chunks)
}
