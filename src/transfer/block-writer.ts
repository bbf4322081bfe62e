import type { BlockPool } from './blocks.ts'

/** Cuts a stream of chunks into full blocks and a last one that may be shorter. */
export interface BlockWriter {
  /** Copies the chunk; waits while every block is in use. */
  write(chunk: Uint8Array): Promise<void>
  /** Hands on what is left and waits until every block has been dealt with. */
  end(): Promise<void>
  /** Waits until every block that was handed on has been dealt with. */
  settled(): Promise<void>
}

/**
 * @param deliver deals with the first `length` bytes of a block; called in order. The block is reused once
 * its promise is settled. It never rejects: a failure is told by other means.
 */
export function createBlockWriter(
  pool: BlockPool,
  deliver: (block: SharedArrayBuffer, length: number) => Promise<void>,
): BlockWriter {
  const outstanding = new Set<Promise<void>>()
  let block: SharedArrayBuffer | undefined
  let bytes: Buffer = Buffer.alloc(0)
  let filled = 0

  function flush(): void {
    if (block === undefined) return
    const delivered = block
    const delivery = deliver(delivered, filled).then(() => {
      outstanding.delete(delivery)
      pool.release(delivered)
    })
    outstanding.add(delivery)
    block = undefined
    filled = 0
  }

  async function settled(): Promise<void> {
    await Promise.all(outstanding)
  }

  return {
    async write(chunk) {
      for (let offset = 0; offset < chunk.length; ) {
        if (block === undefined) {
          block = await pool.acquire()
          bytes = Buffer.from(block)
        }
        const taken = chunk.subarray(offset, offset + pool.blockSize - filled)
        // `set` copies to shared memory word by word; this is the system's own copy.
        bytes.fill(taken, filled, filled + taken.length)
        filled += taken.length
        offset += taken.length
        if (filled === pool.blockSize) flush()
      }
    },
    async end() {
      flush()
      await settled()
    },
    settled,
  }
}
