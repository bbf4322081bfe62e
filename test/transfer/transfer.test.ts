import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import type { Download } from '../../src/http/client.ts'
import type { DigestAlgorithm } from '../../src/image.ts'
import type { Upload } from '../../src/stores/store.ts'
import { Inspector } from '../../src/transfer/inspect.ts'
import { transfer } from '../../src/transfer/transfer.ts'
import { generatedBytes } from '../support/bytes.ts'
import { makeQcow2 } from '../support/images.ts'

const partSize = 64 * 1024

interface MemoryUpload extends Upload {
  readonly parts: Uint8Array[]
  /** Writes that have begun and not ended, at most. */
  readonly most: () => number
}

/** An upload that keeps what it gets; each write waits for `gate`. */
function memoryUpload(gate: (part: number) => Promise<void> = async () => {}, concurrency = 3): MemoryUpload {
  const parts: Uint8Array[] = []
  let running = 0
  let most = 0
  let written = 0
  return {
    partSize,
    concurrency,
    parts,
    most: () => most,
    async write(part) {
      const index = written
      written += 1
      running += 1
      most = Math.max(most, running)
      await gate(index)
      parts[index] = Uint8Array.from(part)
      running -= 1
    },
    complete: async () => [],
    abort: async () => {},
  }
}

interface Source extends Download {
  readonly taken: () => number
  readonly discarded: () => boolean
}

function download(bytes: Uint8Array, chunk = 10_000, silentAfter = Number.POSITIVE_INFINITY): Source {
  let taken = 0
  let discarded = false
  const silence = withResolvers<void>()
  return {
    facts: {
      url: 'https://distribution.example/image.qcow2',
      size: bytes.length,
      lastModified: undefined,
      etag: undefined,
      contentType: undefined,
    },
    body: (async function* () {
      for (let at = 0; at < bytes.length; at += chunk) {
        if (at >= silentAfter) {
          await silence.promise
          throw new UpdaterError('ABORTED', 'The download is not wanted any more')
        }
        taken += 1
        yield bytes.subarray(at, at + chunk)
      }
    })(),
    async discard() {
      discarded = true
      silence.resolve()
    },
    taken: () => taken,
    discarded: () => discarded,
  }
}

const digestOf = (bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256') => ({
  algorithm,
  hex: createHash(algorithm).update(bytes).digest('hex'),
})

const plan = (bytes: Uint8Array, upload: Upload = memoryUpload()) => ({
  source: download(bytes),
  expected: digestOf(bytes),
  format: 'raw' as const,
  upload,
  maxSize: 2 ** 30,
})

describe('a plain image', () => {
  it.each([1, 511, partSize - 1, partSize, partSize + 1, 3 * partSize, 10 * partSize + 77])(
    'of %d bytes arrives whole, in parts of equal size',
    async (size) => {
      const bytes = generatedBytes(size)
      const upload = memoryUpload()
      const result = await transfer(plan(bytes, upload))
      expect(Buffer.concat(upload.parts).equals(bytes)).toBe(true)
      expect(upload.parts.slice(0, -1).every(({ length }) => length === partSize)).toBe(true)
      expect(result).toMatchObject({ size, received: size, digest: digestOf(bytes) })
      expect(Buffer.from(result.head).equals(bytes.subarray(0, 512))).toBe(true)
    },
  )

  it('is hashed in another algorithm as well, packed or not', async () => {
    const bytes = generatedBytes(100_000)
    const plain = await transfer({ ...plan(bytes), also: 'sha512' })
    expect(plain.digests).toEqual([digestOf(bytes), digestOf(bytes, 'sha512')])
    const packed = gzipSync(bytes)
    const expected = digestOf(packed)
    const source = download(packed)
    const unpacked = await transfer({ ...plan(bytes), source, expected, compression: 'gz', also: 'sha512' })
    expect(unpacked.digests).toEqual(plain.digests)
    expect(unpacked.sources).toEqual([expected])
  })

  it.each(['sha512', 'sha1', 'md5'] as const)('is verified by %s', async (algorithm) => {
    const bytes = generatedBytes(100_000)
    const result = await transfer({ ...plan(bytes), expected: digestOf(bytes, algorithm) })
    expect(result.digest).toEqual(digestOf(bytes, algorithm))
  })

  it('with another digest is refused, and the source let go', async () => {
    const bytes = generatedBytes(300_000)
    const job = { ...plan(bytes), expected: digestOf(generatedBytes(10)) }
    await expect(transfer(job)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining(digestOf(bytes).hex),
    })
    expect(job.source.discarded()).toBe(true)
  })

  it('that is empty is refused', async () => {
    await expect(transfer(plan(new Uint8Array()))).rejects.toMatchObject({ code: 'IMAGE_FORMAT' })
  })

  it('over the limit is refused before the rest is read', async () => {
    const job = { ...plan(generatedBytes(1_000_000)), maxSize: 100_000 }
    await expect(transfer(job)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' })
    expect(job.source.taken()).toBeLessThan(20)
  })
})

