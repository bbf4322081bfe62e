import { Agent, request as requestHttp } from 'node:http'
import {
  type AgentOptions,
  type RequestOptions,
  request as requestHttps,
  Agent as TlsAgent,
} from 'node:https'
import { isIP, isIPv6, type LookupFunction, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { UpdaterError } from '../errors.ts'
import { ProxyRefusal, Timeout } from './failure.ts'
import { isExcepted } from './no-proxy.ts'
import type { Policy } from './policy.ts'
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
  const setting = settingFor(url)
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

/** Returns the proxy as the environment names it, or '' for none. One without a scheme is an http one, as for curl. */
function settingFor(url: URL): string {
  const setting = variable(`${url.protocol.slice(0, -1)}_proxy`) || variable('all_proxy')
  if (setting === '' || isExcepted(url, variable('no_proxy'))) return ''
  return setting.includes('://') ? setting : `http://${setting}`
}

/** @param name in lower case, which goes over upper case */
function variable(name: string): string {
  return (process.env[name] || process.env[name.toUpperCase()] || '').trim()
}

/**
 * Returns the name that a proxy's certificate has to be for; '' for an address, which Node takes from the connection.
 * If none is given, Node takes the name of the Host header, which is the server's.
 */
export function proxyServername({ uri }: ProxySetting): string {
  const { hostname } = new URL(uri)
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : ''
}

/** How servers of https are spoken with. Certificates and keys are texts in PEM. */
export interface TlsSettings {
  /** The authorities that vouch for servers, in place of the system's. */
  readonly ca?: string | undefined
  /** What we show of ourselves; the key may stand in the same text. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** False: whoever answers is believed. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** Returns an agent that keeps its connections as the policy says. @param tunnel the proxy that leads to servers of https */
export function createAgent(
  protocol: string,
  tunnel: ProxySetting | undefined,
  policy: Policy,
  { lookup, tls }: { readonly lookup: LookupFunction; readonly tls: TlsSettings | undefined },
): Agent {
  const options = {
    keepAlive: policy.keepAlive > 0,
    timeout: policy.keepAlive,
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: policy.addressTimeout,
  }
  if (tunnel !== undefined) return new TunnelAgent(tunnel, policy.connectTimeout, options, tls)
  return protocol === 'https:' ? new TlsAgent({ ...options, ...tls }) : new Agent(options)
}

/** Speaks TLS with servers through tunnels of a proxy. */
class TunnelAgent extends TlsAgent {
  readonly #proxy: ProxySetting
  readonly #toProxy: Agent
  readonly #timeout: number

  /** @param timeout milliseconds for the way to the proxy and its answer */
  constructor(proxy: ProxySetting, timeout: number, options: AgentOptions, tls: TlsSettings | undefined) {
    super({ ...options, ...tls })
    this.#proxy = proxy
    this.#timeout = timeout
    const single = { ...options, keepAlive: false }
    this.#toProxy = proxy.uri.startsWith('https:') ? new TlsAgent(single) : new Agent(single)
  }

  /** Ends also the tunnels that the proxy has not opened yet. */
  override destroy(): void {
    super.destroy()
    this.#toProxy.destroy()
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
    const servername = proxyServername(this.#proxy)
    const request = send(uri, { method: 'CONNECT', path, headers, agent: this.#toProxy, servername })
    const timer = setTimeout(() => request.destroy(new Timeout('no connection in time')), this.#timeout)
    return new Promise<Socket>((resolve, reject) => {
      request.once('error', reject).once('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode >= 200 && statusCode < 300) return resolve(socket)
        socket.destroy()
        reject(new ProxyRefusal(statusCode))
      })
      request.end()
    }).finally(() => clearTimeout(timer))
  }
}
