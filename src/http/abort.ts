import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { UpdaterError } from '../errors.ts'

/** ABORTED, with the signal's reason as the cause. */
export function abortedError(signal: AbortSignal): UpdaterError {
  return new UpdaterError('ABORTED', 'The run was aborted', { cause: signal.reason })
}

/** The promise's outcome, or ABORTED as soon as the signal says so; what the promise does then is ignored. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  setMaxListeners(0, signal) // one signal serves all requests of a run
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
    promise.catch(() => undefined)
  }
}

/** Waits so many milliseconds. @throws UpdaterError ABORTED */
export async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal })
  } catch (thrown) {
    throw signal?.aborted ? abortedError(signal) : thrown
  }
}
