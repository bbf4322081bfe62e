import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { HttpClient } from '../../src/http/client.ts'
import { checkPublic, verifyFull } from '../../src/stores/public.ts'
import type { ObjectRecord, Store, UploadIntent } from '../../src/stores/store.ts'
import { generatedBytes } from '../support/bytes.ts'
import { type OpenSubject, type S3Subject, subjects } from '../support/store-subjects.ts'

const MiB = 2 ** 20
const contentType = 'application/octet-stream'

function recordOf(bytes: Uint8Array, source: Uint8Array = bytes): ObjectRecord {
  const hash = (algorithm: 'sha512' | 'sha256', data: Uint8Array) => ({
    algorithm,
    hex: createHash(algorithm).update(data).digest('hex'),
  })
  return { digest: hash('sha512', bytes), source: hash('sha256', source), size: bytes.length }
}

const known = (bytes: Uint8Array): UploadIntent => ({
  contentType,
  size: bytes.length,
  record: recordOf(bytes),
})
const unknown: UploadIntent = { contentType }

/** Cuts into parts as a transfer does, and keeps as many on their way as the store allows. */
async function writeAll(upload: Awaited<ReturnType<Store['begin']>>, bytes: Uint8Array): Promise<void> {
  const writing = new Set<Promise<void>>()
  for (let at = 0; at < bytes.length; at += upload.partSize) {
    if (writing.size >= upload.concurrency) await Promise.race(writing)
    const part = upload.write(bytes.subarray(at, at + upload.partSize))
    writing.add(part)
    part.finally(() => writing.delete(part)).catch(() => undefined)
  }
  await Promise.all(writing)
}

async function storeAll(
  store: Store,
  key: string,
  bytes: Uint8Array,
  intent: UploadIntent,
): Promise<ObjectRecord> {
  const record = recordOf(bytes)
  const upload = await store.begin(key, intent)
  await writeAll(upload, bytes)
  await upload.complete(record)
  return record
}

async function failureOf(promise: Promise<unknown>): Promise<UpdaterError> {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(UpdaterError)
  return error as UpdaterError
}

