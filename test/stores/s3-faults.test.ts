import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeError, UpdaterError } from '../../src/errors.ts'
import { HttpClient } from '../../src/http/client.ts'
import { openMemory } from '../../src/state.ts'
import type { S3ClientOptions } from '../../src/stores/s3/client.ts'
import { createS3Store } from '../../src/stores/s3/store.ts'
import type { Store, UploadIntent } from '../../src/stores/store.ts'
import { temporaryFolder } from '../cli/support.ts'
import { type Operation, type S3Server, startS3Server } from '../support/s3-server.ts'

const key = 'debian-12/20260124-debian-12.qcow2'
const bucket = 'openstack-images'
const bytes = Buffer.alloc(90_000, 7)
const digest = { algorithm: 'sha512' as const, hex: createHash('sha512').update(bytes).digest('hex') }
const record = { digest, source: digest, size: bytes.length }
const contentType = 'application/octet-stream'
const known: UploadIntent = { contentType, size: bytes.length, record }
const late: UploadIntent = { contentType, size: bytes.length }

let server: S3Server
let http: HttpClient
beforeEach(async () => {
  server = await startS3Server({ pageSize: 2, smallestPart: 1 })
  http = new HttpClient({ policy: { retries: 2, backoffBase: 1, headersTimeout: 500, keepAlive: 100 } })
})
afterEach(async () => {
  await http.close()
  await server.close()
})

function storeWith(options: Partial<S3ClientOptions> = {}): Store {
  const credentials = async () => ({ accessKeyId: server.accessKey, secretAccessKey: server.secretKey })
  const endpoint = new URL(server.endpoint)
  return createS3Store({
    endpoint,
    bucket,
    region: server.region,
    credentials,
    acl: 'public-read',
    http,
    pause: 1,
    ...options,
  })
}

async function put(store: Store, intent: UploadIntent): Promise<void> {
  const upload = await store.begin(key, intent)
  try {
    await Promise.all([upload.write(bytes.subarray(0, 50_000)), upload.write(bytes.subarray(50_000))])
    await upload.complete(record)
  } catch (error) {
    await upload.abort()
    throw error
  }
}

const error = (status: number, code: string) => ({ type: 'error', status, code }) as const

describe.each([
  ['known before', known],
  ['known at the end', late],
])('an upload whose record is %s', (_, intent) => {
  const steps: Operation[] = ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject']

  it.each(
    steps.flatMap((on) => [
      { on, name: '503 SlowDown', effect: error(503, 'SlowDown') },
      { on, name: '500 InternalError', effect: error(500, 'InternalError') },
      // The answer to a HEAD has no body that could tell this 400 from another.
      ...(on === 'HeadObject'
        ? []
        : [{ on, name: '400 RequestTimeout', effect: error(400, 'RequestTimeout') }]),
      { on, name: 'a dropped connection', effect: { type: 'drop' } as const },
      { on, name: 'an answer that breaks off', effect: { type: 'cut' } as const },
    ]),
  )('survives $name at $on', async ({ on, effect }) => {
    server.fault({ on, effect, times: 2 })
    const store = storeWith()
    await put(store, intent)
    expect(await store.stat(key)).toMatchObject({ record })
    expect((await server.read(bucket, key)).equals(bytes)).toBe(true)
    expect(server.objects()).toHaveLength(1)
    expect(server.objects()[0]).toMatchObject({ acl: 'public-read', contentType })
  })

  it.each([
    ['an error inside of a success', error(200, 'InternalError')],
    ['an answer that is lost', { type: 'drop', done: true } as const],
    ['an answer that never comes', { type: 'stall', done: true } as const],
    ['an operation in progress', error(409, 'OperationAborted')],
  ])('survives %s at CompleteMultipartUpload', async (_, effect) => {
    server.fault({ on: 'CompleteMultipartUpload', effect })
    const store = storeWith()
    await put(store, intent)
    expect(await store.stat(key)).toMatchObject({ record })
    expect(server.objects()).toHaveLength(1)
    expect(server.uploads()).toEqual([])
  })

  it.each([
    ['a lasting error inside of a success', error(200, 'InternalError'), 'STORE_FAILED'],
    ['a full bucket', error(403, 'QuotaExceeded'), 'STORE_FAILED'],
    ['a denial', error(403, 'AccessDenied'), 'STORE_DENIED'],
    [
      'a page of a proxy',
      { type: 'answer', status: 200, body: '<html>log in</html>' } as const,
      'STORE_FAILED',
    ],
    ['a server that is gone', { type: 'drop' } as const, 'STORE_UNREACHABLE'],
  ])('ends cleanly after %s', async (_, effect, code) => {
    server.fault({ on: 'CompleteMultipartUpload', effect, times: 100 })
    const failure = await put(storeWith(), intent).catch((error) => error)
    expect(failure).toBeInstanceOf(UpdaterError)
    expect(failure.code).toBe(code)
    expect(server.objects()).toEqual([])
    expect(server.uploads()).toEqual([])
  })

  it('renews credentials that expire half-way, once', async () => {
    let asked = 0
    const pair = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey }
    const credentials: S3ClientOptions['credentials'] = async ({ fresh } = {}) => {
      if (fresh) asked += 1
      return pair
    }
    server.fault({ on: 'UploadPart', effect: error(400, 'ExpiredToken') })
    await put(storeWith({ credentials }), intent)
    expect(asked).toBe(1)
    server.fault({ on: 'UploadPart', effect: error(400, 'ExpiredToken'), times: 100 })
    await expect(put(storeWith({ credentials }), intent)).rejects.toMatchObject({ code: 'STORE_CREDENTIALS' })
    expect(server.uploads()).toEqual([])
  })
})

