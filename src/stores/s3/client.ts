import { UpdaterError } from '../../errors.ts'
import { unlessAborted } from '../../http/abort.ts'
import { readStart, readText } from '../../http/answer.ts'
import type { HttpClient } from '../../http/client.ts'
import { retry } from '../../http/retry.ts'
import type { OpenBody } from '../../http/transport.ts'
import type { Memory } from '../../state.ts'
import type { Credentials, CredentialsSource } from './credentials.ts'
import { type Asked, failureOf, S3Error, strangeAnswer, unreachable } from './errors.ts'
import { createSigner, type Signer } from './sign.ts'
import { parseXml, type XmlNode } from './xml.ts'

export interface S3ClientOptions {
  readonly endpoint: URL
  readonly bucket: string
  readonly region: string
  readonly credentials: CredentialsSource
  /** Canned ACL of uploaded objects; empty: none is sent. */
  readonly acl: string
  readonly http: HttpClient
  /** Remembers the uploads that are begun. Absent: none is, and a later run aborts none that may be another's. */
  readonly memory?: Memory | undefined
  /** Tells what an operator has to look at. */
  readonly warn?: ((message: string) => void) | undefined
  /** Milliseconds before the first repetition; each further one waits twice as long. Default: 500. */
  readonly pause?: number
}

export interface S3Request {
  /** For messages: what is being done. */
  readonly what: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Absent: the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Bytes of an object that are read; absent: none, its headers are what it is asked for. */
  readonly limit?: number
  /** The root element that the answer must have. */
  readonly root?: string
  readonly signal?: AbortSignal | undefined
}

export interface S3Reply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The root element, if the answer is a document. */
  readonly node: XmlNode | undefined
}

/** Attempts after the first one. */
const retries = 4
/** A list of 1000 uploads is about half of a MiB. */
const answerLimit = 4 * 2 ** 20

/** Signed requests to one bucket. */
export class S3Client {
  readonly options: S3ClientOptions & { readonly pause: number }
  readonly #prepare: Signer
  #renewing: Promise<Credentials> | undefined

  constructor({ pause = 500, ...options }: S3ClientOptions) {
    const { endpoint, region, credentials } = options
    this.options = { ...options, pause }
    // The source is asked before each signature, since it knows when its credentials end.
    this.#prepare = createSigner(endpoint, region, () => this.#renewing ?? credentials())
  }

  /**
   * Sends one signed request. Repeats it if S3 says that this may help, and once with fresh credentials.
   * @throws S3Error for every answer that is not a success
   * @throws UpdaterError STORE_CREDENTIALS, STORE_UNREACHABLE, ABORTED
   */
  call(request: S3Request): Promise<S3Reply> {
    let renewed = false
    const pauseAfter = async (error: UpdaterError, number: number) => {
      if (!(error instanceof S3Error)) return undefined
      if (error.answer.cure === 'renew' && !renewed) {
        renewed = true
        await unlessAborted(this.#renew(), request.signal ?? new AbortController().signal)
        return 0
      }
      const isWorthIt = error.answer.cure === 'repeat' && number < retries
      return isWorthIt ? this.options.pause * 2 ** number * (0.5 + Math.random()) : undefined
    }
    return retry({ pauseAfter, signal: request.signal }, () => this.#ask(request))
  }

  /** Requests that find out at the same time that their credentials have expired renew them once. */
  async #renew(): Promise<void> {
    this.#renewing ??= this.options.credentials({ fresh: true })
    try {
      await this.#renewing
    } finally {
      this.#renewing = undefined
    }
  }

  /** One attempt. HTTP has repeated a request that got no answer at all: that failure is no S3Error. */
  async #ask({ what, key, limit = 0, root, signal, ...request }: S3Request): Promise<S3Reply> {
    const { bucket, endpoint, http } = this.options
    const { method, body, headers: { 'x-amz-acl': acl } = {} } = request
    const asked = { what, bucket, host: endpoint.host, acl, size: body?.length ?? 0 }
    const path = key === undefined ? `/${bucket}` : `/${bucket}/${key}`
    const { url, sign } = this.#prepare({ ...request, path })
    const answer = await http.send(method, url, { body, signal, redirects: 0, sign }).catch((thrown) => {
      throw unreachable(asked, thrown)
    })
    const isObject = method === 'HEAD' || (method === 'GET' && key !== undefined && answer.status < 300)
    const text = isObject ? await startOf(asked, answer, limit) : await textOf(asked, answer)
    const document = isObject ? undefined : parseXml(text)
    const failure = failureOf(asked, answer, isObject ? '' : text, document)
    if (failure !== undefined) throw failure
    const { status, headers } = answer
    if (root !== undefined && document?.root !== root) throw strangeAnswer(asked, status)
    return { status, headers, text, node: document?.node }
  }
}

/** HEAD names the object's length and has no text. */
async function startOf(asked: Asked, answer: OpenBody, limit: number): Promise<string> {
  try {
    return (await readStart(answer, limit)).toString()
  } catch (thrown) {
    throw unreachable(asked, thrown, answer.status)
  }
}

async function textOf(asked: Asked, answer: OpenBody): Promise<string> {
  try {
    return await readText(answer, answerLimit)
  } catch (thrown) {
    const isTooLarge = thrown instanceof UpdaterError && thrown.code === 'HTTP_TOO_LARGE'
    throw isTooLarge ? strangeAnswer(asked, answer.status) : unreachable(asked, thrown, answer.status)
  }
}
