import { setMaxListeners } from 'node:events'
import { version } from '../package.ts'
import { sleep, unlessAborted } from './abort.ts'
import { decodeText, type FileFacts, factsOf, isSettled, nextPageOf, readBytes } from './answer.ts'
import { bodyOf, type Resuming } from './download.ts'
import { clientClosed, describeRequest, HttpError, statusError } from './failure.ts'
import { defaultPolicy, isRetriable, type Policy } from './policy.ts'
import { type Arrival, follow } from './redirect.ts'
import { isStreamed, type RequestBody } from './request-body.ts'
import { type Patience, pauseBefore, retry } from './retry.ts'
import { type Lane, type OpenBody, type Surroundings, Transport, type WireRequest } from './transport.ts'
import { parseUrl, redactUrl } from './url.ts'

export interface HttpClientOptions extends Partial<Omit<Patience, 'policy'>>, Surroundings {
  /** Numbers that differ from `defaultPolicy`. */
  readonly policy?: Partial<Policy> | undefined
  /** Folders of this machine whose files may be read where a catalogue names them. Default: none. */
  readonly fileRoots?: readonly string[] | undefined
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface TextOptions extends RequestOptions {
  /** An earlier answer. It is the answer again if the server says that it has not changed. */
  readonly known?: TextAnswer | undefined
}

/** A small body, read whole and decoded as UTF-8 (invalid bytes become U+FFFD), or as UTF-16 if it says so. */
export interface TextAnswer {
  /** Where it came from after redirects. */
  readonly url: string
  readonly text: string
  /** The body as it came. */
  readonly bytes: Uint8Array
  /** What the server said of this state of the text, for asking whether it has changed; absent if that is no proof. */
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** Absolute URL of the next page of a list, as the server's `Link` header names it (RFC 8288). */
  readonly next?: string | undefined
}

export interface SendOptions extends RequestOptions {
  /** A stream is sent once, whatever the answer, and no faster than the server takes it. */
  readonly body?: RequestBody | undefined
  /** Bytes of a body that is a stream, if they are known: some servers take none without a length. */
  readonly length?: number | undefined
  /** Milliseconds from the end of the body to the answer. Default: those of the policy. */
  readonly answerTimeout?: number | undefined
  /** Redirects to follow; 0 hands a redirect back as the answer. Default: 5. */
  readonly redirects?: number | undefined
  /** False: it is sent once, whatever becomes of it. Default: true. */
  readonly isRepeatable?: boolean | undefined
  /** Called before each attempt, so that a signature can carry the attempt's own time. */
  readonly sign?: ((attempt: number) => Promise<Record<string, string>>) | undefined
}

export interface DownloadOptions extends RequestOptions {
  /**
   * More than one: parts of the file are asked for at the same time by Range, and yielded in order. If the server has
   * no ranges, or names no state of the file to hold them together, it is one. Default: 1.
   */
  readonly connections?: number | undefined
}

export interface Download {
  readonly facts: FileFacts
  /**
   * The file's bytes. Throws `HTTP_TRUNCATED` if the file changed under way, the server stopped honouring Range, or the
   * length is wrong: a consumer that hashes must start again from scratch.
   */
  readonly body: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

/** What discovery gets: small texts and facts. */
export interface DiscoveryHttp {
  text(url: string, options?: Pick<RequestOptions, 'signal'>): Promise<TextAnswer>
  facts(url: string, options?: Pick<RequestOptions, 'signal'>): Promise<FileFacts>
}

/**
 * The program's one HTTP client: timeouts, retries, redirects and proxies under one policy. Nothing is loaded or
 * connected before the first request.
 */
export class HttpClient {
  readonly fileRoots: readonly string[]
  readonly policy: Policy
  readonly #patience: Patience
  readonly #transport: Transport
  readonly #closing = new AbortController()
  readonly #userAgent = `openstack-image-updater/${version()}`

