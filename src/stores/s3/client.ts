import type { UpdaterError } from '../../errors.ts'
import type { HttpClient } from '../../http/client.ts'
import { retry } from '../../http/retry.ts'
import type { OpenBody } from '../../http/transport.ts'
import { type CredentialsSource, RenewableCredentials } from './credentials.ts'
import { type Asked, failureOf, S3Error, type S3Reply, unreachable } from './errors.ts'
import { createSigner, payloadHash, type Signer, type Unsigned } from './sign.ts'

export interface S3ClientOptions {
  readonly endpoint: URL
  readonly bucket: string
  readonly region: string
  readonly credentials: CredentialsSource
  /** Canned ACL of uploaded objects; empty: none is sent. */
  readonly acl: string
  readonly http: HttpClient
  /** Milliseconds before the first repetition of a request that S3 refused for now. Default: 500. */
  readonly pause?: number | undefined
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
  readonly signal?: AbortSignal | undefined
}

/** Attempts after the first one. */
const retries = 4
/** A list of 1000 uploads is about half of a MiB. */
const answerLimit = 4 * 2 ** 20

/** Signed requests to one bucket. */
export class S3Client {
  readonly bucket: string
  /** `host[:port]`. */
  readonly host: string
  readonly acl: string
  /** Milliseconds before the first repetition; each further one waits twice as long. */
  readonly pause: number
  readonly #endpoint: URL
  readonly #http: HttpClient
  readonly #credentials: RenewableCredentials
  readonly #signer: Signer

  constructor({ endpoint, bucket, region, credentials, acl, http, pause = 500 }: S3ClientOptions) {
    this.bucket = bucket
    this.host = endpoint.host
    this.acl = acl
    this.pause = pause
    this.#endpoint = endpoint
    this.#http = http
    this.#credentials = new RenewableCredentials(credentials)
    this.#signer = createSigner(endpoint, region, () => this.#credentials.get())
  }

  /**
   * Sends one signed request, and repeats it where S3 says that it may be, and once with fresh credentials.
   * @throws S3Error for every answer that is not a success
   * @throws UpdaterError STORE_CREDENTIALS, STORE_UNREACHABLE, ABORTED
   */
  call(request: S3Request): Promise<S3Reply> {
    let renewed = false
    const pauseAfter = async (error: UpdaterError, number: number) => {
      if (!(error instanceof S3Error)) return undefined
      if (error.isExpiry && !renewed) {
        renewed = true
        await this.#credentials.renew()
        return 0
      }
      const isWorthIt = error.isPassing && number < retries
      return isWorthIt ? this.pause * 2 ** number * (0.5 + Math.random()) : undefined
    }
    return retry({ pauseAfter, signal: request.signal }, () => this.#ask(request))
  }

  /** What the messages of a failure say of a request. */
  asked(what: string): Asked {
    return { what, bucket: this.bucket, host: this.host }
  }

  /** One attempt. HTTP has repeated a request that got no answer at all: that failure is no S3Error. */
  async #ask(request: S3Request): Promise<S3Reply> {
    const { what, method, key, query = {}, headers = {}, body, signal } = request
    const asked = this.asked(what)
    const path = key === undefined ? `/${this.bucket}` : `/${this.bucket}/${key}`
    const unsigned: Unsigned = { method, path, query, headers, payload: payloadHash(this.#endpoint, body) }
    const sign = () => this.#signer.headers(unsigned)
    const opened = await this.#http
      .send(method, this.#signer.url(unsigned), { body, signal, redirects: 0, sign })
      .catch((thrown) => {
        throw unreachable(asked, thrown)
      })
    const reply = { status: opened.status, headers: opened.headers, text: await readText(asked, opened) }
    const failure = failureOf(asked, reply)
    if (failure !== undefined) throw failure
    return reply
  }
}

/** What is longer than any answer of S3 is cut short, and no XML document then. */
async function readText(asked: Asked, { status, body, discard }: OpenBody): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > answerLimit) {
        await discard()
        break
      }
      chunks.push(chunk)
    }
  } catch (thrown) {
    throw unreachable(asked, thrown, status)
  }
  return Buffer.concat(chunks).toString('utf8')
}
