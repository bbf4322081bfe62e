import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { ManifestSignature, ResolverContext } from '../resolver.ts'
import { holdsClearsigned, splitClearsigned } from './clearsigned.ts'
import { verifyClearsigned, verifyDetached } from './verify.ts'

/** A text of a distribution, after who signed it has been looked at. */
export interface VerifiedText {
  readonly url: string
  /** With `signed`, only what the signature covers. */
  readonly text: string
  readonly trust: 'signed' | 'checksum'
}

/**
 * Fetches a text that a build or its checksum is read from, and decides how far it can be trusted. All such texts come
 * in through here, except listings.
 *
 * A signature that is there and whose key is at hand must be good, under `prefer` as under `require`.
 * What is not there is the question, since whoever can change a manifest can also withhold its
 * signature, or the key. So under `prefer` the distribution's own host has to deliver both if we know that it
 * has them; a failure there is an error. Elsewhere (a mirror, which may carry a part only;
 * a distribution that signs some folders; a key that only the operator can provide) the proof is the
 * checksum over https, with a warning if a signature was to be expected. `require` takes nothing
 * but a good signature.
 * @param url before redirects: a redirect must not lead away from the distribution's own host
 * @param isFirst nothing was asked of this server before: the signature, and the key if there must be a signature, are
 * asked for meanwhile, by connections of their own. Later, to open those would take longer than to wait for the text's.
 * @throws UpdaterError SIGNATURE_MISSING, SIGNATURE_BAD, SIGNATURE_KEY, HTTP_*, ABORTED
 */
export async function fetchVerified(
  url: string,
  context: ResolverContext,
  isFirst = false,
): Promise<VerifiedText> {
  const { http, signal, resolver, signatures } = context
  const answer = http.text(url, { signal })
  if (!isFirst) await answer
  if (signatures === undefined || resolver.signature === undefined) {
    const { text } = await answer
    if (signatures?.policy === 'require') throw unsignedDistribution(resolver.name, url)
    return unverified(text, url)
  }
  const name = redactUrl(url)
  const expected = expectedSignature(resolver.signature, url, context.release)
  const isRequired = signatures.policy === 'require'
  const asked = fetchDetached(url, expected, context)
  asked.catch(() => undefined) // the text's own failure goes before it
  if (expected.mustBeSigned) signatures.keys.find(expected).catch(() => undefined) // asked again below
  const { text, bytes } = await answer
  const isClearsigned = holdsClearsigned(text)
  const detached = isClearsigned ? undefined : await asked
  if (!isClearsigned && detached === undefined) {
    if (isRequired || expected.mustBeSigned) throw missingSignature(name, expected)
    if (expected.knownToSign) context.tell({ type: 'warning', message: missingWarning(name) })
    return unverified(text, url)
  }
  const { keys, problems } = await signatures.keys.find(expected)
  if (keys.length === 0) {
    const keyMustBeThere = expected.mustBeSigned && expected.keyUrl !== undefined
    if (isRequired || keyMustBeThere) throw missingKey(name, expected, problems)
    context.tell({ type: 'warning', message: missingKeyWarning(name, expected, problems) })
    return unverified(text, url)
  }
  if (detached === undefined) {
    return { url, text: await verifyClearsigned(text, keys, { name, signal }), trust: 'signed' }
  }
  await verifyDetached(bytes, detached, keys, { name, signal })
  return { url, text, trust: 'signed' }
}

/** Returns undefined if the server answers with an error status for each of the names that a signature may have. */
async function fetchDetached(
  url: string,
  { form }: ExpectedSignature,
  { http, signal }: ResolverContext,
): Promise<Uint8Array | undefined> {
  for (const suffix of form === 'clearsigned' ? [] : form) {
    const target = new URL(url)
    target.pathname += suffix
    try {
      return (await http.text(target.href, { signal })).bytes
    } catch (error) {
      if (!(error instanceof UpdaterError) || error.code !== 'HTTP_STATUS') throw error
    }
  }
  return undefined
}

function unverified(text: string, url: string): VerifiedText {
  const covered = holdsClearsigned(text) ? splitClearsigned(text, redactUrl(url)).signedText : text
  return { url, text: covered, trust: 'checksum' }
}

/** What to expect of the signature of one manifest. */
export interface ExpectedSignature extends Pick<ManifestSignature, 'form' | 'knownToSign' | 'keyHint'> {
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
  const { form, knownToSign = false, hosts = [], keyHint } = signature
  const url = new URL(manifestUrl)
  const found = signature.manifestPath?.exec(url.pathname)?.groups
  const fingerprints = fingerprintsOf(signature, found?.release ?? release)
  const isOwnHost = hosts === 'any' || hosts.includes(url.hostname)
  const ownKeyUrl = isOwnHost ? signature.keyUrl : undefined
  return {
    ...{ form, knownToSign, keyHint },
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

/** @returns SIGNATURE_MISSING */
export function unsignedDistribution(distribution: string, url: string): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `Signatures are required, but ${distribution} is not known to sign ${redactUrl(url)}`,
    { remedy: 'Use --signatures prefer for this image: its proof is the checksum alone' },
  )
}

function missingSignature(name: string, { form }: ExpectedSignature): UpdaterError {
  const where = form === 'clearsigned' ? 'in it' : `at ${form.map((suffix) => name + suffix).join(', ')}`
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `The signature of ${name} is missing: there is none ${where}`,
    { remedy: 'Find out why before you use this build; --signatures off takes the checksum alone' },
  )
}

function missingWarning(name: string): string {
  return `${name} has no signature here, though the distribution signs: its proof is the checksum alone`
}

function missingKey(name: string, { keyHint }: ExpectedSignature, problems: readonly string[]): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_KEY',
    `The key that verifies ${name} is not at hand: ${problems.join('; ')}`,
    { remedy: keyHint },
  )
}

function missingKeyWarning(
  name: string,
  { keyHint }: ExpectedSignature,
  problems: readonly string[],
): string {
  return `The signature of ${name} was not verified, its proof is the checksum alone: the key is not at hand (${problems.join('; ')}). ${keyHint}`
}
