import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { Download } from '../http/types.ts'
import { redactUrl } from '../http/url.ts'
import { type Compression, type Digest, formatDigest, type ImageFormat, sameDigest } from '../image.ts'
import type { Upload } from '../stores/store.ts'
import { createBlockWriter } from './block-writer.ts'
import { createBlockPool } from './blocks.ts'
import { interruptible, tooLarge } from './chunks.ts'
import { decompress } from './decompress.ts'
import { createDigester, type Digester } from './digest.ts'
import type { ImageFacts, Inspector } from './inspector.ts'

export interface TransferPlan {
  readonly source: Download
  /** What the distribution publishes of the source's bytes. Absent: nothing, and sha256 is computed. */
  readonly expected?: Digest | undefined
  readonly compression?: Compression | undefined
  /** Of the image that is stored. */
  readonly format: ImageFormat
  readonly upload: Upload
  readonly inspector?: Inspector | undefined
  /** Bytes that may be stored, and bytes that may come: some compressed files expand to nothing for ever. */
  readonly maxSize: number
  readonly signal?: AbortSignal | undefined
  /** At most about four times a second, and once at the end. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
}

export interface TransferProgress {
  /** Bytes that have come from the source. */
  readonly received: number
  /** Bytes that the store has taken. */
  readonly stored: number
}

export interface Transferred {
  /** Of the source's bytes: the expected one, or what was computed where none is. */
  readonly source: Digest
  /** Of the stored bytes: that of the source if it is not compressed, else sha256. */
  readonly digest: Digest
  /** Bytes stored. */
  readonly size: number
  /** Bytes of the source. */
  readonly received: number
  readonly facts?: ImageFacts | undefined
  /** The first stored bytes, at most 512. */
  readonly head: Uint8Array
}

const headSize = 512

/**
 * Streams a source to an upload in one pass: hash, decompress where it is compressed (and hash again),
 * inspect, store. It returns only if the source's digest is the expected one, where there is one; to make the object visible
 * (`complete`) or to remove it (`abort`, also after a throw) is the caller's part.
 * @throws UpdaterError DIGEST_MISMATCH, HTTP_*, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, ABORTED
 */
export async function transfer(plan: TransferPlan): Promise<Transferred> {
  const { source, expected, compression, format } = plan
  const algorithm = expected?.algorithm ?? 'sha256'
  const failure = new AbortController()
  const signal = plan.signal === undefined ? failure.signal : AbortSignal.any([plan.signal, failure.signal])
  const digester = createDigester({ source: algorithm, stored: 'sha256' })
  const meter = createMeter(plan)
  const hashed = compression === undefined ? 'source' : 'stored'
  const sink = createSink(plan, { digester, hashed, meter, signal, fail: (error) => failure.abort(error) })
  try {
    const received = meter.received(interruptible(source.body, signal))
    if (compression === undefined) {
      await sink.store(received)
    } else {
      const tap = createTap(digester, signal, (error) => failure.abort(error))
      await sink.store(decompress(compression, tap.through(received), { format }))
      await tap.end()
    }
    signal.throwIfAborted()
    const found: Digest = { algorithm, hex: await digester.final('source') }
    if (expected !== undefined && !sameDigest(found, expected)) {
      throw mismatch(expected, found, source.facts.url)
    }
    const facts = plan.inspector?.finish(sink.size())
    const digest: Digest =
      compression === undefined ? found : { algorithm: 'sha256', hex: await digester.final('stored') }
    meter.end()
    return { source: found, digest, size: sink.size(), received: meter.total(), facts, head: sink.head() }
  } catch (error) {
    const cause: unknown = failure.signal.aborted ? failure.signal.reason : error
    failure.abort(cause)
    throw plan.signal?.aborted
      ? new UpdaterError('ABORTED', `The transfer of ${redactUrl(source.facts.url)} was aborted`, { cause })
      : asUpdaterError(cause)
  } finally {
    await source.discard().catch(() => {})
    await sink.settled()
    await digester.close()
  }
}

interface SinkContext {
  readonly digester: Digester<'source' | 'stored'>
  /** The stream that the stored bytes belong to. */
  readonly hashed: 'source' | 'stored'
  readonly meter: Meter
  readonly signal: AbortSignal
  readonly fail: (error: unknown) => void
}

/** Inspects the bytes to be stored, hashes them and stores them in parts. */
function createSink(plan: TransferPlan, { digester, hashed, meter, signal, fail }: SinkContext) {
  const { upload, inspector, maxSize } = plan
  // As many as there may be parts on their way: one of them is filled as soon as another is stored.
  const pool = createBlockPool(upload.partSize, upload.concurrency, signal)
  let size = 0
  let head: Uint8Array = new Uint8Array(0)

  const parts = createBlockWriter(pool, async (block, length) => {
    const write = async () => {
      signal.throwIfAborted()
      await upload.write(new Uint8Array(block, 0, length))
      meter.stored(length)
    }
    for (const outcome of await Promise.allSettled([digester.update(hashed, block, length), write()])) {
      if (outcome.status === 'rejected') fail(outcome.reason)
    }
  })

  return {
    async store(bytes: AsyncIterable<Uint8Array>): Promise<void> {
      for await (const chunk of bytes) {
        size += chunk.length
        if (size > maxSize) throw tooLarge(maxSize)
        if (head.length < headSize) head = Buffer.concat([head, chunk.subarray(0, headSize - head.length)])
        inspector?.feed(chunk)
        await parts.write(chunk)
      }
      if (size === 0)
        throw new UpdaterError('IMAGE_FORMAT', `The image of ${redactUrl(plan.source.facts.url)} is empty`)
      await parts.end()
    },
    settled: () => parts.settled(),
    size: () => size,
    head: () => head,
  }
}

const tapBlockSize = 2 ** 18

/** Hashes the bytes of a compressed source on their way to the decompressor. */
function createTap(
  digester: Digester<'source' | 'stored'>,
  signal: AbortSignal,
  fail: (error: unknown) => void,
) {
  const pool = createBlockPool(tapBlockSize, 4, signal)
  const blocks = createBlockWriter(pool, (block, length) =>
    digester.update('source', block, length).catch(fail),
  )
  return {
    async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        await blocks.write(chunk)
        yield chunk
      }
    },
    end: () => blocks.end(),
  }
}

interface Meter {
  /** The same chunks, counted. @throws UpdaterError IMAGE_TOO_LARGE */
  received(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
  stored(bytes: number): void
  /** Bytes received so far. */
  total(): number
  end(): void
}

const progressInterval = 250

function createMeter({ onProgress = () => {}, maxSize }: TransferPlan): Meter {
  let received = 0
  let stored = 0
  let last = performance.now()
  const tell = (now: number) => {
    last = now
    onProgress({ received, stored })
  }
  const tick = () => {
    const now = performance.now()
    if (now - last >= progressInterval) tell(now)
  }
  return {
    async *received(source) {
      for await (const chunk of source) {
        received += chunk.length
        if (received > maxSize) throw tooLarge(maxSize)
        tick()
        yield chunk
      }
    },
    stored(bytes) {
      stored += bytes
      tick()
    },
    total: () => received,
    end: () => tell(performance.now()),
  }
}

function mismatch(expected: Digest, found: Digest, url: string): UpdaterError {
  return new UpdaterError(
    'DIGEST_MISMATCH',
    `The bytes of ${redactUrl(url)} are not what the distribution published: expected ${formatDigest(expected)}, found ${formatDigest(found)}`,
    { remedy: 'A mirror in mid-sync is right again later; if it stays, distrust that server' },
  )
}
