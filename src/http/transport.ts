import { setMaxListeners } from 'node:events'
import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { finished } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import pLimit, { type LimitFunction } from 'p-limit'
import { abortedError } from './abort.ts'
import { type Reach, reachOf, reachOfHost } from './addresses.ts'
import {
  clientClosed,
  closedError,
  describeRequest,
  ForbiddenAddress,
  ProxyRefusal,
  Timeout,
  transportError,
} from './failure.ts'
import { guardedLookup, sharedLookup } from './lookup.ts'
import type { Policy } from './policy.ts'
import { createAgent, type ProxySetting, proxyFor, proxyServername, type TlsSettings } from './proxy.ts'
import { Deadline, isStreamed, type RequestBody, sendStreamed } from './request-body.ts'

/** Texts and facts share few connections per origin; transfers have their own (see `Policy`). */
export type Lane = 'small' | 'bulk'

/** What a client is told of the networks around it. */
export interface Surroundings {
  /** Default: the system's. */
  readonly lookup?: LookupFunction | undefined
  /** Servers of the internet may lead to addresses that are not of the internet. Default: no. */
  readonly allowPrivate?: boolean | undefined
  /** How servers of https are spoken with; a proxy is spoken with as the system says. */
  readonly tls?: TlsSettings | undefined
}

/** One request on the wire: no retries, no redirects. */
export interface WireRequest {
  readonly method: string
  /** Without userinfo. */
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody | undefined
  /** Bytes of a streamed body, if they are known; else it goes in chunks, which some servers refuse with 411. */
  readonly length?: number | undefined
  /** Milliseconds from the end of the body to the answer's headers. Default: those of the policy. */
  readonly answerTimeout?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** A server of the internet has led here. */
  readonly isLed?: boolean | undefined
}

/** A body on its way. Whoever opened it reads it to the end or calls `discard`. */
export interface OpenBody {
  readonly url: string
  /** Where the server that answered is. */
  readonly reach: Reach
  readonly status: number
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

/**
 * Exchanges requests for answers. A request takes one of its lane's slots for its origin, and keeps it until its
 * answer is read: while it waits for a slot no timeout runs, and it can be aborted.
 */
export class Transport {
  readonly #policy: Policy
  readonly #surroundings: Surroundings
  /** For http, for https, for https through a proxy, to a proxy; and of each for where a server has led. */
  readonly #agents = new Map<string, Agent>()
  readonly #slots = new Map<string, LimitFunction>()
  readonly #open = new Set<ClientRequest>()
  #isClosed = false

  constructor(policy: Policy, surroundings: Surroundings = {}) {
    this.#policy = policy
    this.#surroundings = surroundings
  }

