import { UpdaterError } from '../errors.ts'
import type { DiscoveryHttp } from '../http/types.ts'
import { redactUrl } from '../http/url.ts'
import { holdsClearsigned, withoutFrame } from './signatures/clearsigned.ts'
import { createKeySource, defaultKeyCache, type FoundKeys, type KeySource } from './signatures/keys.ts'
import {
  missingKey,
  missingKeyWarning,
  missingSignature,
  missingWarning,
  unsignedDistribution,
} from './signatures/messages.ts'
import { type DistributionPin, pinFor, type SignaturePin } from './signatures/pins.ts'
import {
  type PinnedKeys,
  type VerifyOptions,
  verifyClearsigned,
  verifyDetached,
} from './signatures/verify.ts'

export type SignaturePolicy = 'require' | 'prefer' | 'off'

export interface SignatureCheckOptions {
  readonly policy: SignaturePolicy
  /** Folder of OpenPGP public keys; it may be missing. */
  readonly keyring: string
  readonly http: DiscoveryHttp
  /** Where fetched keys are kept. Default: `$XDG_CACHE_HOME/image-updater/keys`. */
  readonly cacheDir?: string | undefined
  readonly now?: (() => Date) | undefined
  /** By name of the resolver. Default: the keys that we pin. */
  readonly pins?: Readonly<Record<string, DistributionPin>> | undefined
}

export interface SignatureRequest {
  /** Name of the resolver, e.g. `ubuntu`. */
  readonly distribution: string
  /** E.g. `9`; counts where the manifest's URL does not tell. */
  readonly release?: string | undefined
  readonly manifest: {
    /** The URL that was asked, before redirects: a redirect must not lead away from the pinned host. */
    readonly url: string
    /** The body as it came, or is about to come: what vouches for it is asked for meanwhile. */
    readonly bytes: Uint8Array | Promise<Uint8Array>
  }
  /** For this image. Default: the overall policy. */
  readonly policy?: SignaturePolicy | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CheckedManifest {
  /** What may be parsed; with `signed`, only what the signature covers. */
  readonly text: string
  readonly trust: 'signed' | 'checksum'
  readonly warnings: readonly string[]
}

export interface SignatureCheck {
  /** @throws UpdaterError SIGNATURE_MISSING, SIGNATURE_BAD, SIGNATURE_KEY, HTTP_*, ABORTED */
  check(request: SignatureRequest): Promise<CheckedManifest>
}

/**
 * Decides how far a manifest can be trusted.
 *
 * A signature that is there and whose key is at hand must be good, under `prefer` as under `require`.
 * What is not there is the question, since whoever can change a manifest can also withhold its
 * signature, or the key. So under `prefer` the distribution's own host has to deliver both, wherever we
 * know that it has them; a failure there is an error. Elsewhere (a mirror, which may carry a part only;
 * a distribution that signs some folders; a key that only the operator can provide) the proof is the
 * checksum over https, with a warning where a signature was to be expected. `require` takes nothing
 * but a good signature; `off` asks for none.
 */
export function createSignatureCheck(options: SignatureCheckOptions): SignatureCheck {
  const { http, keyring, policy } = options
  const now = options.now ?? (() => new Date())
  const cacheDir = options.cacheDir ?? defaultKeyCache(process.env)
  const source = createKeySource({ keyring, cacheDir, http, now })
  const means = { http, source, now, pins: options.pins }
  return {
    async check(request) {
      const demand = request.policy ?? policy
      return demand === 'off' ? unverified(request) : judge(request, demand, means)
    },
  }
}

interface Means {
  readonly http: DiscoveryHttp
  readonly source: KeySource
  readonly now: () => Date
  readonly pins: SignatureCheckOptions['pins']
}

async function judge(
  request: SignatureRequest,
  policy: 'require' | 'prefer',
  means: Means,
): Promise<CheckedManifest> {
  const { distribution, manifest, release, signal } = request
  const name = redactUrl(manifest.url)
  const required = policy === 'require'
  const pin = pinFor({ distribution, url: manifest.url, release }, means.pins)
  if (pin === undefined) {
    await manifest.bytes
    if (required) throw unsignedDistribution(distribution, name)
    return unverified(request)
  }
  const { bytes, signature } = await withSignature(request, pin, means)
  if (signature === undefined) {
    if (required || pin.mustBeSigned) throw missingSignature(name, pin)
    return unverified(request, pin.knownToSign ? [missingWarning(name)] : [])
  }
  const found = await findKeys(pin, means.source, signal)
  if (found.keys.length === 0) {
    const keyMustBeThere = pin.mustBeSigned && pin.keyUrl !== undefined
    if (required || keyMustBeThere) throw missingKey(name, pin, found)
    return unverified(request, [missingKeyWarning(name, pin, found)])
  }
  const keys = { fingerprints: pin.fingerprints, keys: found.keys }
  const settings = { name, now: means.now(), signal }
  return { text: await coveredText(bytes, signature, keys, settings), trust: 'signed', warnings: [] }
}

interface Signed {
  readonly bytes: Uint8Array
  readonly signature: Signature | undefined
}

/**
 * A distant server costs a round trip for each thing that waits for another: the signature is asked for while the
 * manifest comes, and so is the key where a signature must be there.
 */
async function withSignature(
  { manifest, signal }: SignatureRequest,
  pin: SignaturePin,
  { http, source }: Means,
): Promise<Signed> {
  const [suffix, ...others] = pin.signature === 'clearsigned' ? [] : pin.signature
  const detached = async (end: string | undefined) =>
    end === undefined ? undefined : fetchSignature(withSuffix(manifest.url, end), http, signal)
  const first = detached(suffix)
  first.catch(() => undefined) // the manifest's own failure goes over it
  if (pin.mustBeSigned) findKeys(pin, source, signal).catch(() => undefined) // looked at by who needs them
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
  settings: VerifyOptions,
): Promise<string> {
  if (signature.kind === 'clearsigned') {
    return (await verifyClearsigned(signature.text, keys, settings)).signedText
  }
  await verifyDetached(bytes, signature.signature, keys, settings)
  return decode(bytes)
}

type Signature =
  | { readonly kind: 'clearsigned'; readonly text: string }
  | { readonly kind: 'detached'; readonly signature: Uint8Array }

async function findKeys(
  pin: SignaturePin,
  source: KeySource,
  signal: AbortSignal | undefined,
): Promise<FoundKeys> {
  if (pin.fingerprints.length === 0) return { keys: [], problems: ['No key of this release is pinned'] }
  return source.find(pin, signal)
}

/** `undefined` where the server answers that it does not have it, in whatever way. */
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
  { manifest }: SignatureRequest,
  warnings: readonly string[] = [],
): Promise<CheckedManifest> {
  const text = withoutFrame(decode(await manifest.bytes), manifest.url)
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