describe('an upload that is given up', () => {
  it('while it is being begun is removed again', async () => {
    const controller = new AbortController()
    const effect = { type: 'delay', milliseconds: 100, done: true } as const
    server.fault({ on: 'CreateMultipartUpload', effect })
    const begun = storeWith().begin(key, { ...known, signal: controller.signal })
    begun.catch(() => undefined)
    while (server.uploads().length === 0) await turn()
    controller.abort()
    await expect(begun).rejects.toMatchObject({ code: 'ABORTED' })
    expect(server.uploads()).toEqual([])
  })

  it('before it is begun asks nothing of the store', async () => {
    const begun = storeWith().begin(key, { ...known, signal: AbortSignal.abort() })
    await expect(begun).rejects.toMatchObject({ code: 'ABORTED' })
    expect(server.requests).toEqual([])
  })

  it('does not wait for parts that are under way', async () => {
    const patient = new HttpClient()
    const upload = await storeWith({ http: patient }).begin(key, known)
    server.fault({ on: 'UploadPart', effect: { type: 'stall' }, times: 9 })
    const written = upload.write(bytes).catch((error) => error)
    await upload.abort()
    expect(await written).toMatchObject({ code: 'ABORTED' })
    expect(server.uploads()).toEqual([])
    await patient.close()
  })
})

describe('a temporary object that cannot be removed', () => {
  it('is a warning, since the image is published', async () => {
    server.fault({ on: 'DeleteObject', effect: error(403, 'AccessDenied'), times: 9 })
    const upload = await storeWith().begin(key, late)
    await upload.write(bytes)
    const warnings = await upload.complete(record)
    expect(warnings).toEqual([
      expect.stringMatching(/temporary object .+\.upload could not be removed.+denied/),
    ])
    expect(await storeWith().stat(key)).toMatchObject({ record })
  })
})

