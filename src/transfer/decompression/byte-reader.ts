import { UpdaterError } from '../../errors.ts'

/** What went wrong in a decompressor; an error of ours stays as it is. */
export function decompressionFailed(what: string, cause?: unknown): UpdaterError {
  if (cause instanceof UpdaterError) return cause
  return new UpdaterError('DECOMPRESSION_FAILED', `The compressed image could not be unpacked: ${what}`, {
    cause,
    remedy: 'The file is damaged or not what its name says; look at it on the server',
  })
}

/**
 * What is whole, as far as can be told, and is not unpacked all the same: it would need more than we allow, or a program
 * that is not there, or it is not clear which file of it is meant. Another download would change nothing.
 */
export function notUnpacked(why: string, remedy: string): UpdaterError {
  return new UpdaterError('DECOMPRESSION_UNSUPPORTED', `The compressed image is not unpacked: ${why}`, {
    remedy,
  })
}

/** The remedy where the distribution, not the operator, decides. */
export const anotherFile = 'Use another file of this image, packed in a more usual way, if there is one'

/** Reads exact amounts from a stream of chunks. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>
  #pending: Uint8Array = new Uint8Array(0)
  #received = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** Bytes that have been read. */
  get offset(): number {
    return this.#received - this.#pending.length
  }

  /** @throws UpdaterError DECOMPRESSION_FAILED where the stream ends before `what` is complete */
  async read(length: number, what: string): Promise<Buffer> {
    const parts: Uint8Array[] = []
    for await (const part of this.take(length, what)) parts.push(part)
    return Buffer.concat(parts)
  }

  /** The next `length` bytes as they come. Throws as `read` does. */
  async *take(length: number, what = 'its file'): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const chunk = await this.#next()
      if (chunk === undefined) throw decompressionFailed(`it ends in the middle of ${what}`)
      const part = chunk.subarray(0, left)
      this.#pending = chunk.subarray(part.length)
      left -= part.length
      yield part
    }
  }

  /** Passes over the next `length` bytes. Throws as `read` does. */
  async skip(length: number): Promise<void> {
    for await (const _ of this.take(length));
  }

  /** All that is left, as it comes. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk
  }

  /** Reads the stream to its end. */
  async drain(): Promise<void> {
    for await (const _ of this.rest());
  }

  /** Puts bytes back in front. */
  unread(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([bytes, this.#pending])
  }

  async isAtEnd(): Promise<boolean> {
    this.#pending = (await this.#next()) ?? this.#pending
    return this.#pending.length === 0
  }

  async #next(): Promise<Uint8Array | undefined> {
    const chunk = this.#pending
    this.#pending = new Uint8Array(0)
    if (chunk.length > 0) return chunk
    for (;;) {
      const step = await this.#iterator.next()
      if (step.done) return undefined
      this.#received += step.value.length
      if (step.value.length > 0) return step.value
    }
  }
}
