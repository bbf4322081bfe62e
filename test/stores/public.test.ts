import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpClient } from '../../src/http/client.ts'
import { checkPublic, verifyFull } from '../../src/stores/public.ts'

const bytes = Buffer.from('0123456789'.repeat(100))
const digest = { algorithm: 'sha256' as const, hex: createHash('sha256').update(bytes).digest('hex') }
const record = { digest, source: digest, size: bytes.length }
const http = new HttpClient({ policy: { retries: 0 }, fileRoots: [import.meta.dirname] })

let server: Server
let base: string
let asked: string[] = []
/** Answers in turn; the last one stays. */
let answers: { status: number; headers?: Record<string, string>; body?: Buffer }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.range} ${request.headers.authorization ?? ''}`.trim())
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    response.writeHead(answer?.status ?? 500, answer?.headers ?? {})
    response.end(answer?.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await http.close()
  server.close()
})

const partial = (total: number, headers = {}) => ({
  status: 206,
  headers: { 'content-range': `bytes 0-511/${total}`, ...headers },
  body: bytes.subarray(0, 512),
})
const whole = { status: 200, headers: { 'content-length': String(bytes.length) }, body: bytes }

async function check(given: typeof answers, expected: Parameters<typeof checkPublic>[1]) {
  answers = [...given]
  asked = []
  return checkPublic(`${base}/a?signature=secret`, expected, http).then(
    () => 'fine',
    (error) => error,
  )
}

describe('the public URL', () => {
  it('is asked for its first bytes, without credentials', async () => {
    expect(await check([partial(1000)], { size: 1000, head: bytes, record })).toBe('fine')
    expect(asked).toEqual(['GET bytes=0-511'])
  })

  it('may ignore the range, and is then read no further than needed', async () => {
    expect(await check([whole], { size: 1000, head: bytes.subarray(0, 7), record })).toBe('fine')
  })

  it.each([
    ['another length', partial(999), { size: 1000 }],
    ['another length of a whole answer', whole, { size: 999 }],
    ['no length', { status: 206, body: bytes.subarray(0, 512) }, { size: 1000 }],
    ['other bytes', partial(1000), { size: 1000, head: Buffer.from('x') }],
    ['fewer bytes', { ...partial(1000), body: bytes.subarray(0, 3) }, { size: 1000, head: bytes }],
    [
      'the digest of another object',
      partial(1000, { 'x-amz-meta-checksum': `sha256:${'0'.repeat(64)}` }),
      { record },
    ],
    [
      'the same in the words of Swift',
      partial(1000, { 'x-object-meta-checksum': `sha256:${'0'.repeat(64)}` }),
      { record },
    ],
  ])('is not the stored image with %s', async (_, answer, expected) => {
    expect(await check([answer], expected)).toMatchObject({
      code: 'PUBLIC_MISMATCH',
      message: expect.not.stringContaining('secret'),
    })
  })

  it.each([
    [401, /container.*\.r:\*/],
    [403, /public-read.*\.r:\*/],
    [404, /--swift-prefix/],
    [409, /\+segments/],
    [500, /without credentials/],
  ])('that answers %i says what to set', async (status, remedy) => {
    expect(await check([{ status }], { size: 1000 })).toMatchObject({
      code: 'PUBLIC_UNREADABLE',
      message: expect.not.stringContaining('secret'),
      remedy: expect.stringMatching(remedy),
    })
    expect(asked).toHaveLength(1)
  })

  it('may need a moment to know what was stored', async () => {
    expect(await check([{ status: 404 }, { status: 404 }, partial(1000)], { size: 1000, record })).toBe(
      'fine',
    )
    expect(await check([{ status: 404 }], { size: 1000, record })).toMatchObject({
      code: 'PUBLIC_UNREADABLE',
    })
    expect(asked).toHaveLength(3)
  })

  it('that nobody serves is unreadable', async () => {
    const nobody = checkPublic('http://127.0.0.1:1/a', { size: 1 }, http)
    await expect(nobody).rejects.toMatchObject({
      code: 'PUBLIC_UNREADABLE',
      message: expect.stringContaining('http://127.0.0.1:1/a failed: the connection was refused'),
      remedy: expect.stringContaining('--mirror-base-url'),
    })
  })

  it('is not asked after an abort', async () => {
    const ended = checkPublic(`${base}/a`, { size: 1 }, http, AbortSignal.abort())
    await expect(ended).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it.each([
    ['of a web server', () => `${base}/a`],
    ['of a folder', () => import.meta.url],
  ])('%s is not hashed after an abort', async (_, url) => {
    answers = [whole]
    const aborted = verifyFull(url(), record, http, AbortSignal.abort(new Error('enough')))
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('is hashed whole on demand', async () => {
    answers = [whole]
    await verifyFull(`${base}/a`, record, http)
    const other = { ...digest, hex: 'f'.repeat(64) }
    await expect(verifyFull(`${base}/a`, { digest: other, size: 1000 }, http)).rejects.toMatchObject({
      code: 'PUBLIC_MISMATCH',
      message: expect.stringMatching(/expected .*f{64}.*found .*sha256:/),
    })
    answers = [{ status: 403 }]
    await expect(verifyFull(`${base}/a`, record, http)).rejects.toMatchObject({ code: 'PUBLIC_UNREADABLE' })
  })
})