describe('a compressed image', () => {
  const bytes = generatedBytes(700_000)
  const packed = gzipSync(bytes)

  it('is verified packed, stored unpacked, and its own digest told', async () => {
    const upload = memoryUpload()
    const result = await transfer({ ...plan(packed, upload), compression: 'gz' })
    expect(Buffer.concat(upload.parts).equals(bytes)).toBe(true)
    expect(result).toMatchObject({ digest: digestOf(bytes), size: bytes.length, received: packed.length })
  })

  it('whose packed bytes are others is refused, though they unpack', async () => {
    const job = {
      ...plan(gzipSync(bytes, { level: 1 })),
      expected: digestOf(packed),
      compression: 'gz' as const,
    }
    await expect(transfer(job)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  })

  it('that is cut short is refused', async () => {
    const cut = packed.subarray(0, packed.length - 100)
    await expect(transfer({ ...plan(cut), compression: 'gz' })).rejects.toMatchObject({
      code: 'DECOMPRESSION_FAILED',
    })
  })

  it('that is itself larger than the limit is refused, though nothing comes out of it', async () => {
    const nothing = Buffer.concat(Array.from({ length: 10_000 }, () => gzipSync('')))
    const job = { ...plan(nothing), compression: 'gz' as const, maxSize: 50_000 }
    await expect(transfer(job)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' })
  })

  it('that unpacks to more than the limit is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    await expect(transfer({ ...plan(bomb), compression: 'gz', maxSize: 1_000_000 })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    })
  })
})

describe('back-pressure', () => {
  it('a store that takes nothing stops the source after a bounded number of blocks', async () => {
    const open = withResolvers<void>()
    const upload = memoryUpload(() => open.promise, 2)
    const job = plan(generatedBytes(100 * partSize), upload)
    const running = transfer(job)
    const limit = 6 * partSize
    let before = -1
    while (before !== job.source.taken()) {
      before = job.source.taken()
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(job.source.taken() * 10_000).toBeLessThan(limit)
    expect(upload.most()).toBeLessThanOrEqual(2)
    open.resolve()
    await expect(running).resolves.toMatchObject({ size: 100 * partSize })
    expect(upload.most()).toBe(2)
  })
})

describe('a transfer that cannot go on', () => {
  it('ends with the store’s error, not with its consequences', async () => {
    const refusal = new UpdaterError('STORE_DENIED', 'No')
    const upload = memoryUpload(async (part) => {
      if (part === 2) throw refusal
    })
    await expect(transfer(plan(generatedBytes(50 * partSize), upload))).rejects.toBe(refusal)
  })

  it('ends with the inspector’s verdict at once', async () => {
    const refusal = new UpdaterError('IMAGE_UNSAFE', 'It names another file')
    const inspector = {
      feed: () => {
        throw refusal
      },
      finish: () => ({ warnings: [] }),
    }
    const job = { ...plan(generatedBytes(50 * partSize)), inspector }
    await expect(transfer(job)).rejects.toMatchObject({ code: 'IMAGE_UNSAFE', message: refusal.message })
    expect(job.source.taken()).toBe(1)
    const unpublished = { ...plan(generatedBytes(50 * partSize)), inspector, expected: undefined }
    await expect(transfer(unpublished)).rejects.toBe(refusal)
  })

  it('says which of its refusals came before the digest was compared', async () => {
    const image = Buffer.concat([makeQcow2(), generatedBytes(3 * 2 ** 20)])
    image[0] = 0
    const transferred = (bytes: Uint8Array, expected = digestOf(bytes)) =>
      transfer({ ...plan(bytes), expected, format: 'qcow2', inspector: new Inspector('qcow2') })
    const other = digestOf(Buffer.of(1))
    const small = image.subarray(0, 2 ** 20)
    await expect(transferred(image, other)).rejects.toMatchObject({
      code: 'IMAGE_FORMAT',
      remedy: expect.stringContaining('was not compared'),
    })
    await expect(transferred(small, other)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    await expect(transferred(small)).rejects.toMatchObject({
      code: 'IMAGE_FORMAT',
      remedy: expect.not.stringContaining('was not compared'),
    })
  })

  it('ends with the store’s error at once while the source is silent', async () => {
    const refusal = new UpdaterError('STORE_DENIED', 'No')
    const upload = memoryUpload(async () => {
      throw refusal
    })
    const bytes = generatedBytes(500_000)
    const job = { ...plan(bytes, upload), source: download(bytes, 10_000, 2 * partSize) }
    await expect(transfer(job)).rejects.toBe(refusal)
  })

  it.each([undefined, 'gz'] as const)(
    'ends when it is aborted while the source is silent (%s)',
    async (compression) => {
      const controller = new AbortController()
      const bytes = compression === 'gz' ? gzipSync(generatedBytes(500_000)) : generatedBytes(500_000)
      const source = download(bytes, 10_000, 200_000)
      const running = transfer({ ...plan(bytes), source, compression, signal: controller.signal })
      while (source.taken() < 20) await new Promise((resolve) => setImmediate(resolve))
      controller.abort()
      await expect(running).rejects.toMatchObject({ code: 'ABORTED' })
      expect(source.discarded()).toBe(true)
    },
  )
})

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
