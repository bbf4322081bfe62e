import { Worker } from 'node:worker_threads'
import { UpdaterError } from '../errors.ts'
import type { DigestAlgorithm } from '../image.ts'

/** Hashes streams of shared blocks, one algorithm each, in a thread of its own. */
export interface Digester<Stream extends string> {
  /**
   * Appends the first `length` bytes of `block` to a stream. The block may be reused once the promise is settled.
   * @throws UpdaterError INTERNAL where the thread is gone
   */
  update(stream: Stream, block: SharedArrayBuffer, length: number): Promise<void>
  /** Ends a stream and says its digest, in lower-case hexadecimal. Once for each stream. */
  final(stream: Stream): Promise<string>
  /** Ends the thread; what is outstanding is rejected. */
  terminate(): Promise<void>
}

interface Pending {
  resolve(hex: string | undefined): void
  reject(error: UpdaterError): void
}

/** @param algorithms the algorithm of every stream that will be hashed. */
export function createDigester<Stream extends string>(
  algorithms: Readonly<Record<Stream, DigestAlgorithm>>,
): Digester<Stream> {
  const worker = new Worker(new URL('./digest-worker.mjs', import.meta.url), {
    workerData: algorithms,
    execArgv: [],
    env: {},
  })
  const outstanding = new Map<number, Pending>()
  let lastId = 0
  let gone: UpdaterError | undefined

  function lose(cause?: unknown): void {
    gone ??= new UpdaterError('INTERNAL', 'The thread that computes checksums has ended', { cause })
    for (const pending of outstanding.values()) pending.reject(gone)
    outstanding.clear()
  }

  worker.on('message', ({ id, hex }: { id: number; hex?: string }) => {
    outstanding.get(id)?.resolve(hex)
    outstanding.delete(id)
  })
  worker.on('error', lose)
  worker.on('exit', () => lose())

  function ask(stream: Stream, block?: SharedArrayBuffer, length?: number): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      if (gone !== undefined) return reject(gone)
      lastId += 1
      outstanding.set(lastId, { resolve, reject })
      worker.postMessage({ id: lastId, stream, block, length })
    })
  }

  return {
    async update(stream, block, length) {
      await ask(stream, block, length)
    },
    async final(stream) {
      return (await ask(stream)) ?? ''
    },
    async terminate() {
      await worker.terminate()
    },
  }
}
