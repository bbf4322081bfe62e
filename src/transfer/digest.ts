import { Worker } from 'node:worker_threads'
import { UpdaterError } from '../errors.ts'
import type { DigestAlgorithm } from '../image.ts'

/** Computes one digest over blocks of shared memory, in a thread that all digesters share. */
export interface Digester {
  /**
   * Appends the first `length` bytes of the block, which may be reused once the promise is settled.
   * @throws UpdaterError INTERNAL where the thread has ended, ABORTED after `final` or `close`
   */
  update(block: SharedArrayBuffer, length: number): Promise<void>
  /** The digest of all that was appended, in lower-case hexadecimal. To be called once. */
  final(): Promise<string>
  /** The last digester to be closed ends the thread. */
  close(): Promise<void>
}

/** One thread hashes faster than a network delivers, and each costs memory. */
let shared: { readonly thread: Thread; digesters: number } | undefined

export function createDigester(algorithm: DigestAlgorithm): Digester {
  shared ??= { thread: new Thread(), digesters: 0 }
  const use = shared
  use.digesters += 1
  const stream = use.thread.begin(algorithm)
  let isOpen = true

  // The thread would end with an error if it were asked for a stream that has ended, and with it all others.
  async function ask(block?: SharedArrayBuffer, length?: number): Promise<string | undefined> {
    if (!isOpen) throw new UpdaterError('ABORTED', 'The checksum is not wanted any more')
    isOpen = block !== undefined
    return use.thread.ask(stream, block, length)
  }

  return {
    async update(block, length) {
      await ask(block, length)
    },
    final: async () => (await ask()) ?? '',
    async close() {
      isOpen = false
      use.digesters -= 1
      if (use.digesters > 0) return use.thread.forget(stream)
      if (shared === use) shared = undefined
      await use.thread.end()
    },
  }
}

interface Question {
  resolve(hex: string | undefined): void
  reject(error: UpdaterError): void
}

class Thread {
  readonly #worker = new Worker(new URL('./digest-worker.mjs', import.meta.url), { execArgv: [], env: {} })
  readonly #questions = new Map<number, Question>()
  #lastId = 0
  #end: UpdaterError | undefined

  constructor() {
    this.#worker.on('message', ({ id, hex }: { id: number; hex?: string }) => {
      this.#questions.get(id)?.resolve(hex)
      this.#questions.delete(id)
    })
    this.#worker.on('error', (cause) => this.#lose(cause))
    this.#worker.on('exit', () => this.#lose())
  }

  /** The number of a new stream. */
  begin(algorithm: DigestAlgorithm): number {
    this.#lastId += 1
    this.#worker.postMessage({ stream: this.#lastId, algorithm })
    return this.#lastId
  }

  ask(stream: number, block?: SharedArrayBuffer, length?: number): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end)
      this.#lastId += 1
      this.#questions.set(this.#lastId, { resolve, reject })
      this.#worker.postMessage({ id: this.#lastId, stream, block, length })
    })
  }

  forget(stream: number): void {
    this.#worker.postMessage({ stream, forget: true })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #lose(cause?: unknown): void {
    this.#end ??= new UpdaterError('INTERNAL', 'The thread that computes checksums has ended', { cause })
    if (shared?.thread === this) shared = undefined
    for (const { reject } of this.#questions.values()) reject(this.#end)
    this.#questions.clear()
  }
}
