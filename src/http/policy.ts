/** Every number of the HTTP client. Times are in milliseconds. */
export interface Policy {
  /** Name look-up, TCP and TLS handshake of one connection. */
  readonly connectTimeout: number
  /** With several addresses: how long one is tried before the next. */
  readonly addressTimeout: number
  /** From the end of the request to the end of the answer's headers. */
  readonly headersTimeout: number
  /** A request's body may take this many bytes per second to send, on top of `headersTimeout`. */
  readonly uploadRate: number
  /** A body counts as stalled when fewer than `idleBytes` come during this much waiting for it. */
  readonly idleTimeout: number
  readonly idleBytes: number

  /** Attempts after the first one. */
  readonly retries: number
  /** The same where the host's name is unknown. */
  readonly nameRetries: number
  /** The pause before retry n (from 0) is random between 0 and `backoffBase` × 2^n, at most `backoffCap`. */
  readonly backoffBase: number
  readonly backoffCap: number
  /** A server's Retry-After is honoured up to here. */
  readonly retryAfterCap: number

  readonly redirects: number
  /** Bytes of a listing, a manifest, a key. */
  readonly textLimit: number

  /** Resumptions in a row of which none brought a byte. */
  readonly barrenResumes: number
  /** Resumptions of one download in all. */
  readonly resumes: number

  /** Connections to one origin for texts and facts: polite, a run asks one host for dozens of them. */
  readonly connections: number
  /**
   * Connections to one origin for downloads and for the object store. They are in an agent of their own,
   * so that a long transfer never keeps a manifest waiting; `--transfers` and the store's own
   * concurrency are what limits them.
   */
  readonly bulkConnections: number
  readonly keepAlive: number
  /** An unwanted body up to so many bytes is read to its end, which keeps the connection. */
  readonly discardBytes: number
  readonly discardTimeout: number
}

export const defaultPolicy: Policy = {
  connectTimeout: 10_000,
  addressTimeout: 1_000,
  headersTimeout: 30_000,
  uploadRate: 64 * 1024,
  idleTimeout: 30_000,
  idleBytes: 1024,

  retries: 4,
  nameRetries: 1,
  backoffBase: 500,
  backoffCap: 15_000,
  retryAfterCap: 60_000,

  redirects: 5,
  textLimit: 8 * 1024 * 1024,

  barrenResumes: 5,
  resumes: 1000,

  connections: 6,
  bulkConnections: 64,
  keepAlive: 10_000,
  discardBytes: 64 * 1024,
  discardTimeout: 1_000,
}

/** Is it worth asking again after this answer? 501 and 505 stay what they are. */
export function isRetriable(status: number): boolean {
  return (
    status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
  )
}