describe('the record', () => {
  it('is metadata of the object, and the staging object is private and gone in the end', async () => {
    const store = storeWith()
    const upload = await store.begin(key, late)
    await upload.write(bytes)
    const [pending] = server.uploads()
    expect(pending?.key).toMatch(/^debian-12\/20260124-debian-12\.qcow2\.[0-9a-f]{12}\.upload$/)
    await upload.complete(record)
    expect(server.objects()).toMatchObject([
      {
        key,
        metadata: {
          checksum: `sha512:${digest.hex}`,
          'source-checksum': `sha512:${digest.hex}`,
          size: String(bytes.length),
        },
      },
    ])
    const acls = server.requests
      .filter(({ operation }) => operation === 'CreateMultipartUpload')
      .map(({ headers }) => headers['x-amz-acl'])
    expect(acls).toEqual([undefined, 'public-read'])
  })

  it('fails to be believed where the server loses it', async () => {
    const store = storeWith()
    const upload = await store.begin(key, known)
    await upload.write(bytes)
    server.fault({ on: 'HeadObject', effect: { type: 'answer', status: 200, body: '' }, times: 100 })
    await expect(upload.complete(record)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('leaves the old object where the copy fails', async () => {
    const store = storeWith()
    await put(store, known)
    server.fault({ on: 'UploadPartCopy', effect: error(403, 'AccessDenied'), times: 100 })
    await expect(put(store, late)).rejects.toMatchObject({ code: 'STORE_DENIED' })
    expect(server.objects()).toHaveLength(1)
    expect(server.uploads()).toEqual([])
    expect(await store.stat(key)).toMatchObject({ record })
  })
})

describe('stale uploads', () => {
  it('are found on all pages, staging objects too', async () => {
    const store = storeWith()
    for (let day = 1; day <= 5; day++) await store.begin(`a/2026010${day}-a.raw`, { contentType })
    for (let day = 1; day <= 3; day++) {
      const upload = await store.begin(`b/2026010${day}-b.raw`, { contentType, size: 3 })
      await upload.write(Buffer.from('abc'))
      server.fault({ on: 'CreateMultipartUpload', effect: error(403, 'AccessDenied') })
      await upload.complete({ ...record, size: 3 }).catch(() => undefined)
    }
    expect([server.uploads().length, server.objects().length]).toEqual([5, 3])
    const before = new Date(Date.now() + 60_000)
    expect(await store.abortStale({ prefix: '', folders: ['a', 'b'], before })).toBe(8)
    expect([server.uploads(), server.objects()]).toEqual([[], []])
  })

  it('are looked for in the folders of the run and among the probes, however much a bucket holds', async () => {
    await storeWith().abortStale({ prefix: '', folders: ['a', 'b', 'a'], before: new Date() })
    const listings = server.requests.filter(({ operation }) => operation === 'ListObjects')
    expect(
      listings.map(({ url }) => new URL(url, server.endpoint).searchParams.get('prefix')).sort(),
    ).toEqual(['a/', 'b/', 'image-updater-probe-'])
  })

  it('are aborted only if this machine remembers that it began them', async () => {
    const folder = temporaryFolder()
    const told: string[] = []
    const here = () => storeWith({ memory: openMemory(folder, () => {}), warn: (text) => told.push(text) })
    const there = storeWith({ memory: openMemory(temporaryFolder(), () => {}) })
    await here().begin('a/20260101-a.raw', known)
    await there.begin('a/20260101-a.raw', known)
    await there.begin('a/20260102-a.raw', known)
    await there.begin('a/20260103-a.raw', late)
    const before = new Date(Date.now() + 60_000)
    const stale = { prefix: '', folders: ['a'], before }
    // Its own one, and the one under a temporary key, which no other program has.
    expect(await here().abortStale(stale)).toBe(2)
    expect(server.uploads().map(({ key }) => key)).toEqual(['a/20260101-a.raw', 'a/20260102-a.raw'])
    expect(told).toEqual([
      expect.stringMatching(/^2 unfinished uploads \(one of a\/20260101-a\.raw\) are older/),
    ])
    expect(readdirSync(folder)).toEqual([])
    expect(await there.abortStale(stale)).toBe(2)
  })

  it('are known also where the answer that begins one never came', async () => {
    const folder = temporaryFolder()
    const memory = openMemory(folder, () => {})
    const began = storeWith({
      memory: {
        ...memory,
        remember: (name, value, what) => {
          return 'id' in value && value.id !== undefined
            ? Promise.resolve()
            : memory.remember(name, value, what)
        },
      },
    })
    await began.begin('a/20260101-a.raw', known)
    const before = new Date(Date.now() + 60_000)
    expect(await storeWith({ memory }).abortStale({ prefix: '', folders: ['a'], before })).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it('are forgotten once they are completed, aborted, or not listed any more', async () => {
    const folder = temporaryFolder()
    const store = storeWith({ memory: openMemory(folder, () => {}) })
    await put(store, known)
    await put(store, late)
    const upload = await store.begin(key, known)
    expect(readdirSync(folder)).toHaveLength(1)
    await upload.abort()
    expect(readdirSync(folder)).toEqual([])
    await store.begin(key, known)
    server.expireUploads()
    const before = new Date(Date.now() + 60_000)
    await store.abortStale({ prefix: 'other/', folders: ['a'], before })
    expect(readdirSync(folder)).toHaveLength(1)
    await store.abortStale({ prefix: '', folders: ['a'], before })
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([405, 501])('are none where the server cannot list them (%i)', async (status) => {
    server.fault({
      on: ['ListMultipartUploads', 'ListObjects'],
      effect: error(status, 'NotImplemented'),
      times: 9,
    })
    expect(await storeWith().abortStale({ prefix: '', folders: ['a'], before: new Date() })).toBe(0)
  })
})

describe('a listing that says that there is more, but not where', () => {
  const body = `<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a/20260101-a.raw</Key><Size>1</Size></Contents></ListBucketResult>`
  it('is not taken for the whole one', async () => {
    server.fault({ on: 'ListObjects', effect: { type: 'answer', status: 200, body }, times: 9 })
    const listed: string[] = []
    const listing = (async () => {
      for await (const object of storeWith().list('')) listed.push(object.key)
    })()
    await expect(listing).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('says that there is more'),
    })
    expect(listed).toEqual(['a/20260101-a.raw'])
  })

  it('is not where leftovers are looked for either', async () => {
    server.fault({ on: 'ListObjects', effect: { type: 'answer', status: 200, body }, times: 9 })
    const looking = storeWith().abortStale({ prefix: '', folders: ['a'], before: new Date() })
    await expect(looking).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

describe('a store that is not ready', () => {
  it.each([
    ['AccessDenied', error(403, 'AccessDenied'), 'STORE_DENIED', /denied/],
    ['an expired token', error(400, 'ExpiredToken'), 'STORE_CREDENTIALS', /expired/],
    ['a bucket elsewhere', error(301, 'PermanentRedirect'), 'STORE_FAILED', /--minio-region/],
    [
      'a web page',
      { type: 'answer', status: 200, body: '<!doctype html><html></html>' },
      'STORE_FAILED',
      /--minio-server/,
    ],
    [
      'a web page with 404',
      { type: 'answer', status: 404, body: '<html></html>' },
      'STORE_FAILED',
      /--minio-server/,
    ],
    ['an empty 403', { type: 'answer', status: 403, body: '' }, 'STORE_DENIED', /denied/],
    ['a lasting 503', error(503, 'SlowDown'), 'STORE_FAILED', /Run again later/],
  ] as const)('says so: %s', async (_, effect, code, words) => {
    server.fault({ on: 'ListObjects', effect, times: 100 })
    const failure = await storeWith()
      .ready()
      .catch((error) => error)
    expect(failure).toMatchObject({ code })
    expect(describeError(failure)).toMatch(words)
  })

  it('says that the clock is wrong', async () => {
    const late = await startS3Server({ skew: 3_600_000 })
    const failure = await storeWith({ endpoint: new URL(late.endpoint) })
      .ready()
      .catch((error) => error)
    expect(failure).toMatchObject({ code: 'STORE_CREDENTIALS', remedy: expect.stringContaining('clock') })
    await late.close()
  })

  it('never repeats a key or a signature that a server sends back', async () => {
    const message = `bad ${'f'.repeat(64)} and ${'A'.repeat(40)}`
    server.fault({
      on: 'ListObjects',
      effect: { type: 'error', status: 400, code: 'Odd', message },
      times: 9,
    })
    const failure = await storeWith()
      .ready()
      .catch((error) => error)
    expect(failure.message).toContain('Odd')
    expect(failure.message).not.toMatch(/f{20}|A{20}/)
  })
})

describe('a store that refuses an upload says what to do:', () => {
  const page = (status: number) => ({ type: 'answer', status, body: '<html>no</html>' }) as const
  const message = "Header 'x-amz-acl' with value 'public-read' not implemented"
  it.each<
    [
      string,
      Parameters<S3Server['fault']>[0]['on'],
      Parameters<S3Server['fault']>[0]['effect'],
      string,
      RegExp,
    ]
  >([
    [
      '501, which names the header',
      'CreateMultipartUpload',
      { ...error(501, 'NotImplemented'), message },
      'STORE_DENIED',
      /takes no access control lists\. Send none with --acl ""/,
    ],
    [
      '400 InvalidArgument',
      'CreateMultipartUpload',
      { ...error(400, 'InvalidArgument'), message: 'Cannot use ACL API to update bucket policy' },
      'STORE_DENIED',
      /Send none with --acl ""/,
    ],
    [
      '501',
      'CreateMultipartUpload',
      error(501, 'NotImplemented'),
      'STORE_FAILED',
      /does not know what was asked.* --acl ""/,
    ],
    [
      '501 of a proxy',
      'CreateMultipartUpload',
      page(501),
      'STORE_FAILED',
      /does not know what was asked.* --acl ""/,
    ],
    [
      '501 without an access control list',
      'UploadPart',
      page(501),
      'STORE_FAILED',
      /^(?!.*--acl).*--minio-server/,
    ],
    [
      '413 of a proxy',
      'UploadPart',
      page(413),
      'STORE_FAILED',
      /takes no request of \d+ bytes\. .*client_max_body_size/,
    ],
    ['413 without a word', 'UploadPart', { ...page(413), body: '' }, 'STORE_FAILED', /client_max_body_size/],
    [
      '400 EntityTooLarge',
      'UploadPart',
      error(400, 'EntityTooLarge'),
      'STORE_FAILED',
      /client_max_body_size/,
    ],
  ])('%s', async (_, on, effect, code, words) => {
    server.fault({ on, effect, times: 100 })
    const failure = await put(storeWith(), known).catch((error) => error)
    expect(failure).toMatchObject({ code })
    expect(describeError(failure)).toMatch(words)
    expect(server.objects()).toEqual([])
  })
})

describe('stat', () => {
  it('takes a 403 without a body for a missing object where a listing shows none', async () => {
    server.fault({ on: 'HeadObject', effect: { type: 'answer', status: 403, body: '' } })
    expect(await storeWith().stat(key)).toBeUndefined()
  })

  it('takes it for a denial where the object is listed', async () => {
    const store = storeWith()
    await put(store, known)
    server.fault({
      on: ['HeadObject', 'GetObject'],
      effect: { type: 'answer', status: 403, body: '' },
      times: 2,
    })
    await expect(store.stat(key)).rejects.toMatchObject({ code: 'STORE_DENIED' })
  })

  it.each([400, 403, 404, 405, 411, 500, 501])(
    'is told by a GET where HEAD alone is answered by %i',
    async (status) => {
      const store = storeWith()
      await put(store, known)
      server.fault({ on: 'HeadObject', effect: { type: 'answer', status, body: '' }, times: 9 })
      expect(await store.stat(key)).toMatchObject({ key, size: bytes.length, record })
    },
  )

  it('reads no object where the server has no ranges', async () => {
    const body = 'x'.repeat(5 * 2 ** 20)
    const store = storeWith()
    await put(store, known)
    server.fault({ on: 'HeadObject', effect: { type: 'answer', status: 405, body: '' } })
    server.fault({ on: 'GetObject', effect: { type: 'answer', status: 200, body } })
    expect(await store.stat(key)).toMatchObject({ size: body.length, record: undefined })
  })

  it('takes an object that is listed and gone for a missing one', async () => {
    const store = storeWith()
    await put(store, known)
    server.fault({ on: ['HeadObject', 'GetObject'], effect: error(404, 'NoSuchKey'), times: 2 })
    expect(await store.stat(key)).toBeUndefined()
  })

  it('knows no record of an object of other origin', async () => {
    const store = storeWith({ acl: '' })
    const upload = await store.begin(key, late)
    await upload.write(bytes)
    await upload.complete(record)
    expect(server.objects()[0]?.acl).toBe('private')
    server.fault({ on: 'HeadObject', effect: { type: 'answer', status: 200, body: 'abc' } })
    expect(await store.stat(key)).toMatchObject({ record: undefined })
  })
})

describe('a server that copies no ranges', () => {
  beforeEach(() => {
    server.fault({ on: 'UploadPartCopy', effect: error(501, 'NotImplemented'), times: 100 })
  })

  it('copies the whole object', async () => {
    const store = storeWith()
    await put(store, late)
    expect(await store.stat(key)).toMatchObject({ size: bytes.length, record })
    expect(server.objects()).toMatchObject([{ key, acl: 'public-read' }])
    expect(server.uploads()).toEqual([])
  })

  it('leaves nothing where that fails, too', async () => {
    server.fault({ on: 'CopyObject', effect: error(403, 'AccessDenied'), times: 100 })
    await expect(put(storeWith(), late)).rejects.toMatchObject({ code: 'STORE_DENIED' })
    expect(server.objects()).toEqual([])
    expect(server.uploads()).toEqual([])
  })
})

it('does not hash the body of a part on a loopback address', async () => {
  await put(storeWith(), known)
  const [part] = server.requests.filter(({ operation }) => operation === 'UploadPart')
  expect(part?.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD')
})
