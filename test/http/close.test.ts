import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { generatedBytes } from '../support/bytes.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { startProxy } from '../support/proxy.ts'
import { client, collect, failure } from './world.ts'

/** A server that sends these bytes to whoever connects, and closes the connection at once; `sent` tells when it has. */
async function closingServer(answer: Buffer, tls?: Certificate) {
  let sent = () => {}
  const closed = new Promise<void>((resolve) => {
    sent = resolve
  })
  const onConnection = (socket: Socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(answer, sent))
  }
  const server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const scheme = tls === undefined ? 'http' : 'https'
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/image`, closed }
}

const head = (size: number) => Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)

test.each([1, 70_000, 100_000, 300_000])(
  'a server that closes after a whole answer of %i bytes, while the body is paused, loses nothing',
  async (size) => {
    const body = generatedBytes(size)
    const server = await closingServer(Buffer.concat([head(size), body]))
    const download = await client().download(server.url)
    await server.closed
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    const got: Uint8Array[] = []
    for await (const chunk of download.body) {
      got.push(chunk)
      await setImmediate()
    }
    expect(Buffer.concat(got).equals(body)).toBe(true)
  },
)

const paused = generatedBytes(300_000)
const length = `Content-Length: ${paused.length}`
const whole = (...lines: string[]) => Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), paused])

/** As Apache answers with "KeepAlive Off", and servers that speak HTTP/1.0, such as Python's. */
const answers: Readonly<Record<string, Buffer>> = {
  'HTTP/1.1 with Connection: close': whole('HTTP/1.1 200 OK', 'Connection: close', length),
  'HTTP/1.1 without a length': whole('HTTP/1.1 200 OK', 'Connection: close'),
  'HTTP/1.1 in chunks': Buffer.concat([
    Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'),
    Buffer.from(`${paused.length.toString(16)}\r\n`),
    paused,
    Buffer.from('\r\n0\r\n\r\n'),
  ]),
  'HTTP/1.0': whole('HTTP/1.0 200 OK', length),
  'HTTP/1.0 without a length': whole('HTTP/1.0 200 OK'),
}
const ways = ['http', 'https', 'http through a proxy', 'https through a proxy'] as const
const certificate = makeCertificate()
afterAll(() => certificate?.remove())

test.each(ways.flatMap((way) => Object.keys(answers).map((answer) => [answer, way] as const)))(
  'a server of %s by %s that closes while the body is paused loses nothing',
  async (answer, way) => {
    const tls = way.startsWith('https') ? certificate : undefined
    if (way.startsWith('https') && tls === undefined) return // needs openssl
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) vi.stubEnv(name, '')
    if (tls !== undefined) vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    if (way.endsWith('proxy')) {
      const proxy = await startProxy()
      onTestFinished(() => proxy.close())
      vi.stubEnv('ALL_PROXY', proxy.url)
    }
    const server = await closingServer(answers[answer] ?? Buffer.of(), tls)
    const http = client()
    const download = await http.download(server.url)
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    const got: Uint8Array[] = []
    for await (const chunk of download.body) {
      got.push(chunk)
      await setImmediate()
    }
    expect(Buffer.concat(got).equals(paused)).toBe(true)
  },
)

test('a server that closes in the middle of an answer, while the body is paused, is noticed', async () => {
  const server = await closingServer(Buffer.concat([head(200_000), generatedBytes(100_000)]))
  const download = await client().download(server.url)
  await server.closed
  for (let turn = 0; turn < 50; turn++) await setImmediate()
  expect((await failure(collect(download.body))).code).toBe('HTTP_TRUNCATED')
})
