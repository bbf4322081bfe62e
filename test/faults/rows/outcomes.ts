import type { ErrorCode } from '../../../src/errors.ts'
import type { Holds } from '../row.ts'

/** The run gets over it. */
export const survived: Holds = { status: 0, entry: 'new' }

/** The image fails, nothing of it is visible, the other one is done. */
export function failed(error: ErrorCode): Holds {
  return { status: 1, error, entry: 'old' }
}

/** The run does not begin. */
export function refused(error: ErrorCode): Holds {
  return { status: 2, error, entry: 'old' }
}

/** For faults that last: as many attempts as usual, with shorter pauses and timeouts. */
export const impatient = { backoffBase: 5, headersTimeout: 400, idleTimeout: 400, retryAfterCap: 20 }

/** More often than anything is tried. */
export const always = 1000
