import { UpdaterError } from '../../errors.ts'
import type { DiscoveryHttp } from '../../http/types.ts'
import { redactUrl } from '../../http/url.ts'
import { holdsClearsigned, withoutFrame } from './clearsigned.ts'
import { type ExpectedSignature, expectedSignature, type ManifestSignature } from './expected.ts'
import type { FoundKeys, KeySource } from './keys.ts'
import { type PinnedKeys, verifyClearsigned, verifyDetached } from './verify.ts'

export type SignaturePolicy = 'require' | 'prefer' | 'off'

/** What it takes to check signatures. */
export interface SignatureCheck {
  readonly policy: Exclude<SignaturePolicy, 'off'>
  readonly http: DiscoveryHttp
  readonly keys: KeySource
  readonly now: () => Date
}

/** A text whose signature is to be checked. */
export interface UncheckedText {
  /** The URL that was asked, before redirects: a redirect must not lead away from the distribution's own host. */
  readonly url: string
  /** The body, here or on its way: its signature is asked for meanwhile. */
  readonly bytes: Uint8Array | Promise<Uint8Array>
  /** Name of the resolver, e.g. `ubuntu`. */
  readonly distribution: string
  /** Who signs it. Absent: nobody that we know of. */
  readonly signature?: ManifestSignature | undefined
  /** E.g. `9`; counts if the URL does not say it. */
  readonly release?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CheckedText {
  /** The text to parse; with `signed`, only what the signature covers. */
  readonly text: string
  readonly trust: 'signed' | 'checksum'
  readonly warnings: readonly string[]
}

/**
 * Decides how far a manifest can be trusted.
 *
 * A signature that is there and whose key is at hand must be good, under `prefer` as under `require`.
 * What is not there is the question, since whoever can change a manifest can also withhold its
 * signature, or the key. So under `prefer` the distribution's own host has to deliver both if we know that it
 * has them; a failure there is an error. Elsewhere (a mirror, which may carry a part only;
 * a distribution that signs some folders; a key that only the operator can provide) the proof is the
 * checksum over https, with a warning if a signature was to be expected. `require` takes nothing
 * but a good signature.
 * @throws UpdaterError SIGNATURE_MISSING, SIGNATURE_BAD, SIGNATURE_KEY, HTTP_*, ABORTED
 */
export async function checkSignature(unchecked: UncheckedText, check: SignatureCheck): Promise<CheckedText> {
  const { url, distribution, release, signal } = unchecked
  const name = redactUrl(url)
  const required = check.policy === 'require'
  if (unchecked.signature === undefined || !URL.canParse(url)) {
    await unchecked.bytes
    if (required) throw unsignedDistribution(distribution, url)
    return unverified(unchecked)
  }
  const expected = expectedSignature(unchecked.signature, url, release)
  const { bytes, signature } = await fetchWithSignature(unchecked, expected, check)
  if (signature === undefined) {
    if (required || expected.mustBeSigned) throw missingSignature(name, expected)
    return unverified(unchecked, expected.knownToSign ? [missingWarning(name)] : [])
  }
  const found = await findKeys(expected, check.keys, signal)
  if (found.keys.length === 0) {
    const keyMustBeThere = expected.mustBeSigned && expected.keyUrl !== undefined
    if (required || keyMustBeThere) throw missingKey(name, expected, found)
    return unverified(unchecked, [missingKeyWarning(name, expected, found)])
  }
  const keys = { fingerprints: expected.fingerprints, keys: found.keys }
  const text = await coveredText(bytes, signature, keys, { name, now: check.now(), signal })
  return { text, trust: 'signed', warnings: [] }
}

type Signature =
  | { readonly kind: 'clearsigned'; readonly text: string }
  | { readonly kind: 'detached'; readonly signature: Uint8Array }

interface Signed {
  readonly bytes: Uint8Array
  readonly signature: Signature | undefined
}

/**
 * A distant server costs a round trip for each thing that waits for another: the signature is asked for while the
 * manifest comes, and so is the key if there must be a signature.
 */
async function fetchWithSignature(
  { url, signal, ...manifest }: UncheckedText,
  expected: ExpectedSignature,
  { http, keys }: SignatureCheck,
): Promise<Signed> {
  const [suffix, ...others] = expected.form === 'clearsigned' ? [] : expected.form
  const detached = async (end: string | undefined) =>
    end === undefined ? undefined : fetchSignature(withSuffix(url, end), http, signal)
  const first = detached(suffix)
  first.catch(() => undefined) // the manifest's own failure goes over it
  if (expected.mustBeSigned) findKeys(expected, keys, signal).catch(() => undefined) // looked at by who needs them
  const bytes = await manifest.bytes
  const text = decode(bytes)
  if (holdsClearsigned(text)) return { bytes, signature: { kind: 'clearsigned', text } }
  let signature = await first
  for (const end of others) signature ??= await detached(end)
  return { bytes, signature: signature && { kind: 'detached', signature } }
}

async function coveredText(
  bytes: Uint8Array,
  signature: Signature,
  keys: PinnedKeys,
  context: { readonly name: string; readonly now: Date; readonly signal: AbortSignal | undefined },
): Promise<string> {
  if (signature.kind === 'clearsigned') {
    return (await verifyClearsigned(signature.text, keys, context)).signedText
  }
  await verifyDetached(bytes, signature.signature, keys, context)
  return decode(bytes)
}

async function findKeys(
  expected: ExpectedSignature,
  source: KeySource,
  signal: AbortSignal | undefined,
): Promise<FoundKeys> {
  if (expected.fingerprints.length === 0) {
    return { keys: [], problems: ['No key of this release is pinned'] }
  }
  return source.find(expected, signal)
}

/** Returns undefined if the server answers with an error status. */
async function fetchSignature(
  url: string,
  http: DiscoveryHttp,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return (await http.text(url, { signal })).bytes
  } catch (error) {
    if (error instanceof UpdaterError && error.code === 'HTTP_STATUS') return undefined
    throw error
  }
}

async function unverified(
  { bytes, url }: UncheckedText,
  warnings: readonly string[] = [],
): Promise<CheckedText> {
  const text = withoutFrame(decode(await bytes), url)
  return { text, trust: 'checksum', warnings }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function withSuffix(url: string, suffix: string): string {
  const target = new URL(url)
  target.pathname += suffix
  return target.href
}

/** @returns SIGNATURE_MISSING */
export function unsignedDistribution(distribution: string, url: string): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `Signatures are required, but ${distribution} is not known to sign ${redactUrl(url)}`,
    { remedy: 'Use --signatures prefer for this image: its proof is the checksum alone' },
  )
}

function missingSignature(name: string, expected: ExpectedSignature): UpdaterError {
  const where =
    expected.form === 'clearsigned' ? 'in it' : `at ${expected.form.map((s) => name + s).join(', ')}`
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `The signature of ${name} is missing: there is none ${where}`,
    {
      remedy: 'Find out why before you use this build; --signatures off takes the checksum alone',
    },
  )
}

function missingWarning(name: string): string {
  return `${name} has no signature here, though the distribution signs: its proof is the checksum alone`
}

function missingKey(name: string, expected: ExpectedSignature, { problems }: FoundKeys): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_KEY',
    `The key that verifies ${name} is not at hand: ${problems.join('; ')}`,
    { remedy: expected.keyHint },
  )
}

function missingKeyWarning(name: string, expected: ExpectedSignature, { problems }: FoundKeys): string {
  return `The signature of ${name} was not verified, its proof is the checksum alone: the key is not at hand (${problems.join('; ')}). ${expected.keyHint}`
}
