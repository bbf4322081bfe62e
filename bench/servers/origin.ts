/**
 * An origin in a process of its own: images that are made while they are sent, texts with ETags, and what
 * makes a far server slow: a delay of each round trip, a rate that no connection exceeds.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generatedBytes } from '../../test/support/bytes.ts'
import { createDistance, serve, untilDue } from './process.ts'

export interface OriginConfig {
  /** Origins, each on a port of its own. Default: 1. */
  readonly hosts?: number
  /** By path, on every origin. */
  readonly texts?: Readonly<Record<string, string>>
  /** Files of this machine by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Milliseconds of a round trip: one more to open a connection. Default: 0. */
  readonly roundTrip?: number
  /** Bytes per second of one connection. Default: no limit. */
  readonly rate?: number | undefined
}

export interface OriginFacts {
  readonly urls: readonly string[]
}

export interface OriginCounts {
  readonly requests: number
  readonly connections: number
  /** Bytes of bodies. */
  readonly sent: number
}

/** The bytes of `/raw/SIZE`: these, again and again. */
export const pattern = generatedBytes(4 * 2 ** 20, 7)

interface File {
  readonly size: number
  chunk(at: number): Buffer
}

function fileAt(path: string, { texts = {}, files = {} }: OriginConfig): File | undefined {
  const size = /^\/raw\/(\d+)(?:\/|$)/.exec(path)?.[1]
  if (size !== undefined) {
    return { size: Number(size), chunk: (at) => pattern.subarray(at % pattern.length) }
  }
  const text = texts[path]
  const file = files[path]
  const whole = text === undefined ? file && readFileSync(file) : Buffer.from(text)
  return whole ? { size: whole.length, chunk: (at) => whole.subarray(at, at + 2 ** 20) } : undefined
}

serve<OriginConfig, OriginFacts, OriginCounts>(async (config) => {
  const { hosts = 1, roundTrip = 0, rate } = config
  const files = new Map<string, File | undefined>()
  const distance = createDistance(roundTrip)
  const counts = { requests: 0, connections: 0, sent: 0 }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://origin').pathname
    counts.requests += 1
    await distance(request.socket)
    if (!files.has(path)) files.set(path, fileAt(path, config))
    const file = files.get(path)
    if (file === undefined) return void response.writeHead(404, { 'content-length': 0 }).end()
    await send(request, response, path, file)
  }

  async function send(request: IncomingMessage, response: ServerResponse, path: string, file: File) {
    const etag = `"${createHash('sha1').update(`${path} ${file.size}`).digest('hex')}"`
    const headers = { etag, 'last-modified': 'Thu, 02 Jan 2025 03:04:05 GMT', 'accept-ranges': 'bytes' }
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end()
    const range = rangeOf(request, file.size)
    const { first, end } = range ?? { first: 0, end: file.size }
    response.writeHead(range === undefined ? 200 : 206, {
      ...headers,
      'content-length': end - first,
      ...(range && { 'content-range': `bytes ${first}-${end - 1}/${file.size}` }),
    })
    if (request.method !== 'HEAD') await sendBytes(response, file, first, end)
    response.end()
  }

  async function sendBytes(response: ServerResponse, file: File, first: number, end: number) {
    const started = performance.now()
    const step = rate === undefined ? 2 ** 20 : 64 * 1024
    for (let at = first; at < end && !response.destroyed; ) {
      const chunk = file.chunk(at).subarray(0, Math.min(step, end - at))
      at += chunk.length
      counts.sent += chunk.length
      if (!response.write(chunk)) await drained(response)
      await untilDue(started, at - first, rate)
    }
  }

  const urls: string[] = []
  for (let number = 0; number < hosts; number++) {
    const server = createServer({ keepAlive: true, highWaterMark: 2 ** 20 }, (request, response) => {
      answer(request, response).catch(() => response.destroy())
    })
    server.on('connection', () => {
      counts.connections += 1
    })
    server.keepAliveTimeout = 60_000
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }
  return { facts: { urls }, counts: () => ({ ...counts }) }
})

function rangeOf({ headers }: IncomingMessage, size: number): { first: number; end: number } | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
  if (from === undefined) return undefined
  return { first: Number(from), end: to ? Math.min(size, Number(to) + 1) : size }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
