import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { generatedBytes } from '../support/bytes.ts'
import { client, collect, failure } from './world.ts'

/** A server that sends these bytes to whoever connects, and closes the connection at once; `sent` tells when it has. */
async function closingServer(answer: Buffer) {
  let sent = () => {}
  const closed = new Promise<void>((resolve) => {
    sent = resolve
  })
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(answer, sent))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/image`, closed }
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

test('a server that closes in the middle of an answer, while the body is paused, is noticed', async () => {
  const server = await closingServer(Buffer.concat([head(200_000), generatedBytes(100_000)]))
  const download = await client().download(server.url)
  await server.closed
  for (let turn = 0; turn < 50; turn++) await setImmediate()
  expect((await failure(collect(download.body))).code).toBe('HTTP_TRUNCATED')
})
