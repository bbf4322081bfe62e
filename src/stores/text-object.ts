import { createHash } from 'node:crypto'
import { type Digest, sameDigest } from '../image.ts'
import type { ObjectRecord, Store } from './store.ts'

/**
 * Stores a small text as an object with a record. One that is right already is left alone, and so is one without our
 * record: it is somebody else's. An empty text removes ours.
 * @throws UpdaterError STORE_*, ABORTED
 */
export async function storeText(
  store: Store,
  key: string,
  text: string,
  contentType: string,
  signal: AbortSignal | undefined,
): Promise<'right' | 'changed' | 'foreign'> {
  const current = await store.stat(key, signal)
  const isForeign = current !== undefined && current.record?.size !== current.size
  if (isForeign) return text === '' ? 'right' : 'foreign'
  if (text === '') {
    await store.remove(key, signal)
    return 'changed'
  }
  const record = recordOfText(text)
  if (current?.record !== undefined && sameDigest(current.record.digest, record.digest)) return 'right'
  const upload = await store.begin(key, { contentType, record, signal })
  try {
    await upload.write(Buffer.from(text))
    await upload.complete(record)
    return 'changed'
  } catch (error) {
    await upload.abort()
    throw error
  }
}

/** The record of such an object. */
export function recordOfText(text: string): ObjectRecord {
  const digest = digestOfText(text)
  return { digest, source: digest, size: Buffer.byteLength(text) }
}

export function digestOfText(text: string): Digest {
  return { algorithm: 'sha256', hex: createHash('sha256').update(text).digest('hex') }
}
