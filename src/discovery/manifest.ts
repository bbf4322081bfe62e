import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import {
  type Digest,
  type DigestAlgorithm,
  type FileSignature,
  type Image,
  parseDigest,
  type Signer,
  sameDigest,
} from '../image.ts'
import {
  type ChecksumEntry,
  isOfNothing,
  type ListedFile,
  lookUpChecksum,
  parseChecksumFile,
  type UnusableEntry,
  unusableChecksum,
} from './checksum-file.ts'
import { withoutFuture } from './dates.ts'
import { entriesOf, entryUrl, extensionOf } from './entry-names.ts'
import { splitFileUrl } from './file-url.ts'
import { isSafeFileName } from './names.ts'
import type { FoundBuild, ResolverContext } from './resolver.ts'
import { holdsClearsigned, splitClearsigned } from './signatures/clearsigned.ts'
import { type ExpectedSignature, expectedSignature } from './signatures/expected.ts'
import type { KeySource } from './signatures/keys.ts'
import type { FoundKeys } from './signatures/public-keys.ts'
import {
  ExpiredKey,
  readFileSignature,
  UnknownSigner,
  verifyClearsigned,
  verifyDetached,
} from './signatures/verify.ts'
import { compareStamps, findStamp, findUrlStamp } from './stamp.ts'

/** How far a text can be trusted. */
export type Proof = Pick<VerifiedText, 'trust' | 'signer'>

/** How far what a manifest says of the file with this digest can be trusted, and of which day its signed names are. */
export function proofOf(
  { trust, signer, entries }: Manifest,
  digest: Digest,
): Pick<FoundBuild, 'trust' | 'signer' | 'signedDate'> {
  if (trust !== 'signed') return { trust, signer }
  const dates = entries.flatMap(({ name = '', digest: listed }) =>
    sameDigest(listed, digest) ? (findUrlStamp(name)?.date ?? []) : [],
  )
  return { trust, signer, signedDate: dates.toSorted().at(-1) }
}

/** A distribution's checksum file. */
export interface Manifest extends Proof, Pick<VerifiedText, 'url'> {
  readonly entries: readonly ChecksumEntry[]
  /** Of algorithms that no catalogue can hold. */
  readonly unusable: readonly UnusableEntry[]
}

/**
 * Asks for a checksum file and reads it.
 * @param isFirst as for `fetchVerified`
 * @throws UpdaterError HTTP_*, SIGNATURE_*, CHECKSUM_MALFORMED if the file holds no checksum at all
 */
