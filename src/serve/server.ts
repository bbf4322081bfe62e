import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UpdaterError } from '../errors.ts'
import { explainRefusal } from '../files.ts'
import { refuseStranger, refuseToken } from './access.ts'
import type { Hub } from './hub.ts'
import type { ServeSettings, Service } from './options.ts'
import { type Answer, problem, type Reply, type Router } from './routes.ts'

/** Bytes of a body, which no route needs. */
const longestBody = 1024
/** Milliseconds for the client to take the answer. */
const answerTime = 60_000

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

/**
 * Listens. `close` takes no new connections, ends those that are idle, and waits a moment for the others.
 * @throws UpdaterError CONFIGURATION if the address cannot be listened on
 */
export async function openServer(
  options: () => ServeSettings,
  route: Router,
  hub: Hub,
): Promise<Pick<Service, 'url' | 'close'>> {
  const server = createServer(
    {
      maxHeaderSize: 8192,
      // From the first byte of a request to the end of its headers, and to its end.
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => void respond(request, response, hub, () => replyTo(request, route, options())),
  )
  server.maxConnections = 1024
  server.maxRequestsPerSocket = 1000
  server.maxHeadersCount = 64
  const { host, port } = options().listen
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    const message = `${host}:${port} cannot be listened on: ${explainRefusal(cause).why}`
    const remedy = 'Name another address or port with --listen'
    throw new UpdaterError('CONFIGURATION', message, { remedy, cause })
  }
  const { address, port: taken, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      const timer = setTimeout(() => server.closeAllConnections(), 2000)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Never rejects. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  hub: Hub,
  replyOf: () => Promise<Reply>,
): Promise<void> {
  response.on('error', () => {})
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  try {
    const reply = await replyOf()
    if (reply !== 'events') return send(request, response, reply)
    response.setHeader('content-type', 'text/event-stream; charset=utf-8')
    response.setHeader('x-accel-buffering', 'no')
    if (hub.add(response)) return
    send(request, response, problem(503, 'Too many listeners', { 'retry-after': '30' }))
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
    send(request, response, problem(500, 'The answer could not be made'))
  }
}

async function replyTo(
  request: IncomingMessage,
  route: Router,
  { token, allowedHosts = [] }: ServeSettings,
): Promise<Reply> {
  const { method = '', url = '' } = request
  const { host: [host, ...others] = [] } = request.headersDistinct
  const headers = { ...request.headers, host: others.length > 0 ? undefined : host }
  const stranger = refuseStranger(headers, allowedHosts)
  if (stranger !== undefined) return stranger
  const reply = route(method, url.replace(/[?#].*$/s, ''))
  if (typeof reply !== 'function') return reply
  if (method === 'POST') {
    const refusal = refuseToken(headers.authorization, token)
    if (refusal !== undefined) return refusal
    if (!(await takeBody(request))) return problem(413, 'The body is too large: none is needed')
  }
  return reply()
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const timer = setTimeout(() => response.destroy(), answerTime).unref()
  response.on('close', () => clearTimeout(timer))
  if (status === 413 || !request.complete) response.setHeader('connection', 'close')
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Reads a body, which no route needs, to its end; returns false if it is too long. */
async function takeBody(request: IncomingMessage): Promise<boolean> {
  if (Number(request.headers['content-length'] ?? 0) > longestBody) return false
  let bytes = 0
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length
      if (bytes > longestBody) return false
    }
    return true
  } catch {
    return false
  }
}
