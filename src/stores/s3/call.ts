import { asUpdaterError, UpdaterError } from '../../errors.ts'
import { sleep } from '../../http/abort.ts'
import { isRetriable } from '../../http/policy.ts'
import type { HttpClient, OpenBody } from '../../http/types.ts'
import type { Credentials, CredentialsSource } from '../credentials.ts'
import { type Asked, expiring, failureOf, passing, S3Error } from './failure.ts'
import { createSigner, payloadHash, type Unsigned } from './sign.ts'

export interface S3Options {
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

export interface S3Reply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface S3Client {
  readonly bucket: string
  /** `host[:port]`. */
  readonly host: string
  /**
   * One signed request, repeated where S3 says that it may be.
   * @throws S3Error for every answer that is not a success
   * @throws UpdaterError STORE_CREDENTIALS, STORE_UNREACHABLE, ABORTED
   */
  call(request: S3Request): Promise<S3Reply>
}

/** Milliseconds. */
export const defaultPause = 500
/** Attempts after the first one. */
const retries = 4
/** A list of 1000 uploads is about half of a MiB. */
const answerLimit = 4 * 2 ** 20

type Attempt =
  | { readonly reply: S3Reply; readonly failure?: undefined }
  | { readonly reply?: undefined; readonly failure: UpdaterError }

export function createS3Client(options: S3Options): S3Client {
  const { endpoint, bucket, region, http, pause = defaultPause } = options
  const held = holdCredentials(options.credentials)
  const signer = createSigner(endpoint, region, held.get)

  /** An answer, or why there is none; a request that got no answer at all has had its retries already. */
  async function attempt(
    request: S3Request,
    unsigned: Unsigned,
    payload: string,
    asked: Asked,
  ): Promise<Attempt> {
    const opened = await http
      .send(request.method, signer.url(unsigned), {
        body: request.body,
        signal: request.signal,
        redirects: 0,
        sign: () => signer.headers(unsigned, payload),
      })
      .catch((thrown) => {
        throw unreachable(asked, asUpdaterError(thrown))
      })
    const { status, headers } = opened
    try {
      const reply = { status, headers, text: await readText(opened) }
      const failure = failureOf(asked, status, headers, reply.text)
      return failure === undefined ? { reply } : { failure }
    } catch (thrown) {
      return { failure: unreachable(asked, asUpdaterError(thrown)) }
    }
  }

  async function call(request: S3Request): Promise<S3Reply> {
    const { method, key, query = {}, headers = {}, body, signal } = request
    const path = key === undefined ? `/${bucket}` : `/${bucket}/${key}`
    const unsigned: Unsigned = { method, path, query, headers, body }
    const payload = await payloadHash(endpoint, body)
    const asked: Asked = { what: request.what, bucket, host: endpoint.host }
    let renewed = false
    for (let number = 0; ; number++) {
      const { reply, failure } = await attempt(request, unsigned, payload, asked)
      if (failure === undefined) return reply
      if (!renewed && isExpired(failure)) {
        renewed = true
        await held.renew()
      } else if (number < retries && mayPass(failure)) {
        await sleep(pause * 2 ** number * (0.5 + Math.random()), signal)
      } else {
        throw failure
      }
    }
  }

  return { bucket, host: endpoint.host, call }
}

function isExpired(failure: UpdaterError): boolean {
  return failure instanceof S3Error && expiring.has(failure.s3Code ?? '')
}

/** HTTP has asked again for the statuses that say so; here it is about codes that come with others. */
function mayPass(failure: UpdaterError): boolean {
  if (!(failure instanceof S3Error)) return failure.code === 'STORE_UNREACHABLE'
  return passing.has(failure.s3Code ?? '') && !isRetriable(failure.status)
}

function unreachable(asked: Asked, error: UpdaterError): UpdaterError {
  if (!error.code.startsWith('HTTP_')) return error
  return new UpdaterError(
    'STORE_UNREACHABLE',
    `${asked.what}: ${asked.host} cannot be reached (${error.message})`,
    {
      remedy: `Check --minio-server. ${error.remedy ?? 'Check the network and the proxy settings'}`,
      cause: error,
    },
  )
}

/** Credentials are asked for per signature: who issues them knows when they end. */
function holdCredentials(source: CredentialsSource) {
  let renewing: Promise<Credentials> | undefined
  return {
    get: (): Promise<Credentials> => renewing ?? source(),
    /** Requests that find out at the same time renew once. */
    renew: async (): Promise<void> => {
      renewing ??= source({ fresh: true })
      try {
        await renewing
      } finally {
        renewing = undefined
      }
    },
  }
}

async function readText({ body, discard }: OpenBody): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > answerLimit) {
      await discard()
      break
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
