import { compressionOfUrl, isUnpacked } from '../discovery/file-url.ts'
import type { RecordedDigests } from '../discovery/standing.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { HttpError, statusOf } from '../http/failure.ts'
import { redactUrl } from '../http/url.ts'
import { formatDigest, type ImageVersion, parseDigest } from '../image.ts'
import type { MirrorState } from '../report/schemas.ts'
import { adviceOn, publicOptions } from '../stores/kinds.ts'
import type { PublicObject } from '../stores/public.ts'
import { findRecorded } from './recorded.ts'
import type { Beginning } from './run.ts'

/** What a reader without credentials finds at the `mirror_url` of a version. */
export interface PublicState {
  readonly mirror: MirrorState
  readonly recorded?: readonly RecordedDigests[] | undefined
  /** Why users of the cloud cannot have the image, or (`unknown`) why that could not be found out. */
  readonly failure?: UpdaterError | undefined
}

/** Who asks. */
export interface PublicReader extends Pick<Beginning, 'http' | 'signal'> {
  readonly checkPublic: boolean
}

/** Milliseconds, repetitions included: a mirror that does not answer holds a run up no longer. */
const patience = 120_000

/**
 * Asks the public URL of a version as OpenStack will: a ranged GET, since Swift answers HEAD with 200 for an object whose
 * segments nobody may read, and the GET with 409.
 * @throws UpdaterError ABORTED
 */
export async function askPublic(
  version: ImageVersion | undefined,
  { http, signal, checkPublic }: PublicReader,
): Promise<PublicState> {
  const url = version?.mirrorUrl
  if (version === undefined || url === undefined || !checkPublic) return { mirror: unasked(version) }
  const deadline = AbortSignal.timeout(patience)
  try {
    const file = { compression: isUnpacked(version) ? compressionOfUrl(version.url ?? '') : undefined }
    const { answer, recorded } = await findRecorded(url, file, http, AbortSignal.any([signal, deadline]))
    if ('turnedAway' in answer) return { ...turnedAway(url, answer.turnedAway), recorded }
    const { size } = answer
    if (!isOther(version, answer)) return { mirror: { status: 'present', url, size }, recorded }
    return { mirror: { status: 'other-bytes', url, size }, recorded, failure: otherBytes(url) }
  } catch (thrown) {
    signal.throwIfAborted()
    if (statusOf(thrown) === 409) return turnedAway(url, 409)
    return { mirror: { status: 'unknown', url }, failure: unanswered(url, thrown, deadline) }
  }
}

/** What is known of a version's mirror before it is asked. */
export function unasked(version: ImageVersion | undefined): MirrorState {
  const url = version?.mirrorUrl
  return { status: url === undefined ? 'none' : 'unasked', url }
}

function turnedAway(url: string, status: number): PublicState {
  const message = `${redactUrl(url)} answers ${status}: users of the cloud cannot have the image`
  const failure = new HttpError('PUBLIC_UNREADABLE', message, { status, remedy: adviceOn(status) })
  return { mirror: { status: 'missing', url }, failure }
}

function otherBytes(url: string): UpdaterError {
  const message = `${redactUrl(url)} is another image than the catalogue names`
  return new UpdaterError('PUBLIC_MISMATCH', message, {
    remedy: `Check that ${publicOptions.join(' or ')} leads to the stored images, and that no cache in between is stale`,
  })
}

function unanswered(url: string, thrown: unknown, { aborted }: AbortSignal): UpdaterError {
  const { code, message } = asUpdaterError(thrown)
  const remedy = 'Look at what the mirror answers; --no-check-public leaves it out'
  if (!aborted) return new UpdaterError(code, message, { remedy, cause: thrown })
  const late = `${redactUrl(url)} has not answered within ${patience / 1000} s`
  return new UpdaterError('PUBLIC_UNREADABLE', late, { remedy, cause: thrown })
}

/** Of a packed file, the digest of either side may stand in the catalogue. */
function isOther(version: ImageVersion, { checksum, sourceChecksum }: PublicObject): boolean {
  const ours = parseDigest(version.checksum ?? '')
  if (ours === undefined || sourceChecksum === undefined) return false
  if (!isUnpacked(version)) return sourceChecksum !== formatDigest(ours)
  const stored = parseDigest(checksum ?? '')
  const isSource = sourceChecksum === formatDigest(ours)
  return !isSource && stored?.algorithm === ours.algorithm && stored.hex !== ours.hex
}
