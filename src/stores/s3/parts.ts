const MiB = 2 ** 20

/** S3's own limit. Swift's default is 1000, which the size of the parts respects where it can. */
export const maxParts = 10_000
/** What the parts of an upload may hold of memory together; at least two, so that one is filled while another is stored. */
const memory = 15 * MiB
/** S3's own limit for every part but the last. */
const smallest = 5 * MiB
/** Where the size is not known: 1000 parts are nearly 10 GiB. */
const usual = 10 * MiB

export interface PartPlan {
  /** Bytes of every part but the last. */
  readonly partSize: number
  /** Parts that are filled or on their way at once. */
  readonly concurrency: number
}

/** How an object of `size` bytes (`undefined`: not known) is cut into parts. */
export function planParts(size: number | undefined): PartPlan {
  const partSize =
    size === undefined ? usual : Math.max(smallest, Math.ceil(Math.ceil(size / 1000) / MiB) * MiB)
  const concurrency = Math.max(2, Math.floor(memory / partSize))
  return { partSize, concurrency }
}

/**
 * Bytes of one server-side copy: small enough that a slow store answers within the time that HTTP
 * waits for headers, and 1000 of them make 125 GiB.
 */
const copySize = 128 * MiB

/** The ranges, both ends included, that cover an object of `size` bytes. */
export function copyRanges(size: number): { readonly first: number; readonly last: number }[] {
  const count = Math.ceil(size / copySize)
  return Array.from({ length: count }, (_, index) => ({
    first: index * copySize,
    last: Math.min(size, (index + 1) * copySize) - 1,
  }))
}
