import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  request as sendRequest,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ProxiedRequest {
  /** `CONNECT` for a tunnel. */
  readonly method: string
  /** The whole URL, or `HOST:PORT` for a tunnel. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

export interface TestProxy {
  /** `http://127.0.0.1:PORT`, or https */
  readonly url: string
  readonly requests: ProxiedRequest[]
  close(): Promise<void>
}

export interface ProxyOptions {
  /** `user:password` that it demands (407 otherwise). */
  readonly credentials?: string
  /** Speak TLS with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
}

/** A forward proxy on 127.0.0.1 for plain requests and for tunnels, behind which `….example` is 127.0.0.1. */
export async function startProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const requests: ProxiedRequest[] = []
  const sockets = new Set<Socket>()
  const demanded =
    options.credentials === undefined
      ? undefined
      : `Basic ${Buffer.from(options.credentials).toString('base64')}`
  const isWelcome = (headers: IncomingHttpHeaders) =>
    demanded === undefined || headers['proxy-authorization'] === demanded

  const forward: RequestListener = (request, response) => {
    const { method = 'GET', url = '', headers } = request
    requests.push({ method, target: url, headers })
    if (!isWelcome(headers)) return void response.writeHead(407, { 'content-length': 0 }).end()
    const target = new URL(url)
    if (target.hostname.endsWith('.example')) target.hostname = '127.0.0.1'
    const onward = sendRequest(target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('error', () => response.destroy()).pipe(response)
    })
    onward.on('error', () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502, { 'content-length': 0 }).end()
    })
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }
  const server = options.tls === undefined ? createServer(forward) : createTlsServer(options.tls, forward)
  server.on('connection', (socket: Socket) => track(socket))
  server.on('connect', ({ url = '', headers }, client, head) => {
    requests.push({ method: 'CONNECT', target: url, headers })
    if (!isWelcome(headers)) return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const { hostname, port } = new URL(`http://${url}`)
    const server = track(connect(Number(port), hostname))
    server.on('connect', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      server.write(head)
      server.pipe(client).pipe(server)
    })
    server.on('error', () => client.destroy())
    client.on('error', () => server.destroy())
  })

  function track<T extends Socket>(socket: T): T {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
