import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generatedBytes, generatedDigest } from '../support/bytes.ts'
import { client, collect, failure, origin } from './world.ts'

const size = 300_000
const whole = generatedBytes(size)
const dated = { body: { size }, etag: null }

async function fetched(http: ReturnType<typeof client>, url: string): Promise<Buffer> {
  return collect((await http.download(url)).body)
}

test('a download gives the facts and the bytes', async () => {
  const server = await origin({ '/image': { body: { size }, etag: '"e"' } })
  const download = await client().download(`${server.url}/image`)
  expect(download.facts).toMatchObject({ size, etag: '"e"', url: `${server.url}/image` })
  expect(whole.equals(await collect(download.body))).toBe(true)
  expect(server.requests).toHaveLength(1)
})

test('a large one streams', async () => {
  const large = 64 * 1024 * 1024
  const server = await origin({ '/image': { body: { size: large, seed: 7 } } })
  const hash = createHash('sha256')
  for await (const chunk of (await client().download(`${server.url}/image`)).body) hash.update(chunk)
  expect(hash.digest('hex')).toBe(generatedDigest(large, 7))
})

test('one without a length ends where the chunks end', async () => {
  const server = await origin({ '/image': { body: { size } } })
  server.fault('/image', { chunked: true })
  const download = await client().download(`${server.url}/image`)
  expect(download.facts.size).toBeUndefined()
  expect(whole.equals(await collect(download.body))).toBe(true)
})

test('an empty file is a file', async () => {
  const server = await origin({ '/image': '' })
  expect(await fetched(client(), `${server.url}/image`)).toHaveLength(0)
})

describe('resuming', () => {
  test('by the ETag, each byte once', async () => {
    const server = await origin({ '/image': { body: { size }, etag: '"e"' } })
    server.fault('/image', { dropAfter: 100_000 }, { dropAfter: 50_000 })
    const http = client()
    expect(whole.equals(await fetched(http, `${server.url}/image`))).toBe(true)
    expect(server.requests.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      [undefined, undefined],
      ['bytes=100000-', '"e"'],
      ['bytes=150000-', '"e"'],
    ])
    expect(http.pauses).toEqual([250, 250])
  })

  test('by the date where there is no ETag, or a weak one', async () => {
    const server = await origin({ '/none': dated, '/weak': { body: { size }, etag: 'W/"e"' } })
    for (const path of ['/none', '/weak']) {
      server.fault(path, { dropAfter: 1000 })
      expect(whole.equals(await fetched(client(), `${server.url}${path}`))).toBe(true)
      expect(server.requestsOf(path)[1]?.headers['if-range']).toBe('Thu, 02 Jan 2025 03:04:05 GMT')
    }
  })

  test('after a stall and after a trickle', async () => {
    const server = await origin({ '/image': { body: { size } } })
    server.fault('/image', { stallAfter: 10_000 }, { trickle: { bytes: 1, milliseconds: 20 } })
    const http = client({ policy: { idleTimeout: 200 } })
    expect(whole.equals(await fetched(http, `${server.url}/image`))).toBe(true)
    expect(server.requests).toHaveLength(3)
  })

  test('where fewer bytes came than announced', async () => {
    const server = await origin({ '/image': { body: { size }, etag: '"e"' } })
    server.fault('/image', { contentLength: size + 10 })
    const error = await failure(fetched(client(), `${server.url}/image`))
    expect(error.code).toBe('HTTP_TRUNCATED')
  })

  test('where no length was announced', async () => {
    const server = await origin({ '/image': { body: { size } } })
    server.fault('/image', { chunked: true, dropAfter: 70_000 })
    expect(whole.equals(await fetched(client(), `${server.url}/image`))).toBe(true)
  })

  test('through 5xx and dropped answers', async () => {
    const server = await origin({ '/image': { body: { size } } })
    server.fault(
      '/image',
      { dropAfter: 5 },
      { status: 503, headers: { 'retry-after': '3' } },
      { dropAfter: 'headers' },
    )
    const http = client()
    expect(whole.equals(await fetched(http, `${server.url}/image`))).toBe(true)
    expect(http.pauses).toEqual([250, 3000, 1000])
  })

  test('where the server gives less than asked for', async () => {
    const server = await origin({ '/image': { body: { size } } })
    const part = { contentLength: 1000, headers: { 'content-range': `bytes 1000-1999/${size}` } }
    server.fault('/image', { dropAfter: 1000 }, part)
    expect(whole.equals(await fetched(client(), `${server.url}/image`))).toBe(true)
    expect(server.requests.at(-1)?.headers.range).toBe('bytes=2000-')
  })

  test('goes on as long as bytes come', async () => {
    const server = await origin({ '/image': { body: { size } } })
    server.fault('/image', { dropAfter: 10_000, times: 29 })
    expect(whole.equals(await fetched(client(), `${server.url}/image`))).toBe(true)
    expect(server.requests).toHaveLength(30)
  })

  test('ends after five attempts without a byte', async () => {
    const server = await origin({ '/image': { body: { size } } })
    server.fault('/image', { dropAfter: 10_000 }, { dropAfter: 0, times: 99 })
    const error = await failure(fetched(client(), `${server.url}/image`))
    expect(error.code).toBe('HTTP_NETWORK')
    expect(server.requests).toHaveLength(1 + 6)
  })

  test('ends when the policy has had enough of it', async () => {
    const server = await origin({ '/image': { body: { size } } })
    server.fault('/image', { dropAfter: 10, times: 99 })
    const error = await failure(fetched(client({ policy: { resumes: 7 } }), `${server.url}/image`))
    expect(error.code).toBe('HTTP_NETWORK')
    expect(server.requests).toHaveLength(8)
  })

  test('asks the address behind the redirects', async () => {
    const mirror = await origin({ '/image': { body: { size } } })
    const home = await origin()
    home.fault('/image', { redirect: `${mirror.url}/image` })
    mirror.fault('/image', { dropAfter: 10_000 })
    const download = await client().download(`${home.url}/image`)
    expect(download.facts.url).toBe(`${mirror.url}/image`)
    expect(whole.equals(await collect(download.body))).toBe(true)
    expect([home.requests.length, mirror.requests.length]).toEqual([1, 2])
  })
})

