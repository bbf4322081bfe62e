import type { ClientRequest } from 'node:http'
import { asUpdaterError } from '../errors.ts'
import { HttpError, Timeout } from './failure.ts'
import type { Policy } from './policy.ts'

/** What a request sends: something whole, or a stream of which no byte is kept. */
export type RequestBody = Uint8Array | string | AsyncIterable<Uint8Array>

export function isStreamed(body: RequestBody | undefined): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && Symbol.asyncIterator in body
}

/** What a request waits for at present, and how long it may. With its answer the waiting is over; 1xx are none. */
export class Deadline {
  readonly #request: ClientRequest
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(request: ClientRequest) {
    this.#request = request
    const end = () => {
      this.#isOver = true
      this.stop()
    }
    request.once('response', end).once('close', end).once('error', end)
  }

  /** Ends the request after so many milliseconds, unless it is started anew or stopped before. */
  start(milliseconds: number, what: string): void {
    this.stop()
    if (this.#isOver) return
    this.#timer = setTimeout(() => this.#request.destroy(new Timeout(what)), milliseconds)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

interface Streaming {
  readonly body: AsyncIterable<Uint8Array>
  /** Bytes. */
  readonly length: number | undefined
  readonly deadline: Deadline
  readonly policy: Policy
}

/**
 * Sends a stream as the body of a request. The next chunk is asked for when the one before has left this process, so the
 * source may use its memory again, and a slow server slows the source down. No time runs while the source is waited for.
 * What the source throws ends the request. An answer before the end, or the end of the connection, ends the stream.
 */
export async function sendStreamed(
  request: ClientRequest,
  { body, length, deadline, policy }: Streaming,
): Promise<void> {
  const source = body[Symbol.asyncIterator]()
  let isOver = false
  let proceed = () => {}
  const end = () => {
    isOver = true
    proceed()
    source.return?.().catch(() => undefined)
  }
  request.once('response', end).once('close', end)
  let sent = 0
  try {
    request.flushHeaders() // a server may refuse before there is a byte
    for (;;) {
      const { done, value } = await source.next()
      if (isOver) return
      sent += value?.length ?? 0
      if (length !== undefined && (done ? sent < length : sent > length)) throw otherLength(length)
      if (done) return void request.end()
      if (value.length === 0) continue
      deadline.start(
        policy.headersTimeout + (value.length / policy.uploadRate) * 1000,
        'the server takes no more',
      )
      await new Promise<void>((resolve) => {
        proceed = resolve
        request.write(value, () => resolve()) // a failure is the request's, which tells it
      })
      if (isOver || request.destroyed) return
      deadline.stop()
    }
  } catch (thrown) {
    request.destroy(asUpdaterError(thrown))
  }
}

function otherLength(length: number): HttpError {
  const message = `A stream that was sent has other than the ${length} bytes that were announced`
  return new HttpError('HTTP_TRUNCATED', message)
}
