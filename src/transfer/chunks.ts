import { UpdaterError } from '../errors.ts'

/**
 * The same chunks, but an abort ends the wait for the next one at once.
 * @throws the signal's reason once it is aborted
 */
export async function* interruptible<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let interrupt = (): void => {}
  const onAbort = (): void => interrupt()
  signal.addEventListener('abort', onAbort)
  const next = (): Promise<IteratorResult<T>> =>
    new Promise((resolve, reject) => {
      interrupt = () => reject(signal.reason)
      iterator.next().then(resolve, reject)
    })
  try {
    for (;;) {
      signal.throwIfAborted()
      const step = await next()
      if (step.done) return
      yield step.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    const closed = Promise.resolve(iterator.return?.()).catch(() => {})
    // A source whose next chunk never comes never closes either.
    if (!signal.aborted) await closed
  }
}

/**
 * The same chunks, as long as there are no more than `limit` bytes of them.
 * @throws UpdaterError IMAGE_TOO_LARGE
 */
export async function* bounded(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    yield chunk
  }
}

/** For those who count themselves. */
export function tooLarge(limit: number): UpdaterError {
  return new UpdaterError('IMAGE_TOO_LARGE', `The image is larger than the allowed ${limit} bytes`, {
    remedy: 'Raise --max-image-size if an image of this size is expected',
  })
}