describe('a mirror behind a redirect that fails in mid-download', () => {
  const state = { body: { size }, etag: '"e"' }

  /** A redirector that leads to one mirror first, and to another one later. */
  async function redirector(later = state) {
    const [home, first, second] = [
      await origin(),
      await origin({ '/image': state }),
      await origin({ '/image': later }),
    ]
    home.fault('/image', { redirect: `${first.url}/image` }, { redirect: `${second.url}/image`, times: 9 })
    return { home, first, second }
  }

  test.each([
    ['has gone', { dropAfter: 'headers', times: 99 } as const, 3],
    ['is in trouble', { status: 503, times: 99 }, 3],
    ['has lost the file', { status: 404 }, 1],
    ['gives it no longer', { status: 403 }, 1],
  ])('and %s is left for the one that the redirect names now', async (_, fault, attempts) => {
    const { home, first, second } = await redirector()
    first.fault('/image', { dropAfter: 100_000 }, fault)
    second.fault('/image', { dropAfter: 1000 })
    expect(whole.equals(await fetched(client(), `${home.url}/image`))).toBe(true)
    expect([home.requests.length, first.requests.length]).toEqual([2, 1 + attempts])
    expect(second.requests.map(({ headers }) => headers.range)).toEqual(['bytes=100000-', 'bytes=101000-'])
  })

  test('is left to the caller if the next one has another state of the file', async () => {
    const { home, first } = await redirector({ body: { size }, etag: '"other"' })
    first.fault('/image', { dropAfter: 100_000 }, { dropAfter: 'headers', times: 99 })
    expect((await failure(fetched(client(), `${home.url}/image`))).code).toBe('HTTP_TRUNCATED')
  })

  test('ends the download if there is no other', async () => {
    const [home, mirror] = [await origin(), await origin({ '/image': state })]
    home.fault('/image', { redirect: `${mirror.url}/image`, times: 99 })
    mirror.fault('/image', { dropAfter: 100_000 }, { dropAfter: 'headers', times: 99 })
    expect((await failure(fetched(client(), `${home.url}/image`))).code).toBe('HTTP_NETWORK')
    expect(home.requests).toHaveLength(4)
  })
})

