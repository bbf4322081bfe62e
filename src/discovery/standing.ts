import { type Build, type Digest, type ImageVersion, parseDigest, sameDigest } from '../image.ts'
import { isOfNothing } from './checksum-file.ts'
import { isUnpacked } from './file-url.ts'

/**
 * How a version of the catalogue stands to the newest build:
 * - `same`: it names this build.
 * - `packed`: it names it by the digest of the packed file, though its `mirror_url` serves what comes out of that.
 * - `other`: it names another one.
 * - `unknown`: only a download could tell. Its URL is the build's, its checksum that of the unpacked image, and nothing
 *   records of which packed file.
 */
export type Standing = 'same' | 'packed' | 'other' | 'unknown'

/** A digest that is recorded of stored bytes, and that of the packed file of which they were made. */
export interface RecordedDigests {
  readonly digest: Digest
  readonly source: Digest
  /** Bytes stored, if that is recorded, too. */
  readonly size?: number | undefined
  /** When what proved the packed file was signed, if that is recorded, too. */
  readonly signedAt?: Date | undefined
}

/** @param recorded what the mirror tells of the object that the version names */
export function standingOf(
  version: ImageVersion | undefined,
  build: Pick<Build, 'url' | 'digest' | 'content' | 'compression'>,
  recorded: readonly RecordedDigests[],
): Standing {
  const named = parseDigest(version?.checksum ?? '')
  if (version === undefined || named === undefined || isOfNothing(named)) return 'other'
  const { digest, compression, content = compression === undefined ? digest : undefined } = build
  const isSameUrl = version.url === build.url
  const sameIf = (isSame: boolean) => (isSame ? 'same' : 'other')
  if (!isUnpacked(version)) return sameIf(digest === undefined ? isSameUrl : sameDigest(named, digest))
  if (content?.algorithm !== named.algorithm) return standingOfUnpacked(named, digest, isSameUrl, recorded)
  if (compression !== undefined && digest !== undefined && sameDigest(named, digest)) return 'packed'
  return sameIf(sameDigest(named, content))
}

/** @param named by which the catalogue names an image that was packed, @param digest that of the packed build */
function standingOfUnpacked(
  named: Digest,
  digest: Digest | undefined,
  isSameUrl: boolean,
  recorded: readonly RecordedDigests[],
): Standing {
  const ofNamed = recorded.filter((one) => sameDigest(one.digest, named))
  if (digest === undefined) {
    const isPacked = ofNamed.length === 0 && recorded.some(({ source }) => sameDigest(source, named))
    if (!isSameUrl) return 'other'
    return isPacked ? 'packed' : 'same'
  }
  if (sameDigest(named, digest)) return 'packed'
  const sources = ofNamed.filter(({ source }) => source.algorithm === digest.algorithm)
  if (sources.length > 0) return sources.some(({ source }) => sameDigest(source, digest)) ? 'same' : 'other'
  // What lies there is not what the catalogue names: bringing the build puts both right.
  const isOther = ofNamed.length === 0 && recorded.some((one) => one.digest.algorithm === named.algorithm)
  return isSameUrl && !isOther ? 'unknown' : 'other'
}
