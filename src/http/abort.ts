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
