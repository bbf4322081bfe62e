import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { HttpError } from '../../src/http/failure.ts'
import { defaultPolicy, isRetriable } from '../../src/http/policy.ts'
import { pauseBefore, retry, retryAfter } from '../../src/http/retry.ts'
import { client, collect, failure, origin } from './world.ts'

test.each([408, 425, 429, 500, 502, 503, 504, 507, 520])('%i is tried again', async (status) => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { status })
  expect((await client().text(`${server.url}/a`)).text).toBe('fine')
  expect(server.requests).toHaveLength(2)
})

test.each([400, 401, 403, 404, 410, 416, 501, 505])('%i is final', async (status) => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { status, times: 9 })
  expect(await failure(client().text(`${server.url}/a`))).toMatchObject({ code: 'HTTP_STATUS', status })
  expect(server.requests).toHaveLength(1)
})

test('after five attempts the answer counts, and the pauses have doubled', async () => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { status: 503, times: 9 })
  const http = client()
  const error = await failure(http.text(`${server.url}/a?X-Amz-Signature=secret`))
  expect(error).toMatchObject({ code: 'HTTP_STATUS', status: 503 })
  expect(error.message).toBe(`GET ${server.url}/a?… answered 503 Service Unavailable`)
  expect(error.remedy).toBe('The server is in trouble: run again later')
  expect(server.requests).toHaveLength(5)
  expect(http.pauses).toEqual([250, 500, 1000, 2000])
})

test('a dropped connection and a refused one are tried again', async () => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { dropAfter: 'headers', times: 2 })
  const http = client()
  expect((await http.text(`${server.url}/a`)).text).toBe('fine')
  expect(server.requests).toHaveLength(3)

  await server.close()
  const error = await failure(http.text(`${server.url}/a`))
  expect(error.code).toBe('HTTP_NETWORK')
  expect(error.message).toBe(`GET ${server.url}/a failed: the connection was refused`)
  expect(http.pauses).toHaveLength(2 + 4)
})

test('an unknown host is asked for twice at most', async () => {
  const http = client()
  const error = await failure(http.text('http://no-such-host.invalid/'))
  expect(error.code).toBe('HTTP_NETWORK')
  expect(http.pauses.length).toBeLessThanOrEqual(4)
})

test('Retry-After is honoured, in seconds and as a date, up to a minute', async () => {
  const server = await origin({ '/a': 'fine' })
  server.fault(
    '/a',
    { status: 429, headers: { 'retry-after': '7' } },
    { status: 503, headers: { 'retry-after': '86400' } },
    { status: 503, headers: { 'retry-after': 'Wed, 01 Jan 2098 00:00:00 GMT' } },
  )
  const http = client()
  await http.text(`${server.url}/a`)
  expect(http.pauses).toEqual([7000, 60_000, 60_000])
})

test('what Retry-After means', () => {
  const now = Date.parse('2025-01-01T00:00:00Z')
  expect(retryAfter('120', now)).toBe(120_000)
  expect(retryAfter('Wed, 01 Jan 2025 00:00:30 GMT', now)).toBe(30_000)
  expect(retryAfter('Tue, 31 Dec 2024 00:00:30 GMT', now)).toBe(0)
  expect(retryAfter('soon', now)).toBe(0)
  expect(retryAfter(undefined, now)).toBe(0)
})

test('a pause is never longer than the policy says', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.option(fc.string(), { nil: undefined }),
      (number, random, header) => {
        const patience = {
          policy: defaultPolicy,
          random: () => random,
          sleep: async () => {},
          note: () => {},
        }
        const error = new HttpError('HTTP_STATUS', 'x', { retryAfter: header })
        const pause = pauseBefore(number, error, patience)
        expect(pause).toBeGreaterThanOrEqual(0)
        expect(pause).toBeLessThanOrEqual(header === undefined ? 15_000 : 60_000)
      },
    ),
    { seed: 1, numRuns: 300 },
  )
})

