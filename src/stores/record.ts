import { formatDigest, parseDigest } from '../image.ts'
import type { ObjectRecord } from './store.ts'

/** A record as JSON in one line, with the keys that an S3 store has as metadata. */
export function formatRecord({ digest, source, size, signedAt }: ObjectRecord): string {
  const [checksum, sourceChecksum] = [digest, source].map(formatDigest)
  return `${JSON.stringify({ checksum, sourceChecksum, size, signed: signedAt && formatMoment(signedAt) })}\n`
}

/** Returns undefined if the text is no whole record; keys that are not known are left alone. Never throws. */
export function parseRecord(text: string): ObjectRecord | undefined {
  try {
    const found = JSON.parse(text)
    const digest = parseDigest(String(found?.checksum))
    const source = parseDigest(String(found?.sourceChecksum))
    const isWhole =
      digest !== undefined && source !== undefined && Number.isSafeInteger(found.size) && found.size >= 0
    const signedAt = parseMoment(String(found?.signed))
    return isWhole ? { digest, source, size: found.size, ...(signedAt && { signedAt }) } : undefined
  } catch {
    return undefined
  }
}

/** A moment in UTC to the second, as a signature has it: `2026-07-05T01:02:03Z`. */
export function formatMoment(moment: Date): string {
  return moment.toISOString().replace(/\.\d+/, '')
}

/** Returns undefined if the text is none. */
export function parseMoment(text: string): Date | undefined {
  const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text))
  return isMoment ? new Date(text) : undefined
}
