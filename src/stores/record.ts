import { formatDigest, parseDigest } from '../image.ts'
import type { ObjectRecord } from './store.ts'

/** A record as JSON in one line, with the keys that an S3 store has as metadata. */
export function formatRecord({ digest, source, size }: ObjectRecord): string {
  return `${JSON.stringify({ checksum: formatDigest(digest), sourceChecksum: formatDigest(source), size })}\n`
}

/** Returns undefined if the text is no whole record; keys that are not known are left alone. Never throws. */
export function parseRecord(text: string): ObjectRecord | undefined {
  try {
    const found = JSON.parse(text)
    const digest = parseDigest(String(found?.checksum))
    const source = parseDigest(String(found?.sourceChecksum))
    const isWhole =
      digest !== undefined && source !== undefined && Number.isSafeInteger(found.size) && found.size >= 0
    return isWhole ? { digest, source, size: found.size } : undefined
  } catch {
    return undefined
  }
}