  /** @throws UpdaterError HTTP_NETWORK, HTTP_TIMEOUT, ABORTED, CONFIGURATION (proxy) */
  async exchange(request: WireRequest, lane: Lane): Promise<OpenBody> {
    const { method, url, signal } = request
    if (signal?.aborted) throw abortedError(signal)
    const proxy = proxyFor(url)
    const fail = (thrown: unknown) => {
      if (signal?.aborted) return abortedError(signal)
      const what = describeRequest(method, url)
      return this.#isClosed ? closedError(what) : transportError(what, thrown, proxy?.uri)
    }
    try {
      this.#assertMayAsk(request)
      const answer = await this.#answerTo(request, lane, proxy)
      // Only a proxy answers so: the server has not been asked.
      if (proxy !== undefined && answer.statusCode === 407) {
        answer.destroy()
        throw new ProxyRefusal(407)
      }
      const { remoteAddress } = answer.socket
      const isTold = proxy === undefined && remoteAddress !== undefined
      const reach = isTold ? reachOf(remoteAddress) : reachOfHost(url)
      return openBody(request, answer, reach, this.#policy, fail)
    } catch (thrown) {
      throw fail(thrown)
    }
  }

  /** Ends all connections, also those in use. */
  close(): void {
    this.#isClosed = true
    for (const request of this.#open) request.destroy(new Error(clientClosed))
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #slotsFor(lane: Lane, origin: string): LimitFunction {
    const { connections, bulkConnections } = this.#policy
    const key = `${lane} ${origin}`
    const slots = this.#slots.get(key) ?? pLimit(lane === 'small' ? connections : bulkConnections)
    this.#slots.set(key, slots)
    return slots
  }

  /** The addresses of a proxy are the operator's; what a proxy connects to, it has to judge. */
  #agentFor(
    protocol: string,
    proxy: ProxySetting | undefined,
    isTunnel: boolean,
    isLed: boolean,
    keepAlive: number,
  ): Agent {
    const key = `${protocol} ${proxy?.uri} ${isTunnel} ${isLed} ${keepAlive}`
    const policy = { ...this.#policy, keepAlive }
    const { lookup = sharedLookup, tls } = this.#surroundings
    const isProxy = proxy !== undefined && !isTunnel
    const guarded = () =>
      guardedLookup(
        lookup,
        (address) => this.#mayAsk(reachOf(address), isLed),
        (address) => new ForbiddenAddress(address, reachOf(address), isLed),
      )
    const agent =
      this.#agents.get(key) ??
      createAgent(protocol, isTunnel ? proxy : undefined, policy, {
        lookup: proxy ? lookup : guarded(),
        tls: isProxy ? undefined : tls,
      })
    this.#agents.set(key, agent)
    return agent
  }

  #mayAsk(reach: Reach, isLed: boolean): boolean {
    const { allowPrivate = false } = this.#surroundings
    return reach === 'public' || (reach === 'inside' && (!isLed || allowPrivate))
  }

  /** Sockets look up no host that is an address. @throws ForbiddenAddress */
  #assertMayAsk({ url, isLed = false }: WireRequest): void {
    const reach = reachOfHost(url)
    if (!this.#mayAsk(reach, isLed)) throw new ForbiddenAddress(url.hostname, reach, isLed)
  }

  /** Returns the answer as soon as its headers are there. */
  #answerTo(wire: WireRequest, lane: Lane, proxy: ProxySetting | undefined): Promise<IncomingMessage> {
    const { url, signal } = wire
    if (signal !== undefined) setMaxListeners(0, signal) // one signal serves all requests of a run
    const slots = this.#slotsFor(lane, url.origin)
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort)
      const exchanging = slots(async () => {
        if (signal?.aborted) return
        if (this.#isClosed) throw new Error(clientClosed)
        const request = this.#write(wire, proxy).on('error', reject)
        request.once('response', (answer) => {
          answer.once('end', () => request.writableFinished || request.destroy()) // an early refusal
          resolve(answer)
        })
        this.#open.add(request)
        await ended(request)
        this.#open.delete(request)
        reject(new Error('the connection broke off')) // unless there is an answer or another error
      })
      exchanging.catch(reject).finally(() => signal?.removeEventListener('abort', abort))
    })
  }

  /** Writes a request: to the server, through a tunnel, or, without TLS, to the proxy itself. */
  #write(wire: WireRequest, proxy: ProxySetting | undefined): ClientRequest {
    const { method, url, body, length, signal, isLed = false } = wire
    const { connectTimeout, headersTimeout, uploadRate, keepAlive } = this.#policy
    const forward = url.protocol === 'http:' ? proxy : undefined
    const peer = forward === undefined ? url : new URL(forward.uri)
    const path = forward === undefined ? url.pathname + url.search : url.href
    const isTunnel = proxy !== undefined && forward === undefined
    const streamed = isStreamed(body) ? body : undefined
    const whole = isStreamed(body) ? undefined : body
    // A kept connection may be closed just now, and a stream can't be sent again.
    const kept = streamed === undefined ? keepAlive : 0
    const agent = this.#agentFor(peer.protocol, proxy, isTunnel, isLed, kept)
    const headers: Record<string, string> = { host: url.host, ...wire.headers }
    const size = whole === undefined ? length : Buffer.byteLength(whole)
    if (size !== undefined) headers['content-length'] = String(size)
    if (forward?.authorization !== undefined) headers['proxy-authorization'] = forward.authorization
    const isTls = peer.protocol === 'https:'
    const servername = forward && proxyServername(forward)
    const options = { method, path, headers, agent, signal, servername }
    const request = (isTls ? requestHttps : requestHttp)(peer, options)
    request.maxHeadersCount = 0 // Node would leave out the others; the limit on their bytes stays
    const deadline = new Deadline(request)
    const { answerTimeout = headersTimeout + ((whole?.length ?? 0) / uploadRate) * 1000 } = wire
    const awaitAnswer = () => deadline.start(answerTimeout, 'no answer in time')
    onceConnected(request, isTls ? 'secureConnect' : 'connect', deadline, connectTimeout, () => {
      if (streamed === undefined) return awaitAnswer()
      void sendStreamed(request, { body: streamed, length, deadline, policy: this.#policy }).then(awaitAnswer)
    })
    return streamed === undefined ? request.end(whole) : request
  }
}

