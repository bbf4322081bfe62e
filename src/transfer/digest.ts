import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { UpdaterError } from '../errors.ts'
import type { Digest, DigestAlgorithm, FileSignature } from '../image.ts'

interface Thread {
  readonly worker: Worker
  digesters: number
  failure: unknown
}

/** One thread hashes faster than a network delivers, and each costs memory: all digesters share it. */
let shared: Thread | undefined

function useThread(): Thread {
  shared ??= startThread()
  shared.digesters += 1
  return shared
}

function startThread(): Thread {
  const worker = new Worker(new URL('./digest-worker.mjs', import.meta.url), { execArgv: [], env: {} })
  const thread: Thread = { worker, digesters: 0, failure: undefined }
  worker.on('error', (failure) => {
    thread.failure = failure
  })
  worker.on('exit', () => {
    if (shared === thread) shared = undefined
  })
  return thread
}

interface Question {
  resolve(hex: string): void
  reject(error: UpdaterError): void
}

/** Computes one digest over blocks of shared memory, in a thread that all digesters share. */
export class Digester {
  readonly #thread = useThread()
  readonly #port: MessagePort
  /** The thread answers them in this order. */
  readonly #questions: Question[] = []
  #end: UpdaterError | undefined

  /** @param algorithm by its name in `node:crypto` */
  constructor(algorithm: string) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    port1.on('message', (hex: string) => this.#questions.shift()?.resolve(hex))
    port1.on('close', () => {
      const { failure: cause } = this.#thread
      this.#refuse(new UpdaterError('INTERNAL', 'The thread that computes checksums has ended', { cause }))
    })
    this.#thread.worker.postMessage({ port: port2, algorithm }, [port2])
  }

  /**
   * Appends the first `length` bytes of the block, which may be reused once the promise is settled.
   * @throws UpdaterError INTERNAL if the thread has ended, ABORTED after `final` or `close`
   */
  async update(block: SharedArrayBuffer, length: number): Promise<void> {
    await this.#ask({ block, length })
  }

  /** Returns the digest of all that was appended, in lower-case hexadecimal. Nothing can be asked afterwards. */
  final(): Promise<string> {
    const digest = this.#ask({})
    this.#end ??= unwanted()
    return digest
  }

  /** The last digester to be closed ends the thread. */
  async close(): Promise<void> {
    this.#refuse(unwanted())
    this.#port.close()
    this.#thread.digesters -= 1
    if (this.#thread.digesters > 0) return
    if (shared === this.#thread) shared = undefined
    await this.#thread.worker.terminate()
  }

  #ask(request: { readonly block?: SharedArrayBuffer; readonly length?: number }): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end)
      this.#questions.push({ resolve, reject })
      this.#port.postMessage(request)
    })
  }

  #refuse(error: UpdaterError): void {
    this.#end ??= error
    for (const { reject } of this.#questions.splice(0)) reject(error)
  }
}

function unwanted(): UpdaterError {
  return new UpdaterError('ABORTED', 'The checksum is not wanted any more')
}

/** Computes digests of the same bytes in several algorithms, and what a signature of them covers. */
export class Digesters {
  readonly #digesters: ReadonlyMap<DigestAlgorithm, Digester>
  readonly #signature: FileSignature | undefined
  readonly #ofSignature: Digester | undefined

  /** @param algorithms at least one; one that comes twice counts once */
  constructor(algorithms: readonly [DigestAlgorithm, ...DigestAlgorithm[]], signature?: FileSignature) {
    this.#signature = signature
    this.#ofSignature = signature && new Digester(signature.algorithm)
    this.#digesters = new Map(
      [...new Set(algorithms)].map((algorithm) => [algorithm, new Digester(algorithm)]),
    )
  }

  /** As `Digester.update`. */
  async update(block: SharedArrayBuffer, length: number): Promise<void> {
    await Promise.all(this.#all().map((digester) => digester.update(block, length)))
  }

  /** The digests, in the order of the algorithms. */
  async final(): Promise<[Digest, ...Digest[]]> {
    const digests = [...this.#digesters].map(async ([algorithm, digester]) => {
      return { algorithm, hex: await digester.final() }
    })
    return (await Promise.all(digests)) as [Digest, ...Digest[]]
  }

  /** Verifies the signature, if there is one. @throws UpdaterError SIGNATURE_BAD */
  async prove(): Promise<void> {
    const [signature, digester] = [this.#signature, this.#ofSignature]
    if (signature === undefined || digester === undefined) return
    const { length } = signature.trailer
    const block = new SharedArrayBuffer(length)
    new Uint8Array(block).set(signature.trailer)
    await digester.update(block, length)
    await signature.prove(Buffer.from(await digester.final(), 'hex'))
  }

  async close(): Promise<void> {
    for (const digester of this.#all()) await digester.close()
  }

  #all(): readonly Digester[] {
    const digesters = [...this.#digesters.values()]
    return this.#ofSignature === undefined ? digesters : [...digesters, this.#ofSignature]
  }
}
