import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { generatedBytes } from '../support/bytes.ts'
import { client, failure } from './world.ts'

/** A server that does with each request what it is told. */
async function server(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const http = createServer(handle)
  await once(http.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** Yields the bytes out of one piece of memory, which it uses again as soon as it is asked for more. */
async function* reusing(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(memory, 0, at, at + size)
    yield memory.subarray(0, length)
    memory.fill(0)
  }
}

/** Never yields; tells when it is ended. */
function silent(): AsyncIterable<Uint8Array> & { readonly isEnded: () => boolean } {
  let isEnded = false
  let settle = () => {}
  const iterator: AsyncIterator<Uint8Array> = {
    next: () =>
      new Promise((resolve) => {
        settle = () => resolve({ done: true, value: undefined })
      }),
    return: async () => {
      isEnded = true
      settle()
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator, isEnded: () => isEnded }
}

const bytes = generatedBytes(5_000_001)

describe('a streamed body', () => {
  it.each([
    ['with its length', bytes.length, { 'content-length': '5000001' }],
    ['in chunks', undefined, { 'transfer-encoding': 'chunked' }],
  ])('arrives %s, whatever becomes of the memory that has been sent', async (_how, length, headers) => {
    const url = await server(async (request, response) => {
      const got = await buffer(request)
      response.writeHead(got.equals(bytes) ? 204 : 400, { 'x-got': JSON.stringify(request.headers) }).end()
    })
    const answer = await client().send('PUT', url, { body: reusing(bytes, 300_000), length })
    expect(answer.status).toBe(204)
    expect(JSON.parse(answer.headers['x-got'] ?? '')).toMatchObject(headers)
    await answer.discard()
  })

  it('is drawn no faster than the server takes it, and a server that takes no more is a timeout', async () => {
    const url = await server((request) => void request.pause())
    let drawn = 0
    async function* endless() {
      for (;;) {
        drawn += 1
        yield Buffer.alloc(2 ** 20)
      }
    }
    const http = client({ policy: { headersTimeout: 200, uploadRate: 2 ** 30 } })
    expect(await failure(http.send('PUT', url, { body: endless() }))).toMatchObject({
      code: 'HTTP_TIMEOUT',
      message: `PUT ${url}/ failed: the server takes no more`,
    })
    expect(drawn).toBeLessThan(40) // what the sockets hold
  })

  it.each([401, 409, 413, 503])(
    'an early answer of %i is the answer, once, and ends the stream',
    async (status) => {
      let asked = 0
      const url = await server((_request, response) => {
        asked += 1
        response.writeHead(status, { connection: 'close' }).end('no')
      })
      const source = silent()
      const answer = await client().send('PUT', url, { body: source })
      expect([answer.status, source.isEnded(), asked]).toEqual([status, true, 1])
      await answer.discard()
    },
  )

  it('an answer in the middle of the body is the answer', async () => {
    const url = await server((request, response) => {
      request.once('data', () => {
        request.pause()
        response.writeHead(413).end('too much')
      })
    })
    for (let count = 0; count < 10; count++) {
      const answer = await client().send('PUT', url, { body: reusing(generatedBytes(9_000_000), 2 ** 16) })
      expect(answer.status).toBe(413)
      await answer.discard()
    }
  })

  it('what its source throws is the failure, and the server sees no whole body', async () => {
    let end: unknown
    const url = await server((request) => void buffer(request).catch((error) => (end = error.code)))
    async function* broken() {
      yield Buffer.alloc(100)
      throw new UpdaterError('DIGEST_MISMATCH', 'other bytes')
    }
    expect(await failure(client().send('PUT', url, { body: broken() }))).toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: 'other bytes',
    })
    await expect.poll(() => end).toBe('ECONNRESET')
  })

  it.each([99, 101])('is refused if it has other than the %i bytes that were announced', async (length) => {
    const url = await server((request, response) => {
      request.resume().once('end', () => response.end())
    })
    const sending = client().send('PUT', url, { body: reusing(Buffer.alloc(100), 60), length })
    expect(await failure(sending)).toMatchObject({
      code: 'HTTP_TRUNCATED',
      message: `A stream that was sent has other than the ${length} bytes that were announced`,
    })
  })

  it('is not sent again where the connection breaks, on a connection of its own', async () => {
    const sockets = new Set<unknown>()
    let asked = 0
    const url = await server(async (request, response) => {
      sockets.add(request.socket)
      asked += 1
      await buffer(request)
      if (asked < 3) response.end()
      else request.socket.destroy()
    })
    const http = client()
    const send = () => http.send('PUT', url, { body: reusing(Buffer.alloc(100), 60) })
    await (await send()).discard()
    await (await send()).discard()
    expect(await failure(send())).toMatchObject({ code: 'HTTP_NETWORK' })
    expect([asked, sockets.size, http.pauses]).toEqual([3, 3, []])
  })

  it('an abort ends it while its source is silent, and while its answer is awaited', async () => {
    const url = await server((request) => void request.resume())
    for (const body of [silent(), reusing(Buffer.alloc(100), 60)]) {
      const controller = new AbortController()
      const sending = failure(client().send('PUT', url, { body, signal: controller.signal }))
      await new Promise((resolve) => setImmediate(resolve))
      controller.abort()
      expect(await sending).toMatchObject({ code: 'ABORTED' })
    }
  })

  it('gives the answer the time that is asked for, from the end of the body', async () => {
    const url = await server((request) => void request.resume())
    const sending = client().send('PUT', url, { body: reusing(Buffer.alloc(100), 60), answerTimeout: 50 })
    expect(await failure(sending)).toMatchObject({
      code: 'HTTP_TIMEOUT',
      message: `PUT ${url}/ failed: no answer in time`,
    })
  })
})
