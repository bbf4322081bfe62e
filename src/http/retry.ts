import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { HttpError } from './failure.ts'
import type { Policy } from './policy.ts'

/** What the pauses between attempts depend on; tests replace it. */
export interface Patience {
  readonly policy: Policy
  /** From 0 up to, but not including, 1. */
  readonly random: () => number
  /** @throws UpdaterError ABORTED */
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>
  /** One line for the debug log about each new attempt. */
  readonly note: (message: string) => void
}

/** How many further attempts an error is worth. */
export function retriesFor(error: UpdaterError, policy: Policy): number {
  const again = error instanceof HttpError ? error.again : 'never'
  return { never: 0, seldom: policy.nameRetries, often: policy.retries }[again]
}

/**
 * Milliseconds to wait before retry `number` (from 0): exponential with full jitter, or longer where
 * the server's Retry-After says so.
 */
export function pauseBefore(number: number, error: UpdaterError, { policy, random }: Patience): number {
  const backoff = random() * Math.min(policy.backoffCap, policy.backoffBase * 2 ** number)
  const asked = error instanceof HttpError ? retryAfter(error.retryAfter, Date.now()) : 0
  return Math.max(backoff, Math.min(asked, policy.retryAfterCap))
}

/** Milliseconds that a Retry-After header (seconds or an HTTP date) asks for; 0 if it says nothing. */
export function retryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}

/** Waits before retry `number` of what failed with `error`. @throws UpdaterError ABORTED */
export async function rest(
  number: number,
  error: UpdaterError,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<void> {
  const milliseconds = pauseBefore(number, error, patience)
  patience.note(`${error.message}; trying again in ${(milliseconds / 1000).toFixed(1)} s`)
  await patience.sleep(milliseconds, signal)
}

/** Runs `attempt` (its number counts from 0) until it succeeds or its error is not worth another one. */
export async function retrying<T>(
  patience: Patience,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  for (let number = 0; ; number++) {
    try {
      return await attempt(number)
    } catch (thrown) {
      const error = asUpdaterError(thrown)
      if (number >= retriesFor(error, patience.policy)) throw error
      await rest(number, error, patience, signal)
    }
  }
}
