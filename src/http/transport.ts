import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps, Agent as TlsAgent } from 'node:https'
import { setImmediate } from 'node:timers/promises'
import pLimit, { type LimitFunction } from 'p-limit'
import { abortedError, orAborted } from './abort.ts'
import { describeRequest, Timeout, transportError } from './failure.ts'
import { createLookup } from './lookup.ts'
import type { Policy } from './policy.ts'
import { type ProxySetting, proxyFor, TunnelAgent } from './proxy.ts'
import type { OpenBody } from './types.ts'

/** Texts and facts share few connections per origin; transfers have their own (see `Policy`). */
export type Lane = 'small' | 'bulk'

/** One request on the wire: no retries, no redirects. */
export interface WireRequest {
  readonly method: string
  /** Without userinfo. */
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  /** @throws UpdaterError HTTP_NETWORK, HTTP_TIMEOUT, ABORTED, CONFIGURATION (proxy) */
  exchange(request: WireRequest, lane: Lane): Promise<OpenBody>
  /** Ends all connections, also those in use. */
  close(): Promise<void>
}

/**
 * Connections, timeouts and proxies. A request takes one of its lane's slots for its origin and keeps it until its
 * answer is read: while it waits for a slot no timeout runs, and it can be aborted.
 */
export function createTransport(policy: Policy): Transport {
  const agents = new Map<string, Agent>()
  const slots = new Map<string, LimitFunction>()
  const open = new Set<ClientRequest>()
  const lookup = createLookup()
  let closed = false

  function agentFor(protocol: string, tunnel: ProxySetting | undefined): Agent {
    const key = `${protocol} ${tunnel?.uri ?? ''} ${tunnel?.authorization ?? ''}`
    const options = {
      keepAlive: true,
      timeout: policy.keepAlive,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: policy.addressTimeout,
      lookup,
    }
    const known = agents.get(key)
    if (known !== undefined) return known
    const agent =
      tunnel !== undefined
        ? new TunnelAgent(tunnel, policy.connectTimeout, options)
        : protocol === 'https:'
          ? new TlsAgent(options)
          : new Agent(options)
    agents.set(key, agent)
    return agent
  }

  function slotsFor(lane: Lane, origin: string): LimitFunction {
    const key = `${lane} ${origin}`
    const limit = slots.get(key) ?? pLimit(lane === 'small' ? policy.connections : policy.bulkConnections)
    slots.set(key, limit)
    return limit
  }

  /** Writes a request. A proxy gets a plain one itself; one by TLS goes through a tunnel. */
  function write({ method, url, headers, body, signal }: WireRequest, proxy: ProxySetting | undefined) {
    const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
    const tunnel = url.protocol === 'https:' ? proxy : undefined
    const forward = url.protocol === 'https:' ? undefined : proxy
    const peer = forward === undefined ? url : new URL(forward.uri)
    const credentials = forward?.authorization
    const send = peer.protocol === 'https:' ? requestHttps : requestHttp
    const request = send(peer, {
      method,
      agent: agentFor(peer.protocol, tunnel),
      signal,
      path: forward === undefined ? url.pathname + url.search : url.href,
      headers: {
        host: url.host,
        ...headers,
        ...length,
        ...(credentials === undefined ? {} : { 'proxy-authorization': credentials }),
      },
    })
    request.maxHeadersCount = 0 // Node would leave out the others; the limit on their bytes stays
    limitTime(request, peer.protocol === 'https:' ? 'secureConnect' : 'connect', {
      connect: policy.connectTimeout,
      answer: policy.headersTimeout + ((body?.length ?? 0) / policy.uploadRate) * 1000,
    })
    return request.end(body)
  }

  /** The answer to a request, as soon as its headers are there. */
  function answerTo(
    wire: WireRequest,
    lane: Lane,
    proxy: ProxySetting | undefined,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const exchanging = slotsFor(
        lane,
        wire.url.origin,
      )(async () => {
        if (wire.signal?.aborted) return
        if (closed) throw new Error('the client is closed')

        const request = write(wire, proxy).on('error', reject)
        request.once('response', (answer) => {
          answer.once('end', () => request.writableFinished || request.destroy()) // an early refusal
          resolve(answer)
        })
        open.add(request)
        await ended(request)
        open.delete(request)
        reject(new Error('the connection broke off')) // unless there is an answer or another error
      })
      exchanging.catch(reject)
    })
  }

  return {
    async exchange(request, lane) {
      const { method, url, signal } = request
      if (signal?.aborted) throw abortedError(signal)
      const proxy = proxyFor(url)
      const fail = (thrown: unknown) =>
        signal?.aborted
          ? abortedError(signal)
          : transportError(describeRequest(method, url), thrown, proxy?.uri)
      try {
        return openBody(request, await orAborted(answerTo(request, lane, proxy), signal), policy, fail)
      } catch (thrown) {
        throw fail(thrown)
      }
    },
    async close() {
      closed = true
      for (const request of open) request.destroy(new Error('the client is closed'))
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

/** A request is over when its answer is read or its connection has failed; the connection is free then. */
function ended(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => request.once('close', resolve).once('error', () => resolve()))
}

/** Gives the connection, and then the answer's headers, so many milliseconds. */
function limitTime(
  request: ClientRequest,
  connected: 'connect' | 'secureConnect',
  limits: { readonly connect: number; readonly answer: number },
): void {
  const endAfter = (milliseconds: number, what: string) =>
    setTimeout(() => request.destroy(new Timeout(what)), milliseconds)
  request.once('socket', (socket) => {
    const answering = () => endAfter(limits.answer, 'no answer in time')
    let timer = request.reusedSocket ? answering() : endAfter(limits.connect, 'no connection in time')
    const begin = () => {
      clearTimeout(timer)
      timer = answering()
    }
    if (!request.reusedSocket) socket.once(connected, begin)
    const stop = () => {
      socket.off(connected, begin)
      clearTimeout(timer)
    }
    request.once('response', stop).once('close', stop).once('error', stop)
  })
}

function openBody(
  { method, url }: WireRequest,
  answer: IncomingMessage,
  policy: Policy,
  fail: (thrown: unknown) => Error,
): OpenBody {
  answer.on('error', () => undefined)
  const headers = flatHeaders(answer)
  const isShort = method === 'HEAD' || Number(headers['content-length'] ?? 0) <= policy.discardBytes
  return {
    url: url.href,
    status: answer.statusCode ?? 0,
    headers,
    body: watched(answer, policy, fail),
    async discard() {
      if (isShort) await drain(answer, policy)
      else answer.destroy()
    },
  }
}

/** A turn of the event loop after an answer, a connection that the server has closed behind it is used no more. */
const settled = setImmediate

/** Reads a body to its end, which keeps the connection, unless it turns out to be long or slow. */
async function drain(answer: IncomingMessage, { discardBytes, discardTimeout }: Policy): Promise<void> {
  const timer = setTimeout(() => answer.destroy(), discardTimeout)
  let size = 0
  try {
    for await (const chunk of answer) {
      size += chunk.length
      if (size > discardBytes) return
    }
    await settled()
  } catch {
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The body's chunks as they come. It stalls when nothing comes, or a trickle. Only the time spent waiting for bytes
 * counts, not the time that the consumer takes.
 */
async function* watched(
  answer: IncomingMessage,
  { idleTimeout, idleBytes }: Policy,
  fail: (thrown: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const stalled = new Timeout('the body stalled')
  let isWaiting = true
  let waited = 0
  let bytes = 0
  let since = performance.now()
  const timer = setTimeout(() => isWaiting && answer.destroy(stalled), idleTimeout)
  try {
    for await (const chunk of answer) {
      isWaiting = false
      waited += performance.now() - since
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
  }
}

function flatHeaders({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
  )
}
