import type { ManifestSignature } from '../resolver.ts'

/** What to expect of the signature of one manifest. */
export interface ExpectedSignature
  extends Pick<ManifestSignature, 'form' | 'knownToSign' | 'mayHaveExpired' | 'keyHint'> {
  /** Here, at the distribution's own host, a manifest without its signature has been tampered with. */
  readonly mustBeSigned: boolean
  /** Full fingerprints; none: no key of this release is pinned. */
  readonly fingerprints: readonly string[]
  /** Where the key lies, beside the manifest's release: on a mirror, the mirror's copy. */
  readonly keyUrl: string | undefined
}

/**
 * @param manifestUrl as it is asked, before redirects
 * @param release e.g. `9`; counts if the URL does not say it
 */
export function expectedSignature(
  signature: ManifestSignature,
  manifestUrl: string,
  release: string | undefined,
): ExpectedSignature {
  const { form, knownToSign = false, mayHaveExpired, hosts = [], keyHint } = signature
  const url = new URL(manifestUrl)
  const found = signature.manifestPath?.exec(url.pathname)?.groups
  const fingerprints = fingerprintsOf(signature, found?.release ?? release)
  const isOwnHost = hosts === 'any' || hosts.includes(url.hostname)
  const ownKeyUrl = isOwnHost ? signature.keyUrl : undefined
  return {
    ...{ form, knownToSign, mayHaveExpired, keyHint },
    mustBeSigned: knownToSign && fingerprints.length > 0 && isOwnHost,
    fingerprints,
    keyUrl: fingerprints.length === 0 ? undefined : (keyBeside(signature, url, found) ?? ownKeyUrl),
  }
}

function keyBeside(
  { keyFile }: ManifestSignature,
  manifest: URL,
  found: Record<string, string> | undefined,
): string | undefined {
  if (keyFile === undefined || found?.root === undefined || found.release === undefined) return undefined
  const url = new URL(manifest)
  url.pathname = `${found.root}/${keyFile}${majorRelease(found.release)}`
  return url.href
}

/** Of the release, or of all where the release is unknown. */
function fingerprintsOf({ fingerprints }: ManifestSignature, release: string | undefined): readonly string[] {
  if (Array.isArray(fingerprints)) return fingerprints
  if (release === undefined) return Object.values(fingerprints).flat()
  const byRelease = new Map<string, readonly string[]>(Object.entries(fingerprints))
  return byRelease.get(majorRelease(release)) ?? []
}

/** `9.8` → `9`; anything but a number stays as it is (`10-kitten` is not release 10). */
function majorRelease(release: string): string {
  return /^\d+(?:\.\d+)*$/.test(release) ? (release.split('.')[0] ?? release) : release
}