for (const subject of subjects) {
  const name = subject.skipped === undefined ? subject.name : `${subject.name} (skipped: ${subject.skipped})`
  describe.skipIf(subject.skipped !== undefined)(`a store: ${name}`, () => {
    let open: OpenSubject
    let store: Store
    beforeAll(async () => {
      open = await subject.open()
      store = open.store
    })

    it('reads the beginning of an object, and nothing where there is none', async () => {
      const bytes = Buffer.from('a small text')
      await storeAll(store, 'read/small', bytes, known(bytes))
      expect(await store.read('read/small', 100)).toBe('a small text')
      expect(await store.read('read/small', 7)).toBe('a small')
      expect(await store.read('read/none', 7)).toBeUndefined()
      await store.remove('read/small')
    })
    afterAll(() => open?.close())

    const small = generatedBytes(300_000, 1)
    const large = generatedBytes(17 * MiB + 5, 2)

    it('is ready, and knows nothing of what is not there', async () => {
      await store.ready()
      expect(await store.stat('none/20260101-none.qcow2')).toBeUndefined()
    })

    it.each([
      ['known before', known(small), small],
      ['known only at the end', unknown, small],
      ['known before, several parts', known(large), large],
      ['known only at the end, several parts', unknown, large],
    ])('stores an object whose record is %s', async (label, intent, bytes) => {
      const shortname = `image-${label.replace(/\W+/g, '-')}`
      const key = `${shortname}/20260101-${shortname}.qcow2`
      const record = await storeAll(store, key, bytes, intent)
      const found = await store.stat(key)
      expect(found).toMatchObject({ key, size: bytes.length, record })
      expect(Math.abs(Date.now() - Number(found?.lastModified))).toBeLessThan(10 * 60_000)
      expect((await open.bytes(key)).equals(bytes)).toBe(true)
      expect(await open.leftovers()).toEqual([])
      expect((await open.keys()).filter((name) => name.startsWith(`${shortname}/`))).toEqual([key])
    })

    it('stores exactly k parts, an empty last one, and buffers that are shared between threads', async () => {
      const key = 'exact/20260101-exact.raw'
      const upload = await store.begin(key, { contentType, size: 16 * MiB })
      const bytes = new Uint8Array(new SharedArrayBuffer(2 * upload.partSize))
      bytes.set(generatedBytes(bytes.length, 3))
      await writeAll(upload, bytes)
      await upload.write(new Uint8Array(0))
      const record = recordOf(bytes)
      await upload.complete(record)
      expect(await store.stat(key)).toMatchObject({ size: bytes.length, record })
      expect((await open.bytes(key)).equals(bytes)).toBe(true)
    })

    it.each([
      ['known', known(new Uint8Array(0))],
      ['unknown', unknown],
    ])('stores an empty object whose record is %s beforehand', async (label, intent) => {
      const key = `empty-${label}/20260101-empty-${label}.raw`
      const record = await storeAll(store, key, new Uint8Array(0), intent)
      expect(await store.stat(key)).toMatchObject({ size: 0, record })
    })

    it('takes a key with odd characters', async () => {
      const key = 'odd p+r@e~f/debian 12+x@y~z/20260101-debian 12+x@y~z.qcow2'
      const record = await storeAll(store, key, small, unknown)
      expect(await store.stat(key)).toMatchObject({ key, record })
      expect(await open.keys()).toContain(key)
      expect((await open.bytes(key)).equals(small)).toBe(true)
    })

    it.each([
      ['known', known(large)],
      ['unknown', unknown],
    ])('shows nothing before complete and leaves nothing after abort (record %s)', async (label, intent) => {
      const key = `aborted-${label}/20260101-aborted-${label}.qcow2`
      const upload = await store.begin(key, intent)
      await writeAll(upload, large)
      expect(await store.stat(key)).toBeUndefined()
      await upload.abort()
      expect(await store.stat(key)).toBeUndefined()
      expect(await open.leftovers()).toEqual([])
      await upload.abort()
    })

    it.each([
      ['known', known(small)],
      ['unknown', unknown],
    ])(
      'refuses to complete what is not what the record says, and keeps what was there (record %s)',
      async (label, intent) => {
        const key = `wrong-${label}/20260101-wrong-${label}.qcow2`
        const record = await storeAll(store, key, small, known(small))
        const upload = await store.begin(key, intent)
        await upload.write(small.subarray(1))
        expect((await failureOf(upload.complete(record))).code).toBe('STORE_FAILED')
        await upload.abort()
        expect((await open.bytes(key)).equals(small)).toBe(true)
        expect(await store.stat(key)).toMatchObject({ record })
        expect(await open.leftovers()).toEqual([])
      },
    )

    it('replaces an object together with its record', async () => {
      const key = 'again/20260101-again.qcow2'
      const other = generatedBytes(400_000, 4)
      for (const [bytes, intent] of [
        [small, known(small)],
        [other, known(other)],
        [small, unknown],
      ] as const) {
        const record = await storeAll(store, key, bytes, intent)
        expect(await store.stat(key)).toMatchObject({ size: bytes.length, record })
        expect((await open.bytes(key)).equals(bytes)).toBe(true)
      }
    })

    it('keeps two uploads of one key apart', async () => {
      const key = 'twice/20260101-twice.qcow2'
      const [one, two] = [generatedBytes(MiB, 5), generatedBytes(2 * MiB, 6)]
      const uploads = await Promise.all([store.begin(key, known(one)), store.begin(key, unknown)])
      await Promise.all([writeAll(uploads[0], one), writeAll(uploads[1], two)])
      await uploads[0].complete(recordOf(one))
      expect((await open.bytes(key)).equals(one)).toBe(true)
      await uploads[1].complete(recordOf(two))
      expect((await open.bytes(key)).equals(two)).toBe(true)
      expect(await store.stat(key)).toMatchObject({ record: recordOf(two) })
    })

    it('aborts stale uploads of ours under the prefix, and nothing else', async () => {
      const keys = [
        'stale/a/20260101-a.qcow2',
        'stale/b/20260101-b.raw',
        'stale/c/notes.txt',
        'other/a/20260101-a.qcow2',
      ]
      const uploads = []
      for (const key of keys) {
        const upload = await store.begin(key, known(small))
        await upload.write(small)
        uploads.push(upload)
      }
      const stale = { prefix: 'stale/', folders: ['a', 'b', 'c', 'd'] }
      const before = new Date(Date.now() + 60_000)
      expect(await store.abortStale({ ...stale, before: new Date(0) })).toBe(0)
      expect(await store.abortStale({ ...stale, before })).toBe(2)
      expect(await store.abortStale({ ...stale, before })).toBe(0)
      await failureOf(uploads[0]?.complete(recordOf(small)) ?? Promise.resolve())
      await uploads[3]?.complete(recordOf(small))
      expect(await store.stat('stale/a/20260101-a.qcow2')).toBeUndefined()
      expect(await store.stat('other/a/20260101-a.qcow2')).toMatchObject({ record: recordOf(small) })
      for (const upload of uploads.slice(0, 3)) await upload.abort()
      expect(await open.leftovers()).toEqual([])
    })

    it('lists what is visible under a prefix, with sizes and times', async () => {
      const sizes: Record<string, number> = {
        'listed/a/20260101-a.qcow2': 7,
        'listed/a/20260102-a.qcow2': 0,
        'listed/b c/notes+more.txt': 3,
        'listed2/a/20260101-a.qcow2': 5,
      }
      for (const [key, size] of Object.entries(sizes)) {
        const bytes = generatedBytes(size, 9)
        await storeAll(store, key, bytes, known(bytes))
      }
      const unfinished = await store.begin('listed/a/20260103-a.qcow2', unknown)
      await unfinished.write(small)
      const list = async (prefix: string) => {
        const found: Record<string, number> = {}
        for await (const { key, size, lastModified } of store.list(prefix)) {
          expect(Math.abs(Date.now() - Number(lastModified))).toBeLessThan(10 * 60_000)
          found[key] = size
        }
        return found
      }
      const { 'listed2/a/20260101-a.qcow2': _, ...below } = sizes
      expect(await list('listed/')).toEqual(below)
      expect(await list('')).toMatchObject(sizes)
      expect(await list('listed/none/')).toEqual({})
      const ended = store.list('listed/', AbortSignal.abort(new Error('enough')))[Symbol.asyncIterator]()
      await expect(ended.next()).rejects.toMatchObject({ code: 'ABORTED' })
      await unfinished.abort()
    })

    it.each([
      ['small', small],
      ['of several parts', large],
    ])('removes an object that is %s, with its record, and nothing else', async (label, bytes) => {
      const folder = `removed-${label.replaceAll(' ', '-')}`
      const [gone, stays] = [`${folder}/20260101-${folder}.raw`, `${folder}/20260102-${folder}.raw`]
      for (const key of [gone, stays]) await storeAll(store, key, bytes, known(bytes))
      await store.remove(gone)
      expect(await store.stat(gone)).toBeUndefined()
      expect(await store.stat(stays)).toMatchObject({ record: recordOf(bytes) })
      expect((await open.keys()).filter((key) => key.startsWith(`${folder}/`))).toEqual([stays])
      expect(await open.leftovers()).toEqual([])
      await store.remove(gone)
      await store.remove('none/20260101-none.raw')
    })

    it('stops at a signal and cleans up after it', async () => {
      const controller = new AbortController()
      const upload = await store.begin('signal/20260101-signal.qcow2', {
        ...unknown,
        signal: controller.signal,
      })
      await upload.write(small)
      controller.abort()
      await expect(upload.write(small)).rejects.toThrow(/abort/i)
      await upload.abort()
      expect(await open.leftovers()).toEqual([])
    })

    it('is readable at its public URL, or says what to set', async () => {
      const key = 'public/20260101-public.qcow2'
      const record = await storeAll(store, key, large, known(large))
      const url = open.publicUrl(key)
      const head = large.subarray(0, 2048)
      const look = () => checkPublic(url, { size: large.length, head, record }, open.http)
      if (open.s3?.openContainer !== undefined) {
        const closed = await failureOf(look())
        expect(closed).toMatchObject({ code: 'PUBLIC_UNREADABLE', remedy: expect.stringContaining('.r:*') })
        await open.s3.openContainer('bucket')
        const half = await failureOf(look())
        expect(half).toMatchObject({
          code: 'PUBLIC_UNREADABLE',
          remedy: expect.stringContaining('+segments'),
        })
        await open.s3.openContainer('segments')
      }
      await look()
      await verifyFull(url, record, open.http)
      const other = recordOf(small)
      expect((await failureOf(checkPublic(url, { size: 7 }, open.http))).code).toBe('PUBLIC_MISMATCH')
      expect((await failureOf(checkPublic(url, { head: small }, open.http))).code).toBe('PUBLIC_MISMATCH')
      expect((await failureOf(verifyFull(url, other, open.http))).code).toBe('PUBLIC_MISMATCH')
    })

    it('says at the public URL of what is not there that it cannot be read', async () => {
      const error = await failureOf(checkPublic(open.publicUrl('none/20260101-none.qcow2'), {}, open.http))
      expect(error.code).toBe('PUBLIC_UNREADABLE')
    })

    describe.skipIf(subject.kind !== 's3')('of S3', () => {
      const s3 = (): S3Subject => {
        if (open.s3 === undefined) throw new Error('not an S3 store')
        return open.s3
      }
      const pair = (accessKeyId: string, secretAccessKey: string) => async () => ({
        accessKeyId,
        secretAccessKey,
      })

      it('says that a bucket is missing', async () => {
        const error = await failureOf(s3().like({ bucket: 'no-such-bucket-here' }).ready())
        expect(error.code).toBe('STORE_BUCKET')
        expect(error.message).toContain('no-such-bucket-here')
        expect(error.remedy).toContain('Create it first')
      })

      it.each([
        ['key', () => pair('WRONGACCESSKEY00001', s3().secretKey)],
        ['secret', () => pair(s3().accessKey, 'a-secret-that-is-wrong')],
      ])('says that the %s is wrong, without printing it', async (_, credentials) => {
        const wrong = s3().like({ credentials: credentials() })
        for (const error of [
          await failureOf(wrong.ready()),
          await failureOf(wrong.stat('a/20260101-a.raw')),
        ]) {
          expect(error.code).toBe('STORE_CREDENTIALS')
          expect(error.remedy).toContain('MINIO_')
          expect(`${error.message} ${error.remedy}`).not.toContain('a-secret-that-is-wrong')
          expect(`${error.message} ${error.remedy}`).not.toContain(s3().secretKey)
        }
      })

      it('names the right region, or takes any', async () => {
        const ready = s3().like({ region: 'eu-nowhere-9' }).ready()
        if (!s3().checksRegion) return expect(await ready).toBeUndefined()
        const error = await failureOf(ready)
        expect(error.message).toContain('us-east-1')
        expect(error.remedy).toContain('--minio-region')
      })

      it('says that the server cannot be reached', async () => {
        const http = new HttpClient({ policy: { retries: 0 } })
        const error = await failureOf(
          s3()
            .like({ endpoint: new URL('http://127.0.0.1:1'), http })
            .ready(),
        )
        expect(error.code).toBe('STORE_UNREACHABLE')
        expect(error.message).toContain('127.0.0.1:1')
        await http.close()
      })

      it('cuts a large object into parts of its plan', async () => {
        const upload = await store.begin('plan/20260101-plan.raw', { contentType, size: 40 * 1000 * MiB })
        expect(upload).toMatchObject({ partSize: 40 * MiB, concurrency: 2 })
        await upload.abort()
      })
    })
  })
}
