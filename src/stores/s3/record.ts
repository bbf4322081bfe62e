import { formatDigest, parseDigest, sameDigest } from '../../image.ts'
import type { ObjectRecord } from '../store.ts'

/** The record as an object's metadata: headers of the request that creates it, and of a HEAD's answer. */
export function recordHeaders({ digest, source, size }: ObjectRecord): Record<string, string> {
  return {
    'x-amz-meta-checksum': formatDigest(digest),
    'x-amz-meta-source-checksum': formatDigest(source),
    'x-amz-meta-size': String(size),
  }
}

/** `undefined` where the metadata is not whole: the object is of other origin. */
export function recordOf(headers: Readonly<Record<string, string>>): ObjectRecord | undefined {
  const digest = parseDigest(headers['x-amz-meta-checksum'] ?? '')
  const source = parseDigest(headers['x-amz-meta-source-checksum'] ?? '')
  const size = Number(headers['x-amz-meta-size'] || Number.NaN)
  if (digest === undefined || source === undefined || !Number.isSafeInteger(size)) return undefined
  return { digest, source, size }
}

export function sameRecord(a: ObjectRecord, b: ObjectRecord): boolean {
  return a.size === b.size && sameDigest(a.digest, b.digest) && sameDigest(a.source, b.source)
}
