import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { Download } from '../http/client.ts'
import { redactUrl } from '../http/url.ts'
import {
  type Compression,
  type Digest,
  type DigestAlgorithm,
  type FileSignature,
  formatDigest,
  type ImageFormat,
  sameDigest,
} from '../image.ts'
import type { Upload } from '../stores/store.ts'
import { BlockWriter } from './blocks.ts'
import { decompress } from './decompress.ts'
import { bounded } from './decompression/unpacking.ts'
import { Digesters } from './digest.ts'
import type { Inspection, Inspector } from './inspect.ts'

export interface TransferPlan {
  readonly source: Download
  /** The published digest of the source's bytes. Absent: none is published, and sha256 is computed. */
  readonly expected?: Digest | undefined
  readonly compression?: Compression | undefined
  /**
   * The digest of what comes out of a packed source, if it is known. Without `expected` it may be that of the packed
   * bytes as well: earlier versions of this program wrote that into the catalogue.
   */
  readonly content?: Digest | undefined
  /** Of the digest of what comes out of a packed source. Default: sha256. */
  readonly algorithm?: DigestAlgorithm | undefined
  /** In which the stored bytes are hashed as well. Default: none. */
  readonly also?: DigestAlgorithm | undefined
  /** Of the source's bytes. Absent: none is verified. */
  readonly signature?: FileSignature | undefined
  /** Of the image that is stored. */
  readonly format: ImageFormat
  readonly upload: Upload
  readonly inspector?: Pick<Inspector, 'feed' | 'finish'> | undefined
  /** Bytes that may be stored, and bytes that may come: some compressed files expand to nothing for ever. */
  readonly maxSize: number
  readonly signal?: AbortSignal | undefined
  /** Called at most about four times a second, and once at the end. */
  readonly onProgress?: ((bytes: TransferredBytes) => void) | undefined
}

/** How far a transfer is. */
export interface TransferredBytes {
  /** Bytes that have come from the source. */
  readonly received: number
  /** Bytes that the store has taken. */
  readonly stored: number
}

export interface Transferred {
  /** Of the source's bytes: the expected one, or what was computed where none is. */
  readonly source: Digest
  /** Of the source's bytes in each algorithm that was computed. */
  readonly sources: readonly Digest[]
  /** Of the stored bytes: that of the source if it is not compressed, else of the plan's algorithm. */
  readonly digest: Digest
  /** Of the stored bytes in each algorithm that was computed. */
  readonly digests: readonly Digest[]
  /** Bytes stored. */
  readonly size: number
  /** Bytes of the source. */
  readonly received: number
  readonly inspection?: Inspection | undefined
  /** The first stored bytes, at most 512. */
  readonly head: Uint8Array
}

/** Blocks between a compressed source and the digest of its bytes. */
const sourceBlocks = { blockSize: 2 ** 18, blocks: 4 }

/**
 * Streams a source to an upload in one pass: hash, decompress where it is compressed (and hash again), inspect, store.
 * It returns only if the digests are the expected ones, where there are any, and the signature is of these bytes. The
 * caller makes the object visible (`complete`) or removes it (`abort`, also after a throw).
 * @throws UpdaterError DIGEST_MISMATCH, SIGNATURE_BAD, HTTP_*, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, ABORTED
 */
