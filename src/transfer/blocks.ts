export interface BlockWriterOptions {
  /** Bytes of each block. */
  readonly blockSize: number
  /** Blocks that exist at most. */
  readonly blocks: number
  readonly signal: AbortSignal
  /**
   * Deals with the first `length` bytes of a block; called in order. The block is reused once the promise is
   * settled. It never rejects: a failure is told by other means.
   */
  readonly deliver: (block: SharedArrayBuffer, length: number) => Promise<void>
}

/**
 * Blocks that streams were done with, by their size, for the next ones. The memory of a block is given back only when the
 * collectors of all threads that knew it have run, which they do seldom: a run of many images would hold it for each.
 */
const spare = new Map<number, SharedArrayBuffer[]>()
/** Sizes of which blocks are kept: that of what is hashed, and that of the parts. */
const mostSizes = 2

function keep(blockSize: number, blocks: readonly SharedArrayBuffer[]): void {
  const all = [...(spare.get(blockSize) ?? []), ...blocks]
  spare.delete(blockSize)
  spare.set(blockSize, all)
  const [oldest] = spare.keys()
  if (spare.size > mostSizes && oldest !== undefined) spare.delete(oldest)
}

/** Cuts a stream of chunks into full blocks of shared memory and a last one that may be shorter. */
export class BlockWriter {
  readonly #options: BlockWriterOptions
  readonly #free: SharedArrayBuffer[] = []
  readonly #outstanding = new Set<Promise<void>>()
  #block: { readonly shared: SharedArrayBuffer; readonly bytes: Buffer } | undefined
  #filled = 0

  constructor(options: BlockWriterOptions) {
    this.#options = options
  }

  /** Copies the chunk; waits while every block is in use. @throws the signal's reason once it is aborted */
  async write(chunk: Uint8Array): Promise<void> {
    const { blockSize } = this.#options
    for (let offset = 0; offset < chunk.length; ) {
      if (this.#block === undefined) {
        const shared = await this.#acquire()
        this.#block = { shared, bytes: Buffer.from(shared) }
      }
      const taken = chunk.subarray(offset, offset + blockSize - this.#filled)
      // `set` copies to shared memory word by word; this is the system's own copy.
      this.#block.bytes.fill(taken, this.#filled, this.#filled + taken.length)
      this.#filled += taken.length
      offset += taken.length
      if (this.#filled === blockSize) this.#flush()
    }
  }

  /** Hands on what is left and waits until every block has been dealt with. Nothing can be written afterwards. */
  async end(): Promise<void> {
    this.#flush()
    await this.settled()
    // Of what was aborted a connection may still be sending.
    if (this.#options.signal.aborted) return
    keep(this.#options.blockSize, this.#free.splice(0))
  }

  /** Waits until every block that was handed on has been dealt with. */
  async settled(): Promise<void> {
    await Promise.all(this.#outstanding)
  }

  /** Blocks are allocated when they are first wanted. */
  async #acquire(): Promise<SharedArrayBuffer> {
    const { signal, blocks, blockSize } = this.#options
    if (this.#outstanding.size === blocks) await Promise.race(this.#outstanding)
    signal.throwIfAborted()
    return this.#free.pop() ?? spare.get(blockSize)?.pop() ?? new SharedArrayBuffer(blockSize)
  }

  #flush(): void {
    if (this.#block === undefined) return
    const { shared } = this.#block
    const delivery = this.#options.deliver(shared, this.#filled).then(() => {
      this.#outstanding.delete(delivery)
      this.#free.push(shared)
    })
    this.#outstanding.add(delivery)
    this.#block = undefined
    this.#filled = 0
  }
}
