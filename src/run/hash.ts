import { createHash } from 'node:crypto'
import type { UpdaterError } from '../errors.ts'
import { retry } from '../http/retry.ts'
import type { Compression, Digest, DigestAlgorithm, ImageFormat } from '../image.ts'
import { readPublic } from '../stores/public.ts'
import { decompress } from '../transfer/decompress.ts'
import { assertAnnounced, bounded } from '../transfer/decompression/unpacking.ts'
import type { Beginning } from './run.ts'

/** How a file is to be read. */
export interface Hashing {
  readonly algorithms: readonly DigestAlgorithm[]
  readonly compression?: Compression | undefined
  readonly format?: ImageFormat | undefined
  /** Bytes that may come, and bytes that may come out of them. */
  readonly maxImageSize: number
}

/** Digests of a file, one for each algorithm. */
export interface Hashed {
  readonly file: readonly Digest[]
  /** Of what comes out of a packed file; of another one there are none. */
  readonly content: readonly Digest[]
}

/** How often a file is read again from its first byte, where its download could not be continued. */
const restarts = 3

/**
 * Downloads a file and keeps nothing of it but its digests.
 * @throws UpdaterError HTTP_*, DECOMPRESSION_*, IMAGE_TOO_LARGE, STORE_FAILED, ABORTED
 */
export function hashFile(
  url: string,
  hashing: Hashing,
  around: Pick<Beginning, 'http' | 'signal'>,
): Promise<Hashed> {
  const pauseAfter = ({ code }: UpdaterError, number: number) =>
    code === 'HTTP_TRUNCATED' && number < restarts ? 0 : undefined
  return retry({ pauseAfter, signal: around.signal }, () => hashOnce(url, hashing, around))
}

async function hashOnce(
  url: string,
  { algorithms, compression, format = 'qcow2', maxImageSize }: Hashing,
  { http, signal }: Pick<Beginning, 'http' | 'signal'>,
): Promise<Hashed> {
  const [file, content] = [new Hashes(algorithms), new Hashes(compression === undefined ? [] : algorithms)]
  const { size, body, discard } = await readPublic(url, http, signal)
  async function* tapped(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bounded(body, maxImageSize)) {
      file.update(chunk)
      yield chunk
    }
  }
  const unpacking = { format, limit: maxImageSize }
  const bytes = compression === undefined ? tapped() : decompress(compression, tapped(), unpacking)
  try {
    assertAnnounced(size, maxImageSize)
    for await (const chunk of bytes) content.update(chunk)
  } finally {
    await discard()
  }
  return { file: file.digests(), content: content.digests() }
}

class Hashes {
  readonly #hashes: readonly (readonly [DigestAlgorithm, ReturnType<typeof createHash>])[]

  constructor(algorithms: readonly DigestAlgorithm[]) {
    this.#hashes = [...new Set(algorithms)].map((algorithm) => [algorithm, createHash(algorithm)])
  }

  update(chunk: Uint8Array): void {
    for (const [, hash] of this.#hashes) hash.update(chunk)
  }

  digests(): readonly Digest[] {
    return this.#hashes.map(([algorithm, hash]) => ({ algorithm, hex: hash.digest('hex') }))
  }
}
