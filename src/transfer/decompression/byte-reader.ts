import { decompressionFailed } from './failure.ts'

/** Reads exact amounts from a stream of chunks. */
export interface ByteReader {
  /** @throws UpdaterError DECOMPRESSION_FAILED where the stream ends before `what` is complete */
  read(length: number, what: string): Promise<Buffer>
  /** The next `length` bytes as they come. Throws as `read` does. */
  take(length: number): AsyncGenerator<Uint8Array>
  /** Passes over the next `length` bytes. Throws as `read` does. */
  skip(length: number): Promise<void>
  /** All that is left, as it comes. */
  rest(): AsyncGenerator<Uint8Array>
  /** Puts bytes back in front. */
  unread(bytes: Uint8Array): void
  /** Is there not a byte more? */
  isAtEnd(): Promise<boolean>
  /** Reads the stream to its end. */
  drain(): Promise<void>
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]()
  let pending: Uint8Array = new Uint8Array(0)

  async function next(): Promise<Uint8Array | undefined> {
    const chunk = pending
    pending = new Uint8Array(0)
    if (chunk.length > 0) return chunk
    for (;;) {
      const step = await iterator.next()
      if (step.done) return undefined
      if (step.value.length > 0) return step.value
    }
  }

  async function* take(length: number, what = 'its file'): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const chunk = await next()
      if (chunk === undefined) throw decompressionFailed(`it ends in the middle of ${what}`)
      const part = chunk.subarray(0, left)
      pending = chunk.subarray(part.length)
      left -= part.length
      yield part
    }
  }

  async function* rest(): AsyncGenerator<Uint8Array> {
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk
  }

  return {
    async read(length, what) {
      const parts: Uint8Array[] = []
      for await (const part of take(length, what)) parts.push(part)
      return Buffer.concat(parts)
    },
    take,
    async skip(length) {
      for await (const _ of take(length));
    },
    rest,
    unread(bytes) {
      pending = Buffer.concat([bytes, pending])
    },
    async isAtEnd() {
      pending = (await next()) ?? pending
      return pending.length === 0
    },
    async drain() {
      for await (const _ of rest());
    },
  }
}
