import { UpdaterError } from '../errors.ts'
import type { ObjectRecord, Upload } from '../stores/store.ts'
import { type Glance, otherSize } from './glance.ts'
import { isDoubtful } from './glance-errors.ts'

export interface CloudUploadOptions {
  /** `glance-direct`: staged, then imported. `upload`: sent to their place. */
  readonly method: 'glance-direct' | 'upload'
  /** Bytes that will be sent, if they are known: some servers take none otherwise. */
  readonly size?: number | undefined
  /** Milliseconds that Glance has from the last byte until it answers, and those of the import. */
  readonly importTimeout: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends bytes to a record that is `queued`, in one request. `complete` imports them, if that is the method, and returns
 * when the image is active; then no more than its size is proven. Whoever has created the record deletes it on a failure.
 */
export function beginUpload(glance: Glance, id: string, options: CloudUploadOptions): Upload {
  return new GlanceUpload(glance, id, options)
}

class GlanceUpload implements Upload {
  readonly partSize = 2 * 2 ** 20
  /** Parts leave in order: that there are several keeps the source at work while one is sent. */
  readonly concurrency = 4
  readonly #glance: Glance
  readonly #id: string
  readonly #options: CloudUploadOptions
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  readonly #parts = new Parts()
  readonly #sending: Promise<void>
  #written = 0

  constructor(glance: Glance, id: string, options: CloudUploadOptions) {
    const { method, size, importTimeout, signal } = options
    const ending = this.#ending.signal
    this.#glance = glance
    this.#id = id
    this.#options = options
    this.#signal = signal === undefined ? ending : AbortSignal.any([signal, ending])
    this.#sending = glance.sendData(id, method === 'upload' ? 'file' : 'stage', this.#parts, {
      length: size,
      answerTimeout: importTimeout,
      signal: this.#signal,
    })
    this.#sending.then(
      () =>
        this.#parts.fail(
          new UpdaterError('CLOUD_FAILED', `Glance answered before it had all of the image ${id}`),
        ),
      (error) => this.#parts.fail(error),
    )
  }

  async write(part: Uint8Array): Promise<void> {
    if (part.length === 0) return
    this.#written += part.length
    await this.#parts.add(part)
  }

  async complete({ size }: ObjectRecord): Promise<readonly string[]> {
    if (this.#written !== size)
      throw new UpdaterError(
        'CLOUD_MISMATCH',
        `What was sent of the image ${this.#id} is not what its record says`,
      )
    this.#parts.end()
    const doubt = await this.#sending.then(
      () => undefined,
      (error: unknown) => {
        if (!isDoubtful(error) || !this.#parts.areSent) throw error
        return error
      },
    )
    try {
      await this.#becomeActive(size)
      return []
    } catch (error) {
      throw this.#signal.aborted ? error : (doubt ?? error)
    }
  }

  async abort(): Promise<void> {
    this.#ending.abort()
    this.#parts.fail(new UpdaterError('ABORTED', 'The upload was aborted'))
    await this.#sending.catch(() => undefined)
  }

  /** Of an import Glance may make other bytes; what was sent to its place stays as it is. */
  async #becomeActive(size: number): Promise<void> {
    const { method, importTimeout } = this.#options
    if (method === 'glance-direct') {
      await this.#glance.awaitStaged(this.#id, size, importTimeout, this.#signal)
      await this.#glance.importStaged(this.#id, importTimeout, this.#signal)
      return
    }
    const image = await this.#glance.awaitActive(this.#id, importTimeout, this.#signal)
    if (image.size !== size) throw otherSize(this.#glance.session.cloud, image, size)
  }
}

interface Queued {
  readonly part: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The body of a request, as it comes. A part has been sent when the next one is asked for. */
class Parts implements AsyncIterable<Uint8Array> {
  readonly #queue: Queued[] = []
  #isEnded = false
  #areSent = false
  #failure: unknown
  #wake = () => {}

  /** Whether all that was added has been sent, and no more comes. */
  get areSent(): boolean {
    return this.#areSent
  }

  /** Returns when the part has been sent. @throws what the request failed with */
  add(part: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#queue.push({ part, resolve, reject })
      this.#wake()
    })
  }

  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  /** The request has ended: nothing more is sent. */
  fail(error: unknown): void {
    this.#failure ??= error
    for (const { reject } of this.#queue.splice(0)) reject(this.#failure)
    this.#wake()
  }

  /** It throws after a failure: a body that just ended would pass for a whole one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const [next] = this.#queue
      if (next !== undefined) {
        yield next.part
        if (this.#queue[0] === next) this.#queue.shift()?.resolve()
      } else if (this.#isEnded) {
        this.#areSent = true
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
