/** A fixed number of equal blocks of shared memory: whoever wants one more waits until one comes back. */
export interface BlockPool {
  /** Bytes of each block. */
  readonly blockSize: number
  /** @throws the signal's reason once it is aborted */
  acquire(): Promise<SharedArrayBuffer>
  release(block: SharedArrayBuffer): void
}

/** Blocks are allocated when they are first wanted. */
export function createBlockPool(blockSize: number, count: number, signal: AbortSignal): BlockPool {
  const free: SharedArrayBuffer[] = []
  const waiting: { resolve(block: SharedArrayBuffer): void; reject(reason: unknown): void }[] = []
  let allocated = 0

  signal.addEventListener(
    'abort',
    () => {
      for (const { reject } of waiting.splice(0)) reject(signal.reason)
    },
    { once: true },
  )

  return {
    blockSize,
    async acquire() {
      signal.throwIfAborted()
      const block = free.pop()
      if (block !== undefined) return block
      if (allocated < count) {
        allocated += 1
        return new SharedArrayBuffer(blockSize)
      }
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    release(block) {
      const next = waiting.shift()
      if (next === undefined) free.push(block)
      else next.resolve(block)
    },
  }
}
