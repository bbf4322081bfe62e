/** Every number of the HTTP client. Times are in milliseconds. */
export const defaultPolicy = {
  /** Name look-up, TCP and TLS handshake of one connection. */
  connectTimeout: 10_000,
  /** With several addresses: how long one is tried before the next. */
  addressTimeout: 1_000,
  /** From the end of the request to the end of the answer's headers. */
  headersTimeout: 30_000,
  /** A request's body may take this many bytes per second to send, on top of `headersTimeout`. */
  uploadRate: 64 * 1024,
  /** A body counts as stalled when fewer than `idleBytes` come during this much waiting for it. */
  idleTimeout: 30_000,
  idleBytes: 1024,
  /** A body may keep its reader waiting so long in all, and as much longer as its bytes would take at `slowestRate`. */
  slowTimeout: 120_000,
  /** Bytes per second. */
  slowestRate: 16 * 1024,

  /** Attempts after the first one. */
  retries: 4,
  /** The same where the host's name is unknown, or a body comes too slowly. */
  nameRetries: 1,
  /** The pause before retry n (from 0) is random between 0 and `backoffBase` × 2^n, at most `backoffCap`. */
  backoffBase: 500,
  backoffCap: 15_000,
  /** A server's Retry-After is honoured up to here. */
  retryAfterCap: 60_000,

  redirects: 5,
  /** Bytes of a listing, a manifest, a key. */
  textLimit: 8 * 1024 * 1024,

  /** Resumptions in a row of which none brought a byte, or too slowly. */
  barrenResumes: 5,
  /** So many of them ask the mirror that a redirect has led to, the others the address that redirects. */
  mirrorResumes: 3,
  /** Resumptions of one download in all. */
  resumes: 1000,

  /** Connections to one origin for texts and facts: polite, a run asks one host for dozens of them. */
  connections: 6,
  /**
   * Connections to one origin for downloads and for the object store. They are in an agent of their own,
   * so that a long transfer never keeps a manifest waiting; `--transfers` and the store's own
   * concurrency are what limits them.
   */
  bulkConnections: 64,
  keepAlive: 10_000,
  /** An unwanted body of at most so many bytes, or of no told length, is read for a moment, which keeps the connection. */
  discardBytes: 64 * 1024,
  discardTimeout: 1_000,

  /** Until the credentials of the object store are there, whoever is asked for them. */
  credentialsTimeout: 60_000,
  /** Pages of one listing of the object store: a thousand entries each. */
  listPages: 10_000,
  /** How much longer than the run a request lasts without whose answer something would stay on the mirror. */
  respite: 5_000,
  /** Until what was begun on the mirror is removed. With `respite` it is less than a run has to end after a signal. */
  removalTimeout: 12_000,
}

export type Policy = { readonly [Name in keyof typeof defaultPolicy]: number }

/** Is it worth asking again after this answer? 501 and 505 stay what they are. */
export function isRetriable(status: number): boolean {
  return (
    status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
  )
}
