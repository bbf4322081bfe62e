import { UpdaterError } from '../errors.ts'
import { decodeText, readBytes, readStart } from '../http/answer.ts'
import type { OpenBody } from '../http/transport.ts'
import { type Asked, failureOf, strangeAnswer, unreachable } from './glance-errors.ts'
import type { CloudImage } from './image.ts'
import { isImageId, type Read, readImage } from './record.ts'
import type { CloudRequest, CloudSession } from './session.ts'

/** A request, and what it is for: the beginning of the message if it fails. */
export interface Call extends CloudRequest {
  readonly what: string
  readonly method: string
  readonly path: string
  /** Bytes that the answer may have. Default: 1 MiB. */
  readonly limit?: number
}

/** Requests to the Image API whose answers are checked before they are believed. */
export class ImageApi {
  readonly #session: CloudSession
  /** Milliseconds by which Glance's clock is ahead of ours. */
  #ahead = 0

  constructor(session: CloudSession) {
    this.#session = session
  }

  serverTime(): Date {
    return new Date(Date.now() + this.#ahead)
  }

  /** Returns an answer that is a success. @throws UpdaterError CLOUD_*, ABORTED */
  async open({ what, method, path, headers, limit: _, ...options }: Call): Promise<OpenBody> {
    const answer = await this.#session.request(method, path, {
      ...options,
      // Exactly so: with anything else in it, Glance's errors are pages.
      headers: { accept: 'application/json', ...headers },
    })
    const date = Date.parse(answer.headers.date ?? '')
    if (!Number.isNaN(date)) this.#ahead = date - Date.now()
    if (answer.status >= 200 && answer.status < 300) return answer
    throw failureOf(this.#asked({ what }), answer.status, decodeText(await readStart(answer, 2 ** 16)))
  }

  /** Returns the text of an answer that is a success. */
  async call(call: Call): Promise<string> {
    try {
      return decodeText(await readBytes(await this.open(call), call.limit ?? 2 ** 20))
    } catch (thrown) {
      throw this.unreachable(call, thrown)
    }
  }

  /** Returns what an answer says. */
  async read<Value>(call: Call, read: (json: unknown) => Read<Value>): Promise<Value> {
    const json = parseJson(await this.call(call))
    const found = json === undefined ? { wrong: 'it is no JSON' } : read(json)
    if ('value' in found) return found.value
    throw this.strange(call, `the answer is not of the Image API (${found.wrong})`)
  }

  /** Returns the image of an answer, which has to be that of the id. */
  async image(call: Call, id: string): Promise<CloudImage> {
    const image = await this.read(call, readImage)
    if (image.id.toLowerCase() === id.toLowerCase()) return image
    throw this.strange(call, `Glance answered with another image (${image.id})`)
  }

  /** The error of a success that is not what Glance answers. */
  strange(call: Pick<Call, 'what'>, why: string): UpdaterError {
    return strangeAnswer(this.#asked(call), why)
  }

  /** The error of an answer that could not be read to its end. */
  unreachable(call: Pick<Call, 'what'>, thrown: unknown): UpdaterError {
    return unreachable(this.#asked(call), thrown)
  }

  #asked({ what }: Pick<Call, 'what'>): Asked {
    return { what, cloud: this.#session.cloud }
  }
}

/** Returns the path of an image. @throws UpdaterError CLOUD_FAILED: something else than an id */
export function pathOf(id: string): string {
  if (isImageId(id)) return `/v2/images/${id}`
  throw new UpdaterError('CLOUD_FAILED', `"${id}" is no id of an image`, {
    remedy: 'Correct the id: it is a UUID',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
