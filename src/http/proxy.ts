import { Agent, request as requestHttp } from 'node:http'
import {
  type AgentOptions,
  type RequestOptions,
  request as requestHttps,
  Agent as TlsAgent,
} from 'node:https'
import { isIPv6, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getProxyForUrl } from 'proxy-from-env'
import { UpdaterError } from '../errors.ts'
import { ProxyRefusal, Timeout } from './failure.ts'
import { basicAuthorization, redactUrl, withoutUserinfo } from './url.ts'

/** A proxy as HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (or their lower-case names) name it. */
export interface ProxySetting {
  /** Without userinfo: it may be printed. */
  readonly uri: string
  readonly authorization: string | undefined
}

/**
 * The proxy for a URL; `undefined`: none.
 * @throws UpdaterError CONFIGURATION: the variable holds something else than an http(s) URL
 */
export function proxyFor(url: URL): ProxySetting | undefined {
  const setting = getProxyForUrl(url.href)
  if (setting === '') return undefined
  const proxy = URL.canParse(setting) ? new URL(setting) : undefined
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    throw new UpdaterError(
      'CONFIGURATION',
      `The proxy setting "${redactUrl(setting)}" is not an http(s) URL`,
      {
        remedy: 'Set HTTPS_PROXY and HTTP_PROXY to http://HOST:PORT, or unset them',
      },
    )
  }
  return { uri: withoutUserinfo(proxy).href, authorization: basicAuthorization(proxy) }
}

/** Speaks TLS with servers through tunnels of the proxy. */
export class TunnelAgent extends TlsAgent {
  readonly #proxy: ProxySetting
  readonly #toProxy: Agent
  readonly #timeout: number

  /** @param timeout milliseconds for the way to the proxy and its answer */
  constructor(proxy: ProxySetting, timeout: number, options: AgentOptions) {
    super(options)
    this.#proxy = proxy
    this.#timeout = timeout
    const single = { ...options, keepAlive: false }
    this.#toProxy = proxy.uri.startsWith('https:') ? new TlsAgent(single) : new Agent(single)
  }

  override createConnection(
    options: RequestOptions,
    callback: (error: Error | null, connection: Duplex) => void,
  ): undefined {
    this.#openTunnel(`${options.host}`, `${options.port}`).then(
      (socket) => {
        const tunnelled = { ...options, socket }
        callback(null, super.createConnection(tunnelled) ?? socket)
      },
      (error) => callback(error, new Socket()),
    )
  }

  #openTunnel(host: string, port: string): Promise<Socket> {
    const { uri, authorization } = this.#proxy
    const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`
    const send = uri.startsWith('https:') ? requestHttps : requestHttp
    const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization }
    const request = send(uri, {
      method: 'CONNECT',
      path: target,
      agent: this.#toProxy,
      headers: { host: target, ...headers },
    })
    const timer = setTimeout(() => request.destroy(new Timeout('no connection in time')), this.#timeout)
    return new Promise<Socket>((resolve, reject) => {
      request.once('error', reject).once('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode === 200) resolve(socket)
        else {
          socket.destroy()
          reject(new ProxyRefusal(statusCode))
        }
      })
      request.end()
    }).finally(() => clearTimeout(timer))
  }
}