export async function transfer(plan: TransferPlan): Promise<Transferred> {
  const { source, expected, compression, content, upload, inspector, maxSize } = plan
  const { url } = source.facts
  const failure = new AbortController()
  const fail = (error: unknown) => failure.abort(error)
  const signal = plan.signal === undefined ? failure.signal : AbortSignal.any([plan.signal, failure.signal])
  // Ends the wait for bytes of a source that is silent.
  signal.addEventListener('abort', () => void source.discard().catch(() => {}), { once: true })
  const { ofSource, ofImage } = digestersOf(plan)
  const meter = new Meter(plan)
  let isCompared = expected === undefined && content === undefined

  const tap = new BlockWriter({
    ...sourceBlocks,
    signal,
    deliver: (block, length) => ofSource.update(block, length).catch(fail),
  })
  // As many blocks as there may be parts on their way: one of them is filled as soon as another is stored.
  const parts = new BlockWriter({
    blockSize: upload.partSize,
    blocks: upload.concurrency,
    signal,
    async deliver(block, length) {
      const write = async () => {
        signal.throwIfAborted()
        await upload.write(new Uint8Array(block, 0, length))
        meter.stored += length
        meter.tick()
      }
      for (const outcome of await Promise.allSettled([ofImage.update(block, length), write()])) {
        if (outcome.status === 'rejected') fail(outcome.reason)
      }
    },
  })

  async function* incoming(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bounded(source.body, maxSize)) {
      meter.received += chunk.length
      meter.tick()
      if (compression !== undefined) await tap.write(chunk)
      yield chunk
    }
  }

  try {
    signal.throwIfAborted()
    const unpacking = { format: plan.format, limit: maxSize }
    const image = compression === undefined ? incoming() : decompress(compression, incoming(), unpacking)
    const { size, head } = await storeParts(image, parts, plan)
    await tap.end()
    signal.throwIfAborted()
    const found = await ofSource.final()
    if (expected !== undefined && !found.some(isLike(expected))) throw mismatch(expected, found, url)
    const stored = ofSource === ofImage ? found : await ofImage.final()
    const isContent =
      content === undefined ||
      stored.some(isLike(content)) ||
      (expected === undefined && found.some(isLike(content)))
    if (!isContent) throw mismatch(content, stored, url)
    isCompared = true
    await ofSource.prove()
    const inspection = inspector?.finish(size)
    meter.tell()
    return {
      source: found[0],
      sources: found,
      digest: stored[0],
      digests: stored,
      size,
      received: meter.received,
      inspection,
      head,
    }
  } catch (error) {
    const cause: unknown = failure.signal.aborted ? failure.signal.reason : error
    fail(cause)
    throw plan.signal?.aborted
      ? new UpdaterError('ABORTED', `The transfer of ${redactUrl(url)} was aborted`, { cause })
      : withDoubt(asUpdaterError(cause), isCompared)
  } finally {
    await source.discard().catch(() => {})
    await parts.settled()
    await ofSource.close()
    if (ofImage !== ofSource) await ofImage.close()
  }
}

/** The same ones are of the source and of the image if nothing is unpacked. */
function digestersOf({
  expected,
  compression,
  content,
  algorithm = 'sha256',
  also,
  signature,
}: TransferPlan) {
  const ofContent = content === undefined ? [] : [content.algorithm]
  const further = also === undefined ? [] : [also]
  const ofPacked =
    expected === undefined ? ([algorithm, ...ofContent] as const) : ([expected.algorithm] as const)
  if (compression === undefined) {
    const both = new Digesters([...ofPacked, ...further], signature)
    return { ofSource: both, ofImage: both }
  }
  return {
    ofSource: new Digesters(ofPacked, signature),
    ofImage: new Digesters([algorithm, ...ofContent, ...further]),
  }
}

const headSize = 512

/** Inspects the image's bytes and hands them on in parts, all of which have been stored, or have failed, at its end. */
async function storeParts(
  image: AsyncIterable<Uint8Array>,
  parts: BlockWriter,
  { inspector, source }: TransferPlan,
): Promise<{ readonly size: number; readonly head: Uint8Array }> {
  let size = 0
  let head: Uint8Array = new Uint8Array(0)
  for await (const chunk of image) {
    size += chunk.length
    if (head.length < headSize) head = Buffer.concat([head, chunk.subarray(0, headSize - head.length)])
    inspector?.feed(chunk)
    await parts.write(chunk)
  }
  if (size === 0)
    throw new UpdaterError('IMAGE_FORMAT', `The image of ${redactUrl(source.facts.url)} is empty`)
  await parts.end()
  return { size, head }
}

const interval = 250

/** Counts bytes and tells of them from time to time. */
class Meter {
  received = 0
  stored = 0
  readonly #onProgress: TransferPlan['onProgress']
  #told = performance.now()

  constructor({ onProgress }: TransferPlan) {
    this.#onProgress = onProgress
  }

  tick(): void {
    if (performance.now() - this.#told >= interval) this.tell()
  }

  tell(): void {
    this.#told = performance.now()
    this.#onProgress?.({ received: this.received, stored: this.stored })
  }
}

/** A refusal before the end spares the rest of the download; it says that the digest was not compared by then. */
function withDoubt(error: UpdaterError, isCompared: boolean): UpdaterError {
  const { code, message, remedy } = error
  if (isCompared || !code.startsWith('IMAGE_')) return error
  const doubt =
    'Its digest was not compared by then: the server may have sent other bytes than the published ones'
  return new UpdaterError(code, message, { remedy: remedy ? `${remedy}. ${doubt}` : doubt, cause: error })
}

function isLike(expected: Digest): (found: Digest) => boolean {
  return (found) => sameDigest(found, expected)
}

function mismatch(expected: Digest, found: readonly Digest[], url: string): UpdaterError {
  const comparable = found.filter(({ algorithm }) => algorithm === expected.algorithm).map(formatDigest)
  return new UpdaterError(
    'DIGEST_MISMATCH',
    `The bytes of ${redactUrl(url)} are not what the distribution published: expected ${formatDigest(expected)}, found ${comparable.join()}`,
    { remedy: 'A mirror in mid-sync is right again later; if it stays, distrust that server' },
  )
}