export async function fetchManifest(
  url: string,
  context: ResolverContext,
  isFirst = false,
): Promise<Manifest> {
  context.tell({ type: 'checksums-from', url: redactUrl(url) })
  const { text, trust, signer } = await fetchVerified(url, context, isFirst)
  // Debian's JSON of a build is the only form that is not read line by line.
  const { entries, unusable } = /^\s*\{/.test(text)
    ? { entries: (await import('./documents.ts')).parseDebianBuild(text, url), unusable: [] }
    : parseChecksumFile(text, splitFileUrl(url)?.name)
  if (entries.length > 0) return { url, entries, unusable, trust, signer }
  const [other] = unusable
  throw other === undefined ? noChecksum(url) : unusableChecksum(other, url)
}

/** A text of a distribution, after who signed it has been looked at. */
export interface VerifiedText {
  readonly url: string
  /** With `signed`, only what the signature covers. */
  readonly text: string
  readonly trust: 'signed' | 'checksum'
  /** With `signed`: by whom. */
  readonly signer?: Signer | undefined
  /** URL of the next page, where the text is one of a list. */
  readonly next?: string | undefined
}

/**
 * Fetches a text that a build or its checksum is read from, and decides how far it can be trusted. All such texts come
 * in through here: listings and `version.txt` only say where to look.
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
 * asked for meanwhile, by connections of their own, and aborted if the text cannot be had. Later a connection is open:
 * one after the other is faster.
 * @throws UpdaterError SIGNATURE_MISSING, SIGNATURE_BAD, SIGNATURE_KEY, HTTP_*, ABORTED
 */
export async function fetchVerified(
  url: string,
  context: ResolverContext,
  isFirst = false,
): Promise<VerifiedText> {
  const { http, signal, now, resolver, signatures } = context
  const answer = http.text(url, { signal })
  if (!isFirst) await answer
  const isImageSigned = resolver.signature?.covers === 'image'
  if (signatures === undefined || resolver.signature === undefined || isImageSigned) {
    const { text, next } = await answer
    if (signatures?.policy === 'require' && !isImageSigned) throw unsignedDistribution(resolver.name, url)
    return unverified(text, url, next)
  }
  const name = redactUrl(url)
  const expected = expectedSignature(resolver.signature, url, context.release)
  const ahead = untilFailed(answer, signal)
  const asked = fetchDetached(url, expected, { ...context, signal: ahead })
  asked.catch(() => undefined) // the text's own failure goes before it
  if (expected.mustBeSigned) signatures.keys.find(expected, ahead).catch(() => undefined) // asked again below
  const { text, bytes, next } = await answer
  const isClearsigned = holdsClearsigned(text)
  const detached = isClearsigned ? undefined : await asked
  if (!isClearsigned && detached === undefined) {
    tellMissing(name, expected, context)
    return unverified(text, url, next)
  }
  const found = await verifyWith(signatures.keys, expected, signal, async (keys) => {
    if (detached === undefined) {
      const { signedText, signer } = await verifyClearsigned(text, keys, { name, now })
      return { url, text: signedText, trust: 'signed', signer, next } as const
    }
    const signer = await verifyDetached(bytes, detached, keys, { name, now })
    return { url, text, trust: 'signed', signer, next } as const
  })
  if ('trust' in found) return found
  tellNoKey(name, expected, found.problems, context)
  return unverified(text, url, next)
}

/**
 * Fetches the signature of an image whose distribution signs the image itself. What is not there is the same question
 * as for `fetchVerified`.
 * @param url of the image, before redirects
 * @returns undefined if the proof is the checksum alone
 * @throws UpdaterError SIGNATURE_MISSING, SIGNATURE_BAD, SIGNATURE_KEY, HTTP_*, ABORTED
 */
export async function fetchImageSignature(
  url: string,
  context: ResolverContext,
): Promise<FileSignature | undefined> {
  const { signal, now, resolver, signatures } = context
  if (signatures === undefined || resolver.signature?.covers !== 'image') return undefined
  const name = redactUrl(url)
  const expected = expectedSignature(resolver.signature, url, context.release)
  const detached = await fetchDetached(url, expected, context)
  if (detached === undefined) {
    tellMissing(name, expected, context)
    return undefined
  }
  const found = await verifyWith(signatures.keys, expected, signal, (keys) =>
    readFileSignature(detached, keys, { name, now }),
  )
  if ('prove' in found) return found
  tellNoKey(name, expected, found.problems, context)
  return undefined
}

/** @throws UpdaterError SIGNATURE_MISSING if there must be a signature */
function tellMissing(name: string, expected: ExpectedSignature, { signatures, tell }: ResolverContext): void {
  if (signatures?.policy === 'require' || expected.mustBeSigned) throw missingSignature(name, expected)
  if (expected.knownToSign) tell({ type: 'warning', message: missingWarning(name) })
}

/** @throws UpdaterError SIGNATURE_KEY if the key must be at hand */
function tellNoKey(
  name: string,
  expected: ExpectedSignature,
  problems: readonly string[],
  { signatures, tell }: ResolverContext,
): void {
  const mustBeThere = expected.mustBeSigned && expected.keyUrl !== undefined
  if (signatures?.policy === 'require' || mustBeThere) throw missingKey(name, expected, problems)
  tell({ type: 'warning', message: missingKeyWarning(name, expected, problems) })
}

/**
 * Verifies a signature by the pinned keys. Where they do not, they are asked for anew once: a distribution may have
 * got another subkey, or a later end of its key, since we have ours.
 * @returns why no pinned key, or not the one that may have signed, is at hand
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY, ABORTED
 */
async function verifyWith<Verified>(
  source: KeySource,
  expected: ExpectedSignature,
  signal: AbortSignal | undefined,
  verify: (keys: FoundKeys['keys']) => Promise<Verified>,
): Promise<Verified | Pick<FoundKeys, 'problems'>> {
  const { keys, problems } = await source.find(expected, signal)
  if (keys.length === 0) return { problems }
  try {
    return await verify(keys)
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code !== 'SIGNATURE_KEY') throw error
  }
  const renewed = await source.renew(expected, signal)
  try {
    return await verify(renewed.keys)
  } catch (error) {
    if (error instanceof UnknownSigner && renewed.problems.length > 0) return { problems: renewed.problems }
    if (error instanceof ExpiredKey && expected.mayHaveExpired) return { problems: [error.message] }
    throw error
  }
}