  constructor({ policy, fileRoots = [], lookup, allowPrivate, tls, ...patience }: HttpClientOptions = {}) {
    this.fileRoots = fileRoots
    const pause = patience.sleep ?? sleep
    const closing = this.#closing.signal
    setMaxListeners(0, closing)
    this.policy = { ...defaultPolicy, ...policy }
    this.#patience = {
      policy: this.policy,
      random: patience.random ?? Math.random,
      sleep: (milliseconds, signal = closing) => pause(milliseconds, AbortSignal.any([signal, closing])),
      note: patience.note ?? (() => undefined),
    }
    this.#transport = new Transport(this.policy, { lookup, allowPrivate, tls })
  }

  /**
   * GET of a listing, a manifest, a key.
   * @throws UpdaterError HTTP_STATUS (any answer but 2xx), HTTP_NETWORK, HTTP_TIMEOUT, HTTP_REDIRECT,
   * HTTP_TOO_LARGE (over 8 MiB), HTTP_URL, ABORTED
   */
  async text(url: string, { signal, headers, known }: TextOptions = {}): Promise<TextAnswer> {
    const request = this.#request('GET', url, { signal, headers: { ...conditionOf(known), ...headers } })
    return this.#retry(signal, async () => {
      const { answer } = await this.#ask(request, 'small')
      if (known !== undefined && isUnchanged(answer, known)) {
        await answer.discard()
        return known
      }
      await demand(answer, 'GET', isSuccess)
      const bytes = await readBytes(answer, this.#patience.policy.textLimit)
      const text = { url: answer.url, text: decodeText(bytes), bytes, next: nextPageOf(answer) }
      const { etag, 'last-modified': lastModified } = answer.headers
      return isSettled(answer.headers) ? { ...text, etag, lastModified } : text
    })
  }

