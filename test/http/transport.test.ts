import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startProxy } from '../support/proxy.ts'
import { client, collect, failure, origin } from './world.ts'

/** A server that does with each connection what it is told, from the first bytes of a request on. */
async function rawServer(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const fine = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine'

test('answers of 1xx before the answer are passed over', async () => {
  const url = await rawServer((socket) =>
    socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${fine}`),
  )
  expect((await client().text(`${url}/a`)).text).toBe('fine')
})

test('answers of 1xx without an end are a timeout', async () => {
  const url = await rawServer((socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 5)
    socket.once('close', () => clearInterval(timer))
  })
  const http = client({ policy: { headersTimeout: 100, retries: 0 } })
  expect(await failure(http.text(`${url}/a`))).toMatchObject({
    code: 'HTTP_TIMEOUT',
    message: `GET ${url}/a failed: no answer in time`,
  })
})

test('a server that switches to another protocol is an error', async () => {
  const url = await rawServer((socket) =>
    socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
  )
  expect((await failure(client({ policy: { retries: 0 } }).text(`${url}/a`))).code).toBe('HTTP_NETWORK')
})

test('an answer that comes before the whole upload is taken, and its connection not used again', async () => {
  const url = await rawServer((socket) => {
    socket.pause().write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
  })
  const http = client({ policy: { bulkConnections: 1 } })
  for (let count = 0; count < 3; count++) {
    const answer = await http.send('PUT', `${url}/a`, { body: Buffer.alloc(20_000_000) })
    expect(answer.status).toBe(413)
    await answer.discard()
  }
})

test('a request that waits for a connection has no timeout, and can be aborted', async () => {
  const server = await origin({ '/large': { body: { size: 10_000_000 } }, '/a': 'a' })
  const http = client({ policy: { bulkConnections: 1, retries: 0 } })
  const first = await http.download(`${server.url}/large`)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const controller = new AbortController()
  const aborted = failure(http.send('GET', `${server.url}/a`, { signal: controller.signal }))
  const waiting = http.send('GET', `${server.url}/a`)
  await vi.advanceTimersByTimeAsync(3_600_000)
  controller.abort()
  expect(await aborted).toMatchObject({ code: 'ABORTED' })
  expect(server.requests).toHaveLength(1)
  await first.discard()
  const answer = await waiting
  expect(answer.status).toBe(200)
  await answer.discard()
  expect(server.requests).toHaveLength(2)
})

test('a closed client ends what is on its way and what waits', async () => {
  const server = await origin({ '/a': 'a' })
  server.fault('/a', { stallAfter: 'headers' })
  const http = client({ policy: { connections: 1, retries: 0 } })
  const asked = [failure(http.text(`${server.url}/a`)), failure(http.text(`${server.url}/a`))]
  await expect.poll(() => server.requests.length).toBe(1)
  await http.close()
  for (const error of await Promise.all(asked)) {
    expect(error).toMatchObject({
      code: 'HTTP_NETWORK',
      message: `GET ${server.url}/a failed: the client is closed`,
    })
  }
})

test('a proxy that refuses every tunnel keeps no request waiting', async () => {
  const proxy = await startProxy({ credentials: 'user:password' })
  onTestFinished(() => proxy.close())
  vi.stubEnv('https_proxy', proxy.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const http = client({ policy: { connections: 2 } })
  const asked = Array.from({ length: 6 }, (_, index) => failure(http.text(`https://server.example/${index}`)))
  for (const error of await Promise.all(asked)) {
    expect(error.message).toContain(`failed through the proxy ${proxy.url}/: the proxy answered 407`)
  }
})

test('an abort while the proxy has not opened the tunnel settles at once, and a closed client lets go of it', async () => {
  let asked = () => {}
  const connected = new Promise<void>((resolve) => {
    asked = resolve
  })
  let ended = () => {}
  const released = new Promise<void>((resolve) => {
    ended = resolve
  })
  const proxy = await rawServer((socket) => {
    socket.once('close', ended)
    asked()
  })
  vi.stubEnv('https_proxy', proxy)
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const http = client()
  const controller = new AbortController()
  const aborted = failure(http.text('https://server.example/a', { signal: controller.signal }))
  await connected
  controller.abort()
  expect(await aborted).toMatchObject({ code: 'ABORTED' })
  await http.close()
  await released
  await expect.poll(() => vi.getTimerCount()).toBe(0)
})

test('headers beyond the number that Node keeps count, too', async () => {
  const many = Array.from({ length: 1500 }, (_, index) => `x${index}: a\r\n`).join('')
  const url = await rawServer((socket) =>
    socket.write(fine.replace('Content-', `${many}ETag: "e"\r\nContent-`)),
  )
  expect((await client().text(`${url}/a`)).etag).toBe('"e"')
})

test('a reader that stops at the last byte leaves the connection to the next request', async () => {
  const sockets = new Set<unknown>()
  const url = await rawServer((socket) => {
    sockets.add(socket)
    socket.write(fine)
    socket.on('data', () => socket.write(fine))
  })
  const http = client()
  for (let count = 0; count < 5; count++) {
    const { body } = await http.send('GET', `${url}/a`)
    for await (const chunk of body) if (chunk.length === 4) break
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(sockets.size).toBe(1)
})

test('an abort of a request that is done leaves its connection to the next one', async () => {
  let finish = () => {}
  const url = await rawServer((socket) => {
    socket.write(fine)
    socket.on('data', () => socket.write(fine.slice(0, -2)))
    finish = () => void socket.write(fine.slice(-2))
  })
  const http = client()
  const controller = new AbortController()
  await http.text(`${url}/a`, { signal: controller.signal })
  const { body } = await http.send('GET', `${url}/a`)
  controller.abort()
  finish()
  expect((await collect(body)).toString()).toBe('fine')
})

test('an abort at the last byte, and a client that is closed there, end no process', async () => {
  const server = await origin({ '/a': { body: { size: 300_000 } } })
  for (let count = 0; count < 20; count++) {
    const http = client()
    const controller = new AbortController()
    const { body } = await http.send('GET', `${server.url}/a`, { signal: controller.signal })
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      if (size === 300_000) break
    }
    if (count % 2 === 0) controller.abort()
    else await http.close()
  }
})