describe('starting again is left to the caller when', () => {
  const cases = {
    'the server ignores Range': [{ dropAfter: 1000 }, { ignoreRange: true }],
    'the file has changed': [{ dropAfter: 1000 }, { replace: { body: { size, seed: 2 } } }],
    'the file is shorter now': [{ dropAfter: 1000 }, { replace: { body: { size: 500 }, etag: '"e"' } }],
    'the file is longer now': [{ dropAfter: 1000 }, { replace: { body: { size: size + 1 }, etag: '"e"' } }],
    'the ETag of the rest is another': [{ dropAfter: 1000 }, { headers: { etag: '"other"' } }],
    'another part comes than asked for': [{ dropAfter: 1000 }, { shiftRange: 1 }],
    'more comes than the file has': [
      { dropAfter: 1000 },
      {
        replace: { body: { size: size + 10 }, etag: '"e"' },
        headers: { 'content-range': `bytes 1000-${size - 1}/${size}` },
      },
    ],
    'the part is not named': [{ dropAfter: 1000 }, { headers: { 'content-range': 'nonsense' } }],
    'the file is gone': [{ dropAfter: 1000 }, { status: 404 }],
    'access has ended': [{ dropAfter: 1000 }, { status: 403 }],
  }
  test.each(Object.entries(cases))('%s', async (_name, faults) => {
    const server = await origin({ '/image': { body: { size }, etag: '"e"' } })
    server.fault('/image', ...faults)
    const http = client()
    const error = await failure(fetched(http, `${server.url}/image`))
    expect(error.code).toBe('HTTP_TRUNCATED')
    expect(error.remedy).toBe('Start the download again from the beginning')
    expect(server.requests).toHaveLength(2)
  })

  test('the date is that of the answer, and proves nothing', async () => {
    const server = await origin({ '/image': dated })
    server.fault('/image', { dropAfter: 1000, headers: { date: 'Thu, 02 Jan 2025 03:04:05 GMT' } })
    expect((await failure(fetched(client(), `${server.url}/image`))).code).toBe('HTTP_TRUNCATED')
    expect(server.requests).toHaveLength(1)
  })

  test('nothing identifies the file', async () => {
    const server = await origin({ '/image': { body: { size }, etag: null, lastModified: null } })
    server.fault('/image', { dropAfter: 1000 })
    const error = await failure(fetched(client(), `${server.url}/image`))
    expect(error.code).toBe('HTTP_TRUNCATED')
    expect(server.requests).toHaveLength(1)
  })
})

test('a body longer than announced is cut where its length ends: the digest decides', async () => {
  const server = await origin({ '/image': { body: { size } } })
  server.fault('/image', { contentLength: 1000 })
  expect(whole.subarray(0, 1000).equals(await fetched(client(), `${server.url}/image`))).toBe(true)
})

test('a file with Content-Encoding comes as it is', async () => {
  const server = await origin({ '/image.gz': { body: { size }, headers: { 'content-encoding': 'x-gzip' } } })
  expect(whole.equals(await fetched(client(), `${server.url}/image.gz`))).toBe(true)
})

test('203 is the file as a proxy gives it on', async () => {
  const server = await origin({ '/image': 'x' })
  server.fault('/image', { status: 203, headers: { 'content-length': '11' } })
  expect((await fetched(client(), `${server.url}/image`)).toString()).toBe('status 203\n')
})

test('anything but 200 is an error before the first byte', async () => {
  const server = await origin({ '/image': 'x' })
  server.fault('/image', { status: 500, times: 5 }, { status: 204 })
  const http = client()
  expect(await failure(http.download(`${server.url}/image`))).toMatchObject({
    code: 'HTTP_STATUS',
    status: 500,
  })
  expect(await failure(http.download(`${server.url}/image`))).toMatchObject({
    code: 'HTTP_STATUS',
    status: 204,
  })
  expect(await failure(http.download(`${server.url}/none`))).toMatchObject({
    code: 'HTTP_STATUS',
    status: 404,
  })
})

test('a slow consumer is no stall', async () => {
  const server = await origin({ '/image': { body: { size } } })
  const download = await client({ policy: { idleTimeout: 100 } }).download(`${server.url}/image`)
  let bytes = 0
  for await (const chunk of download.body) {
    bytes += chunk.length
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  expect(bytes).toBe(size)
  expect(server.requests).toHaveLength(1)
})

test('a download that is discarded frees its connection', async () => {
  const server = await origin({ '/image': { body: { size: 100_000_000 } } })
  const http = client()
  const unread = await http.download(`${server.url}/image`)
  await unread.discard()
  const started = await http.download(`${server.url}/image`)
  for await (const chunk of started.body) if (chunk.length > 0) break
  await started.discard()
  await expect.poll(() => server.connections()).toBe(0)
  expect(server.requests).toHaveLength(2)
})
