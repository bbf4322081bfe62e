import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { sleep } from './abort.ts'
import type { HttpError } from './failure.ts'
import type { Policy } from './policy.ts'

export interface RetryPolicy {
  /**
   * Returns the milliseconds to wait before another attempt, or undefined if the failure is final.
   * @param number of the attempt that failed, from 0
   */
  readonly pauseAfter: (
    error: UpdaterError,
    number: number,
  ) => number | undefined | Promise<number | undefined>
  readonly signal?: AbortSignal | undefined
  /** Default: a timer. */
  readonly sleep?: typeof sleep
}

/** Runs a task until it succeeds, or fails for good. @throws UpdaterError what it failed with; ABORTED */
export async function retry<T>(policy: RetryPolicy, task: (number: number) => Promise<T>): Promise<T> {
  for (let number = 0; ; number++) {
    try {
      return await task(number)
    } catch (thrown) {
      const error = asUpdaterError(thrown)
      const pause = await policy.pauseAfter(error, number)
      if (pause === undefined) throw error
      await (policy.sleep ?? sleep)(pause, policy.signal)
    }
  }
}

/** How HTTP waits between attempts; tests replace it. */
export interface Patience {
  readonly policy: Policy
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
  /** Waits so many milliseconds, or throws ABORTED. */
  readonly sleep: typeof sleep
  /** Gets a line for the debug log before each new attempt. */
  readonly note: (message: string) => void
}

/**
 * Returns the milliseconds to wait before retry `number` (from 0), and notes why there is one: exponential with full
 * jitter, or longer if the server's Retry-After says so.
 */
export function pauseBefore(number: number, error: HttpError, { policy, random, note }: Patience): number {
  const backoff = random() * Math.min(policy.backoffCap, policy.backoffBase * 2 ** number)
  const asked = Math.min(retryAfter(error.retryAfter, Date.now()), policy.retryAfterCap)
  const milliseconds = Math.max(backoff, asked)
  note(`${error.message}; trying again in ${(milliseconds / 1000).toFixed(1)} s`)
  return milliseconds
}

/** Returns the milliseconds that a Retry-After header (seconds or an HTTP date) asks for; 0 if it says nothing. */
export function retryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}
