import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UpdaterError } from '../errors.ts'
import { explainRefusal } from '../files.ts'
import { refuseStranger, refuseToken } from './access.ts'
import type { Hub } from './hub.ts'
import { type Answer, problem, type Route } from './routes.ts'

/** Every limit of the server. Times are in milliseconds. */
export const serverLimits = {
  connections: 1024,
  requestsPerConnection: 1000,
  headerBytes: 8192,
  headers: 64,
  bodyBytes: 1024,
  /** From the first byte of a request to the end of its headers, and to its end. */
  headersTime: 10_000,
  requestTime: 15_000,
  keepAlive: 5_000,
  /** For the client to take the answer. */
  answerTime: 60_000,
  listeners: 256,
  backlog: 256 * 1024,
  heartbeat: 15_000,
} as const

/** On every answer: nothing is framed, guessed, cached, or loaded from elsewhere. */
const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export interface HttpServer {
  readonly url: string
  /** Takes no new connections, ends those that are idle, and waits a moment for the others. */
  close(): Promise<void>
}

export interface ServerOptions {
  readonly listen: { readonly host: string; readonly port: number }
  readonly route: (method: string, path: string) => Route
  readonly hub: Hub
  readonly token: () => string | undefined
  readonly allowedHosts: () => readonly string[]
}

/** @throws UpdaterError CONFIGURATION if the address cannot be listened on */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  const limits = serverLimits
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTime,
      requestTimeout: limits.requestTime,
      keepAliveTimeout: limits.keepAlive,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => void respond(request, response, options),
  )
  server.maxConnections = limits.connections
  server.maxRequestsPerSocket = limits.requestsPerConnection
  server.maxHeadersCount = limits.headers
  const { host, port } = options.listen
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new UpdaterError(
      'CONFIGURATION',
      `${host}:${port} cannot be listened on: ${explainRefusal(cause).why}`,
      {
        remedy: 'Name another address or port with --listen',
        cause,
      },
    )
  }
  const { address, port: taken, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), 2000)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Never rejects. */
async function respond(request: IncomingMessage, response: ServerResponse, options: ServerOptions) {
  const { hub, token, allowedHosts } = options
  response.on('error', () => {})
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  const refuse = (answer: Answer) => send(request, response, answer)
  const { host: [host, ...others] = [] } = request.headersDistinct
  const headers = { ...request.headers, host: others.length > 0 ? undefined : host }
  const stranger = refuseStranger(headers, allowedHosts())
  if (stranger !== undefined) return refuse(problem(stranger.status, stranger.message))
  const route = options.route(request.method ?? '', pathOf(request))
  if (route.kind === 'refused') return refuse(route.answer)
  if (route.kind === 'events') return openStream(request, response, hub)
  if (route.needsToken) {
    const refusal = refuseToken(request.headers.authorization, token())
    if (refusal !== undefined) {
      return refuse(problem(refusal.status, refusal.message, { 'www-authenticate': 'Bearer' }))
    }
    if (!(await takeBody(request))) return refuse(problem(413, 'The body is too large: none is needed'))
  }
  try {
    send(request, response, await route.answer())
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
    refuse(problem(500, 'The answer could not be made'))
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/[?#].*$/s, '')
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const timer = setTimeout(() => response.destroy(), serverLimits.answerTime).unref()
  response.on('close', () => clearTimeout(timer))
  if (status === 413 || !request.complete) response.setHeader('connection', 'close')
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function openStream(request: IncomingMessage, response: ServerResponse, hub: Hub): void {
  response.setHeader('content-type', 'text/event-stream; charset=utf-8')
  response.setHeader('x-accel-buffering', 'no')
  if (!hub.add(response)) send(request, response, problem(503, 'Too many listeners', { 'retry-after': '30' }))
}

/** Reads a body, which no route needs, to its end; returns false if it is too long. */
async function takeBody(request: IncomingMessage): Promise<boolean> {
  if (Number(request.headers['content-length'] ?? 0) > serverLimits.bodyBytes) return false
  let bytes = 0
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length
      if (bytes > serverLimits.bodyBytes) return false
    }
    return true
  } catch {
    return false
  }
}