  /**
   * HEAD, or a GET of one byte if HEAD says nothing of the file: whatever a server answers to HEAD alone, or that it
   * does not answer, is no failure. Errors as for `text`.
   */
  async facts(url: string, { signal, headers }: RequestOptions = {}): Promise<FileFacts> {
    const head = this.#request('HEAD', url, { signal, headers })
    const oneByte = this.#request('GET', url, { signal, headers: { ...headers, range: 'bytes=0-0' } })
    return this.#retry(signal, async (number) => {
      let told: FileFacts | undefined
      if (number === 0) {
        const arrival = await this.#ask(head, 'small').catch(unlessRedirect)
        await arrival?.answer.discard()
        if (arrival !== undefined && isSuccess(arrival.answer.status)) told = factsOf(arrival.answer)
        // Some servers have no length for HEAD and say 0.
        if (told !== undefined && told.size !== 0) return told
      }
      const { answer } = await this.#ask(oneByte, 'small')
      if (answer.status === 416 && told !== undefined) {
        await answer.discard()
        return told // there is no first byte
      }
      await demand(answer, 'GET', isSuccess)
      await answer.discard()
      return factsOf(answer)
    })
  }

  /**
   * One request. An answer with any status comes back, a retriable one once the retries are used up. One that comes
   * before the end of a streamed body ends the stream.
   * @throws UpdaterError HTTP_NETWORK, HTTP_TIMEOUT, HTTP_REDIRECT, HTTP_URL, ABORTED, and what a streamed body throws
   */
  async send(
    method: string,
    url: string,
    { body, length, answerTimeout, redirects, sign, isRepeatable = true, signal, headers }: SendOptions = {},
  ): Promise<OpenBody> {
    const request = { ...this.#request(method, url, { signal, headers }), body, length, answerTimeout }
    const mayRepeat = isRepeatable && !isStreamed(body)
    const attempt = async (number: number) => {
      const signature = sign && (await unlessAborted(sign(number), signal ?? this.#closing.signal))
      const signed = { ...request.headers, ...lowerCaseNames(signature) }
      const { answer } = await this.#ask({ ...request, headers: signed }, 'bulk', redirects)
      if (mayRepeat && number < this.#patience.policy.retries) {
        await demand(answer, method, (status) => !isRetriable(status))
      }
      return answer
    }
    return mayRepeat ? this.#retry(signal, attempt) : attempt(0)
  }

  /**
   * GET of a large file. Resumes by Range with If-Range when the connection breaks off; the iterable
   * yields each byte of the file exactly once, in order, or throws.
   */
  async download(url: string, { signal, headers, connections = 1 }: DownloadOptions = {}): Promise<Download> {
    const discarded = new AbortController()
    const either = signal === undefined ? discarded.signal : AbortSignal.any([signal, discarded.signal])
    const first = this.#request('GET', url, { signal: either, headers })
    const { request, answer } = await this.#retry(signal, async () => {
      const arrival = await this.#ask(first, 'bulk')
      await demand(arrival.answer, 'GET', (status) => status === 200 || status === 203)
      return arrival
    })
    let last = request
    const reopen: Resuming['reopen'] = async (extra, barren, signal) => {
      const ask = (asked: WireRequest) =>
        this.#ask({ ...asked, headers: { ...asked.headers, ...extra }, signal }, 'bulk')
      // The next redirect may lead to another mirror, or to an address that has not expired.
      const isAtMirror = last !== first && barren < this.#patience.policy.mirrorResumes
      let arrival = await ask(isAtMirror ? last : first)
      if (isAtMirror && isFinal(arrival.answer.status)) {
        await arrival.answer.discard()
        arrival = await ask(first)
      }
      last = arrival.request
      return arrival.answer
    }
    return {
      facts: factsOf(answer),
      body: bodyOf(answer, connections, { reopen, patience: this.#patience, signal: either }),
      discard: async () => discarded.abort(),
    }
  }

  /** Ends all connections, also those in use, and the pauses between attempts. */
  async close(): Promise<void> {
    this.#closing.abort(new Error(clientClosed))
    this.#transport.close()
  }

  #request(method: string, text: string, { headers, signal }: RequestOptions): WireRequest {
    const { url, authorization } = parseUrl(text)
    return {
      method,
      url,
      signal,
      headers: {
        'user-agent': this.#userAgent,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(authorization === undefined ? {} : { authorization }),
        ...lowerCaseNames(headers),
      },
    }
  }

  async #ask(request: WireRequest, lane: Lane, redirects = this.policy.redirects): Promise<Arrival> {
    const arrival = await follow(this.#transport, request, lane, redirects)
    const { method, url } = request
    const end = arrival.request.url
    if (end.href !== url.href) this.#patience.note(`${describeRequest(method, url)} led to ${redactUrl(end)}`)
    return arrival
  }

  /** Repeats what a server or the network may have refused for now. */
  #retry<T>(signal: AbortSignal | undefined, task: (number: number) => Promise<T>): Promise<T> {
    const { policy, sleep } = this.#patience
    const retries = { never: 0, seldom: policy.nameRetries, often: policy.retries }
    const pauseAfter = (error: unknown, number: number) =>
      error instanceof HttpError && number < retries[error.again]
        ? pauseBefore(number, error, this.#patience)
        : undefined
    return retry({ pauseAfter, signal, sleep }, task)
  }
}

/** The ETag goes over the date, as RFC 9110 wants it. */
function conditionOf({ etag, lastModified }: Partial<TextAnswer> = {}): Record<string, string> {
  if (etag !== undefined) return { 'if-none-match': etag }
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified }
}

/** A server may take a file that was put back for unchanged, since its date is no later, and still tell that date. */
function isUnchanged(
  { status, url, headers }: OpenBody,
  { url: before, etag, lastModified }: TextAnswer,
): boolean {
  const { etag: etagNow = etag, 'last-modified': dateNow = lastModified } = headers
  return status === 304 && url === before && etagNow === etag && dateNow === lastModified
}

/** A redirect that cannot be followed says nothing of what GET would find. */
function unlessRedirect(error: unknown): undefined {
  if (!(error instanceof HttpError && error.code === 'HTTP_REDIRECT')) throw error
}

/** The server has not got the file, or does not give it away. */
function isFinal(status: number): boolean {
  return status >= 400 && !isRetriable(status)
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** @throws UpdaterError HTTP_STATUS for any other status, with the body discarded */
async function demand(answer: OpenBody, method: string, wanted: (status: number) => boolean): Promise<void> {
  if (wanted(answer.status)) return
  await answer.discard()
  throw statusError(describeRequest(method, answer.url), answer.status, answer.headers)
}

function lowerCaseNames(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
