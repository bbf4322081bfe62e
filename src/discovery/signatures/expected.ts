import { plainHost, withoutNeedlessEncoding } from '../../http/url.ts'
import type { DistributionSignature } from '../resolver.ts'

/** What to expect of the signature of one file. */
export interface ExpectedSignature
  extends Pick<DistributionSignature, 'form' | 'knownToSign' | 'mayHaveExpired' | 'keyHint'> {
  /** Here, at the distribution's own host, a file without its signature has been tampered with. */
  readonly mustBeSigned: boolean
  /** Full fingerprints; none: no key of this release is pinned. */
  readonly fingerprints: readonly string[]
  /** Where the key lies, beside the file's release: on a mirror, the mirror's copy. */
  readonly keyUrl: string | undefined
}

/**
 * @param signedUrl as it is asked, before redirects; no other spelling of it is expected less of
 * @param release e.g. `9`; counts if the URL does not say it
 */
export function expectedSignature(
  signature: DistributionSignature,
  signedUrl: string,
  release: string | undefined,
): ExpectedSignature {
  const { form, knownToSign = false, mayHaveExpired, keyHint } = signature
  const url = new URL(signedUrl)
  const found = signature.manifestPath?.exec(withoutNeedlessEncoding(url.pathname))?.groups
  const fingerprints = fingerprintsOf(signature, found?.release ?? release)
  const isOwn = isOwnHost(signature, url)
  const ownKeyUrl = isOwn ? signature.keyUrl : undefined
  return {
    ...{ form, knownToSign, mayHaveExpired, keyHint },
    mustBeSigned: knownToSign && fingerprints.length > 0 && isOwn,
    fingerprints,
    keyUrl: fingerprints.length === 0 ? undefined : (keyBeside(signature, url, found) ?? ownKeyUrl),
  }
}

/** Is it one of the distribution's own servers? */
export function isOwnHost({ hosts = [] }: Pick<DistributionSignature, 'hosts'>, url: URL): boolean {
  return hosts === 'any' || hosts.includes(plainHost(url))
}

function keyBeside(
  { keyFile }: DistributionSignature,
  manifest: URL,
  found: Record<string, string> | undefined,
): string | undefined {
  if (keyFile === undefined || found?.root === undefined || found.release === undefined) return undefined
  const url = new URL(manifest)
  url.pathname = `${found.root}/${keyFile}${majorRelease(found.release)}`
  return url.href
}

/** Of the release, or of all where the release is unknown. */
function fingerprintsOf(
  { fingerprints }: DistributionSignature,
  release: string | undefined,
): readonly string[] {
  if (Array.isArray(fingerprints)) return fingerprints
  if (release === undefined) return Object.values(fingerprints).flat()
  const byRelease = new Map<string, readonly string[]>(Object.entries(fingerprints))
  return byRelease.get(majorRelease(release)) ?? []
}

/** `9.8` → `9`; anything but a number stays as it is (`10-kitten` is not release 10). */
function majorRelease(release: string): string {
  return /^\d+(?:\.\d+)*$/.test(release) ? (release.split('.')[0] ?? release) : release
}
