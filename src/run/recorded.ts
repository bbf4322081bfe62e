import { isOfNothing, isWeak } from '../discovery/checksum-file.ts'
import type { RecordedDigests } from '../discovery/standing.ts'
import type { HttpClient } from '../http/client.ts'
import { type Digest, parseDigest, type SourceFile, sameDigest } from '../image.ts'
import { findPublic, type PublicAnswer } from '../stores/public.ts'
import { findSidecar } from '../stores/sidecar.ts'
import type { ObjectRecord, StoredObject } from '../stores/store.ts'

/** What lies at an address of the mirror. */
export interface Looked {
  readonly object: StoredObject | undefined
  /** What is beside an object that was made of a packed file. */
  readonly sidecar?: ObjectRecord | undefined
}

/** What is recorded of an object. A sidecar that contradicts the object's own record is of the one before it. */
export function recordedOf({ object, sidecar }: Looked): readonly RecordedDigests[] {
  const record = object?.record?.size === object?.size ? object?.record : undefined
  return together(record, sidecar)
}

function together(
  record: RecordedDigests | undefined,
  sidecar: RecordedDigests | undefined,
): readonly RecordedDigests[] {
  if (record === undefined || sidecar === undefined) return [record ?? sidecar ?? []].flat()
  const isOther = differs(record.digest, sidecar.digest) || differs(record.source, sidecar.source)
  return isOther ? [record] : [record, sidecar]
}

/**
 * Returns the digest by which a catalogue may name what somebody else has stored of this file, as it is recorded there:
 * that which is published of it, or one of which nobody can make other bytes.
 * @param size bytes that lie there, if known
 */
export function recordedName(
  recorded: readonly RecordedDigests[],
  file: SourceFile,
  size?: number,
): Digest | undefined {
  const isName = ({ digest }: RecordedDigests) =>
    (file.digest !== undefined && sameDigest(digest, file.digest)) || !(isWeak(digest) || isOfNothing(digest))
  const isThere = (one: RecordedDigests) => size === undefined || one.size === undefined || one.size === size
  return recorded.find((one) => isMadeOf([one], file) && isName(one) && isThere(one))?.digest
}

/** Digests of different algorithms say nothing of each other. */
function differs(one: Digest, other: Digest): boolean {
  return one.algorithm === other.algorithm && one.hex !== other.hex
}

/**
 * Does what is recorded say that the object was made of this file? A digest of its content may be that of the packed
 * bytes where theirs is not known: earlier versions of this program wrote that into the catalogue.
 */
export function isMadeOf(recorded: readonly RecordedDigests[], { digest, content }: SourceFile): boolean {
  return recorded.some(({ digest: stored, source }) => {
    if (digest === undefined) {
      return content !== undefined && (sameDigest(stored, content) || sameDigest(source, content))
    }
    if (content === undefined) return sameDigest(source, digest)
    const isOther = differs(stored, content) || differs(source, digest)
    return !isOther && (sameDigest(stored, content) || sameDigest(source, digest))
  })
}

/** Does the object's own record say that it was made of this file? */
export function isRecordedOf(object: StoredObject | undefined, file: SourceFile): boolean {
  const { record, size } = object ?? {}
  return record !== undefined && record.size === size && isMadeOf([record], file)
}

/** What a reader without credentials is told of an object. */
export interface PublicRecords {
  readonly answer: PublicAnswer
  readonly recorded: readonly RecordedDigests[]
}

/** @throws UpdaterError PUBLIC_UNREADABLE, ABORTED */
export async function findRecorded(
  url: string,
  { compression }: Pick<SourceFile, 'compression'>,
  http: HttpClient,
  signal: AbortSignal,
): Promise<PublicRecords> {
  const [answer, sidecar] = await Promise.all([
    findPublic(url, http, signal),
    compression === undefined ? undefined : findSidecar(url, http, signal),
  ])
  if ('turnedAway' in answer) return { answer, recorded: together(undefined, sidecar) }
  const source = parseDigest(answer.sourceChecksum ?? '')
  const digest = parseDigest(answer.checksum ?? '') ?? (compression === undefined ? source : undefined)
  const record = digest && source && { digest, source, signedAt: answer.signedAt }
  return { answer, recorded: together(record, sidecar) }
}
