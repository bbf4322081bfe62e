import { Agent, request as requestHttp } from 'node:http'
import {
  type AgentOptions,
  type RequestOptions,
  request as requestHttps,
  Agent as TlsAgent,
} from 'node:https'
import { isIPv6, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ProxyRefusal, Timeout } from './failure.ts'
import type { Policy } from './policy.ts'
import type { ProxySetting } from './proxy.ts'

/** The agents that keep connections: for http, for https, and for https through each proxy. */
export class Agents {
  readonly #made = new Map<string, Agent>()
  readonly #connectTimeout: number
  readonly #options: AgentOptions

  constructor({ connectTimeout, keepAlive, addressTimeout }: Policy) {
    this.#connectTimeout = connectTimeout
    this.#options = {
      keepAlive: true,
      timeout: keepAlive,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: addressTimeout,
    }
  }

  for(protocol: string, tunnel: ProxySetting | undefined): Agent {
    const key = `${protocol} ${tunnel?.uri ?? ''} ${tunnel?.authorization ?? ''}`
    const agent = this.#made.get(key) ?? this.#make(protocol, tunnel)
    this.#made.set(key, agent)
    return agent
  }

  destroy(): void {
    for (const agent of this.#made.values()) agent.destroy()
  }

  #make(protocol: string, tunnel: ProxySetting | undefined): Agent {
    if (tunnel !== undefined) return new TunnelAgent(tunnel, this.#connectTimeout, this.#options)
    return protocol === 'https:' ? new TlsAgent(this.#options) : new Agent(this.#options)
  }
}

/** Speaks TLS with servers through tunnels of a proxy. */
class TunnelAgent extends TlsAgent {
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
    const path = `${isIPv6(host) ? `[${host}]` : host}:${port}`
    const headers: Record<string, string> = { host: path }
    if (authorization !== undefined) headers['proxy-authorization'] = authorization
    const send = uri.startsWith('https:') ? requestHttps : requestHttp
    const request = send(uri, { method: 'CONNECT', path, headers, agent: this.#toProxy })
    const timer = setTimeout(() => request.destroy(new Timeout('no connection in time')), this.#timeout)
    return new Promise<Socket>((resolve, reject) => {
      request.once('error', reject).once('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode === 200) return resolve(socket)
        socket.destroy()
        reject(new ProxyRefusal(statusCode))
      })
      request.end()
    }).finally(() => clearTimeout(timer))
  }
}