/** Returns a signal for requests that are wanted only if `answer` comes. */
function untilFailed(answer: Promise<unknown>, signal: AbortSignal | undefined): AbortSignal {
  const unwanted = new AbortController()
  answer.catch(() => unwanted.abort())
  return signal === undefined ? unwanted.signal : AbortSignal.any([unwanted.signal, signal])
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

function unverified(text: string, url: string, next: string | undefined): VerifiedText {
  const covered = holdsClearsigned(text) ? splitClearsigned(text, redactUrl(url)).signedText : text
  return { url, text: covered, trust: 'checksum', next }
}

/**
 * Returns the file at `url` with its checksum, in the algorithm of the image's catalogue entry if the manifest has it.
 * @throws UpdaterError CHECKSUM_NOT_LISTED, CHECKSUM_AMBIGUOUS, CHECKSUM_MALFORMED if the manifest has its checksum in
 * an algorithm alone that no catalogue can hold
 */
export function listedFile(url: string, manifest: Manifest, image: Image): ListedFile {
  const { entries, unusable } = manifest
  const name = splitFileUrl(url)?.name ?? ''
  const named = entriesOf(url, entries, manifest.url)
  const [other] = named.length === 0 ? entriesOf(url, unusable, manifest.url) : []
  if (other !== undefined) throw unusableChecksum(other, manifest.url)
  return { ...lookUpChecksum(entries, name, catalogueAlgorithm(image), manifest.url, named), name }
}

/** The algorithm of the checksum that the catalogue has now. */
export function catalogueAlgorithm(image: Image): DigestAlgorithm | undefined {
  return parseDigest(image.versions[0]?.checksum ?? '')?.algorithm
}

/**
 * Returns the file under the dated name of its build. A name without a build stamp may be an alias (`…-latest.…`) that
 * moves on; the manifest may list the same bytes under a name that stays. Of several such names the newest counts.
 */
export function datedTwin(
  url: string,
  file: ListedFile,
  manifest: Manifest,
  context: Pick<ResolverContext, 'now' | 'tell'>,
): ListedFile {
  if (findStamp(file.name) !== undefined || isOfNothing(file.digest)) return file
  const { parent } = splitFileUrl(url) ?? {}
  const twins = manifest.entries.flatMap(({ name: written = '', digest, size }) => {
    if (!sameDigest(digest, file.digest) || extensionOf(written) !== extensionOf(file.name)) return []
    // A path counts if it leads into the folder of the file.
    const place = splitFileUrl(entryUrl(written, manifest.url))
    const name = place?.parent === parent ? (place?.name ?? written) : written
    const stamp = isSafeFileName(name) ? findStamp(name) : undefined
    return stamp ? [{ name, digest, size, stamp }] : []
  })
  const passable = withoutFuture([...twins, file], ({ name }) => [name], manifest.url, context)
  return (
    twins.filter((twin) => passable.includes(twin)).sort((a, b) => compareStamps(b.stamp, a.stamp))[0] ?? file
  )
}

/** @returns CHECKSUM_MALFORMED */
export function noChecksum(url: string): UpdaterError {
  return new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} holds no checksum`, {
    remedy: 'Look at what the server sends there, often a page about an error',
  })
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