/** A request ends when its answer is read or its connection has failed. */
function ended(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => request.once('close', resolve).once('error', () => resolve()))
}

/** Gives the connection so many milliseconds, and tells when it is there. */
function onceConnected(
  request: ClientRequest,
  connected: 'connect' | 'secureConnect',
  deadline: Deadline,
  milliseconds: number,
  proceed: () => void,
): void {
  request.once('socket', (socket) => {
    if (request.reusedSocket) return proceed()
    deadline.start(milliseconds, 'no connection in time')
    socket.once(connected, () => request.destroyed || proceed())
    // Node listens to no error of a connection that is just given back: it would end the process.
    socket.on('error', () => undefined)
  })
}

function openBody(
  { method, url }: WireRequest,
  answer: IncomingMessage,
  reach: Reach,
  policy: Policy,
  fail: (thrown: unknown) => Error,
): OpenBody {
  answer.on('error', () => undefined)
  const headers = flatHeaders(answer)
  const isShort = method === 'HEAD' || Number(headers['content-length'] ?? 0) <= policy.discardBytes
  return {
    url: url.href,
    reach,
    status: answer.statusCode ?? 0,
    headers,
    body: watched(answer, policy, fail),
    async discard() {
      if (!isShort) return void answer.destroy()
      // A short body that is read to its end leaves its connection to the next request.
      const signal = AbortSignal.timeout(policy.discardTimeout)
      await finished(answer.resume(), { signal }).then(settled, () => answer.destroy())
    },
  }
}

/** A turn of the event loop after an answer, a connection that the server has closed behind it is used no more. */
const settled = setImmediate

/**
 * Yields the body's chunks as they come. A body stalls when nothing comes, or a trickle, and has an end to all waiting for it. Only the time spent waiting
 * for bytes counts, not the time that the consumer takes.
 */
async function* watched(
  answer: IncomingMessage,
  { idleTimeout, idleBytes, slowTimeout, slowestRate }: Policy,
  fail: (thrown: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const stalled = new Timeout('the body stalled')
  let allowed = slowTimeout
  let isWaiting = true
  let waited = 0
  let bytes = 0
  let since = performance.now()
  const timer = setTimeout(() => isWaiting && answer.destroy(stalled), idleTimeout)
  try {
    for await (const chunk of answer.iterator({ destroyOnReturn: false })) {
      isWaiting = false
      const wait = performance.now() - since
      allowed += (chunk.length / slowestRate) * 1000 - wait
      if (allowed < 0) throw new Timeout('the body comes too slowly', 'seldom')
      waited += wait
      bytes += chunk.length
      if (bytes >= idleBytes) {
        waited = 0
        bytes = 0
      } else if (waited > idleTimeout) throw stalled
      yield chunk
      isWaiting = true
      timer.refresh()
      since = performance.now()
    }
    await settled()
  } catch (thrown) {
    throw fail(thrown)
  } finally {
    clearTimeout(timer)
    // A reader that stops at the last byte leaves the connection to the next request.
    if (answer.complete) answer.resume()
    else answer.destroy()
  }
}

function flatHeaders({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
  )
}