test('retries are told', async () => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { status: 500 })
  const notes: string[] = []
  await client({ note: (message) => notes.push(message) }).text(`${server.url}/a`)
  expect(notes).toEqual([`GET ${server.url}/a answered 500 Internal Server Error; trying again in 0.3 s`])
})

test('no answer in time is a timeout', async () => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { stallAfter: 'headers', times: 9 })
  const http = client({ policy: { headersTimeout: 50, retries: 1 } })
  expect(await failure(http.text(`${server.url}/a`))).toMatchObject({
    code: 'HTTP_TIMEOUT',
    message: `GET ${server.url}/a failed: no answer in time`,
  })
  expect(server.requests).toHaveLength(2)
})

test('a text whose body stalls is a timeout', async () => {
  const server = await origin({ '/a': 'x'.repeat(100) })
  server.fault('/a', { stallAfter: 10, times: 9 })
  const http = client({ policy: { idleTimeout: 50, retries: 0 } })
  expect(await failure(http.text(`${server.url}/a`))).toMatchObject({
    code: 'HTTP_TIMEOUT',
    message: `GET ${server.url}/a failed: the body stalled`,
  })
})

test('send hands the last answer back once the retries are used up, and any other at once', async () => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', { status: 503, times: 5 }, { status: 404 })
  const http = client()
  const busy = await http.send('GET', `${server.url}/a`)
  expect(busy.status).toBe(503)
  expect((await collect(busy.body)).toString()).toBe('status 503\n')
  expect(server.requests).toHaveLength(5)
  const gone = await http.send('GET', `${server.url}/a`)
  expect(gone.status).toBe(404)
  await gone.discard()
})

test.each([
  ['a busy server', { status: 503 }, 503],
  ['a dropped connection', { dropAfter: 'headers' }, 'HTTP_NETWORK'],
] as const)('what must not be repeated is sent once to %s', async (_, fault, expected) => {
  const server = await origin({ '/a': 'fine' })
  server.fault('/a', fault)
  const sent = client().send('POST', `${server.url}/a`, { body: 'x', isRepeatable: false })
  const outcome = await sent.then(
    ({ status }) => status,
    ({ code }) => code,
  )
  expect(outcome).toBe(expected)
  expect(server.requests).toHaveLength(1)
})

test('send signs each attempt anew and sends the same body again', async () => {
  const server = await origin()
  server.fault('/object', { status: 500 }, { status: 200 })
  const http = client()
  const answer = await http.send('PUT', `${server.url}/object`, {
    body: Buffer.from('part'),
    sign: async (attempt) => ({ Authorization: `attempt ${attempt}` }),
  })
  expect(answer.status).toBe(200)
  await answer.discard()
  const sent = server.requests.map(({ method, headers }) => [
    method,
    headers.authorization,
    headers['content-length'],
  ])
  expect(sent).toEqual([
    ['PUT', 'attempt 0', '4'],
    ['PUT', 'attempt 1', '4'],
  ])
})

test('the server decides about 5xx but for two', () => {
  const statuses = Array.from({ length: 100 }, (_, index) => 500 + index)
  expect(statuses.filter((status) => !isRetriable(status))).toEqual([501, 505])
})

test('a task is repeated as long as its policy gives a pause, and fails with its last error', async () => {
  const pauses: number[] = []
  const policy = {
    pauseAfter: (error: UpdaterError, number: number) => (error.message === 'busy' ? number * 10 : undefined),
    sleep: async (milliseconds: number) => void pauses.push(milliseconds),
  }
  const failing = (messages: readonly string[]) => async (number: number) => {
    const message = messages[number]
    if (message !== undefined) throw new UpdaterError('STORE_FAILED', message)
    return number
  }
  expect(await retry(policy, failing(['busy', 'busy']))).toBe(2)
  expect(pauses).toEqual([0, 10])
  expect((await failure(retry(policy, failing(['busy', 'gone'])))).message).toBe('gone')
})
