import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { decompressionFailed } from './failure.ts'

type Source = AsyncIterable<Uint8Array>

/** Node's own gunzip; members that follow each other are one file. */
export function gunzip(source: Source): AsyncGenerator<Uint8Array> {
  return throughStream(zlib.createGunzip({ chunkSize: 1 << 20 }), source)
}

/** The WebAssembly build of xz-embedded. */
export async function* unxz(source: Source): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = await import('xz-decompress')
  yield* guarded(source, (input) => new XzReadableStream(ReadableStream.from(input)) as unknown as Source)
}

/** unbzip2-stream; it has no back-pressure, so it gets a little at a time and is emptied each time. */
export async function* unbzip2(source: Source): AsyncGenerator<Uint8Array> {
  const { default: createUnbzip2 } = await import('unbzip2-stream')
  yield* guarded(source, async function* (input) {
    const stream = createUnbzip2()
    const output: Uint8Array[] = []
    let failure: Error | undefined
    stream.on('data', (chunk: Uint8Array) => output.push(chunk))
    stream.on('error', (error: Error) => {
      failure ??= error
    })
    const emptied = () => {
      if (failure !== undefined) throw failure
      return output.splice(0)
    }
    for await (const chunk of input) {
      for (let at = 0; at < chunk.length; at += 65536) {
        stream.write(Buffer.from(chunk.subarray(at, at + 65536)))
        yield* emptied()
      }
    }
    stream.end()
    yield* emptied()
  })
}

/** Node's own decoder where it has one (22.15), else fzstd. */
export async function* unzstd(source: Source): AsyncGenerator<Uint8Array> {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform }
  if (createZstdDecompress !== undefined) {
    yield* throughStream(createZstdDecompress(), source)
    return
  }
  const { Decompress } = await import('fzstd')
  yield* guarded(source, async function* (input) {
    const output: Uint8Array[] = []
    let complete = false
    const decoder = new Decompress((chunk, final) => {
      output.push(chunk)
      complete = final === true
    })
    for await (const chunk of input) {
      decoder.push(chunk)
      yield* output.splice(0)
    }
    decoder.push(new Uint8Array(0), true)
    yield* output.splice(0)
    if (!complete) throw new Error('it ends too early')
  })
}

/** Keeps the source's own errors apart from the decoder's. */
async function* guarded(source: Source, decode: (input: Source) => Source): AsyncGenerator<Uint8Array> {
  let sourceFailure: unknown
  const watched = async function* () {
    try {
      yield* source
    } catch (error) {
      sourceFailure = error
      throw error
    }
  }
  try {
    yield* decode(watched())
  } catch (error) {
    throw decompressionFailed('the data is damaged or cut short', sourceFailure ?? error)
  }
}

function throughStream(transform: Transform, source: Source): AsyncGenerator<Uint8Array> {
  return guarded(source, async function* (input) {
    const piped = pipeline(Readable.from(input, { objectMode: false }), transform)
    piped.catch(() => {})
    yield* transform as AsyncIterable<Uint8Array>
    await piped
  })
}
