import { setTimeout as pause } from 'node:timers/promises'
import { UpdaterError } from '../errors.ts'

/** ABORTED, with the signal's reason as the cause. */
export function abortedError(signal: AbortSignal): UpdaterError {
  return new UpdaterError('ABORTED', 'The run was aborted', { cause: signal.reason })
}

/** Waits so many milliseconds. @throws UpdaterError ABORTED */
export async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal })
  } catch (thrown) {
    throw signal?.aborted ? abortedError(signal) : thrown
  }
}

/** Waits for a task no longer than until the signal is aborted; what becomes of it then is nobody's. @throws UpdaterError ABORTED */
export async function unlessAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  task.catch(() => undefined)
  let leave = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(abortedError(signal))
  })
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    return await Promise.race([task, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** Returns a signal that is aborted so many milliseconds after another one. */
export function outliving(signal: AbortSignal, milliseconds: number): AbortSignal {
  const lasting = new AbortController()
  const wait = () => setTimeout(() => lasting.abort(signal.reason), milliseconds).unref()
  if (signal.aborted) wait()
  else signal.addEventListener('abort', wait, { once: true })
  return lasting.signal
}
