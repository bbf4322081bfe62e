import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { abortedError, orAborted } from './abort.ts'
import { describeRequest, HttpError, transportError } from './failure.ts'
import { createLookup } from './lookup.ts'
import type { Policy } from './policy.ts'
import { type ProxySetting, proxyFor } from './proxy.ts'
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

type Undici = typeof import('./undici.ts')

/** Connections, timeouts and proxies. undici is loaded by the first request. */
export function createTransport(policy: Policy): Transport {
  const dispatchers = new Map<string, Dispatcher>()
  const lookup = createLookup()
  let undici: Promise<Undici> | undefined
  let closed = false

  async function dispatcherFor(lane: Lane, proxy: ProxySetting | undefined): Promise<Dispatcher> {
    undici ??= import('./undici.ts')
    const library = await undici
    const key = `${lane} ${proxy?.uri ?? ''} ${proxy?.authorization ?? ''}`
    const dispatcher = dispatchers.get(key) ?? createDispatcher(library, policy, lane, proxy, lookup)
    dispatchers.set(key, dispatcher)
    return dispatcher
  }

  return {
    async exchange(request, lane) {
      const { method, url, headers, body, signal } = request
      const what = describeRequest(method, url)
      if (signal?.aborted) throw abortedError(signal)
      if (closed) throw new HttpError('HTTP_NETWORK', `${what} failed: the client is closed`)
      const proxy = proxyFor(url)
      const fail = (thrown: unknown) =>
        signal?.aborted ? abortedError(signal) : transportError(what, thrown, proxy?.uri)
      try {
        const dispatcher = await dispatcherFor(lane, proxy)
        const answer = await orAborted(
          dispatcher.request({
            origin: url.origin,
            path: url.pathname + url.search,
            method: method as Dispatcher.HttpMethod,
            headers: { ...headers },
            body: body ?? null,
            signal: signal ?? null,
            headersTimeout: policy.headersTimeout + uploadTime(body, policy),
            bodyTimeout: policy.idleTimeout,
            // undici ends the connection of each HEAD, since a server might send a body: no store does.
            ...(method === 'HEAD' && lane === 'bulk' && proxy === undefined ? { reset: false } : {}),
          }),
          signal,
        )
        return openBody(request, answer, policy, fail)
      } catch (thrown) {
        throw fail(thrown)
      }
    },
    async close() {
      closed = true
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()))
      dispatchers.clear()
    },
  }
}

function createDispatcher(
  { Agent, Pool, ProxyAgent }: Undici,
  policy: Policy,
  lane: Lane,
  proxy: ProxySetting | undefined,
  lookup: LookupFunction,
): Dispatcher {
  const connect = {
    timeout: policy.connectTimeout,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: policy.addressTimeout,
    lookup,
  }
  const shared = {
    connections: lane === 'small' ? policy.connections : policy.bulkConnections,
    keepAliveTimeout: policy.keepAlive,
  }
  if (proxy === undefined) return new Agent({ ...shared, connect })
  return new ProxyAgent({
    ...shared,
    uri: proxy.uri,
    ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
    proxyTunnel: false,
    proxyTls: connect,
    requestTls: connect,
    factory: (origin, options) => new Pool(origin, { ...options, ...shared }),
  })
}

function uploadTime(body: Uint8Array | string | undefined, policy: Policy): number {
  return ((body?.length ?? 0) / policy.uploadRate) * 1000
}

function openBody(
  { method, url }: WireRequest,
  answer: Dispatcher.ResponseData,
  policy: Policy,
  fail: (thrown: unknown) => Error,
): OpenBody {
  const headers = flatHeaders(answer.headers)
  const isShort = method === 'HEAD' || Number(headers['content-length'] ?? 0) <= policy.discardBytes
  return {
    url: url.href,
    status: answer.statusCode,
    headers,
    body: watched(answer.body, policy, fail),
    async discard() {
      if (!isShort) answer.body.on('error', () => undefined).destroy()
      else {
        const signal = AbortSignal.timeout(policy.discardTimeout)
        await answer.body.dump({ limit: policy.discardBytes, signal }).catch(() => undefined)
        await freed()
      }
    },
  }
}

/**
 * A turn of the event loop after an answer's end, undici gives its connection to another request: one that comes
 * sooner would open a connection of its own.
 */
const freed = setImmediate

/**
 * The body's chunks as they come. undici's timer notices when nothing comes; this one also notices a
 * trickle. Only the time spent waiting for bytes counts, not the time that the consumer takes.
 */
async function* watched(
  body: Readable,
  policy: Policy,
  fail: (thrown: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  let waited = 0
  let bytes = 0
  let since = performance.now()
  try {
    for await (const chunk of body) {
      waited += performance.now() - since
      bytes += chunk.length
      if (bytes >= policy.idleBytes) {
        waited = 0
        bytes = 0
      } else if (waited > policy.idleTimeout) {
        throw Object.assign(new Error('the body trickles'), { code: 'UND_ERR_BODY_TIMEOUT' })
      }
      yield chunk
      since = performance.now()
    }
    await freed()
  } catch (thrown) {
    throw fail(thrown)
  }
}

function flatHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  )
}
