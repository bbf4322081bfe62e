import { Worker } from 'node:worker_threads'
import { UpdaterError } from '../errors.ts'
import type { DigestAlgorithm } from '../image.ts'

/** Hashes streams of shared blocks, one algorithm each, in a thread that all digesters share. */
export interface Digester<Stream extends string> {
  /**
   * Appends the first `length` bytes of `block` to a stream. The block may be reused once the promise is settled.
   * @throws UpdaterError INTERNAL where the thread is gone, ABORTED where the stream has ended
   */
  update(stream: Stream, block: SharedArrayBuffer, length: number): Promise<void>
  /** Ends a stream and says its digest, in lower-case hexadecimal. Once for each stream. */
  final(stream: Stream): Promise<string>
  /** Forgets the streams; the last digester to be closed ends the thread. What is outstanding is rejected. */
  close(): Promise<void>
}

/** @param algorithms the algorithm of every stream that will be hashed. */
export function createDigester<Stream extends string>(
  algorithms: Readonly<Record<Stream, DigestAlgorithm>>,
): Digester<Stream> {
  const thread = openThread()
  const numbers = new Map<string, number>()
  for (const [stream, algorithm] of Object.entries<DigestAlgorithm>(algorithms)) {
    numbers.set(stream, thread.begin(algorithm))
  }
  const numberOf = (stream: Stream) => numbers.get(stream) ?? 0
  return {
    async update(stream, block, length) {
      await thread.ask(numberOf(stream), block, length)
    },
    final: async (stream) => (await thread.ask(numberOf(stream))) ?? '',
    close: () => thread.close([...numbers.values()]),
  }
}

interface Thread {
  /** The number of a new stream. */
  begin(algorithm: DigestAlgorithm): number
  ask(stream: number, block?: SharedArrayBuffer, length?: number): Promise<string | undefined>
  close(streams: readonly number[]): Promise<void>
}

interface Pending {
  readonly stream: number
  resolve(hex: string | undefined): void
  reject(error: UpdaterError): void
}

/** One thread hashes faster than a network delivers, and each costs memory. */
let shared: { readonly thread: Thread; users: number } | undefined

function openThread(): Thread {
  shared ??= { thread: startThread(), users: 0 }
  shared.users += 1
  return shared.thread
}

function startThread(): Thread {
  const worker = new Worker(new URL('./digest-worker.mjs', import.meta.url), { execArgv: [], env: {} })
  const outstanding = new Map<number, Pending>()
  const open = new Set<number>()
  let lastId = 0
  let lastStream = 0
  let gone: UpdaterError | undefined

  function reject(error: UpdaterError, streams?: readonly number[]): void {
    for (const [id, pending] of outstanding) {
      if (streams !== undefined && !streams.includes(pending.stream)) continue
      outstanding.delete(id)
      pending.reject(error)
    }
  }

  function lose(cause?: unknown): void {
    gone ??= new UpdaterError('INTERNAL', 'The thread that computes checksums has ended', { cause })
    if (shared?.thread === thread) shared = undefined
    reject(gone)
  }

  worker.on('message', ({ id, hex }: { id: number; hex?: string }) => {
    outstanding.get(id)?.resolve(hex)
    outstanding.delete(id)
  })
  worker.on('error', lose)
  worker.on('exit', () => lose())

  const thread: Thread = {
    begin(algorithm) {
      lastStream += 1
      open.add(lastStream)
      worker.postMessage({ stream: lastStream, algorithm })
      return lastStream
    },
    ask: (stream, block, length) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone)
        // The thread would end with an error, and with it the streams of all others.
        if (!open.has(stream)) return reject(unwanted())
        if (block === undefined) open.delete(stream)
        lastId += 1
        outstanding.set(lastId, { stream, resolve, reject })
        worker.postMessage({ id: lastId, stream, block, length })
      }),
    async close(streams) {
      reject(unwanted(), streams)
      for (const stream of streams) {
        open.delete(stream)
        worker.postMessage({ stream, forget: true })
      }
      if (shared?.thread !== thread) return
      shared.users -= 1
      if (shared.users > 0) return
      shared = undefined
      await worker.terminate()
    },
  }
  return thread
}

function unwanted(): UpdaterError {
  return new UpdaterError('ABORTED', 'The checksum is not wanted any more')
}
