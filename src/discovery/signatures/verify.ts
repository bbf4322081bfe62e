import type { Key } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { type Claim, type ClaimContext, readClaims, type Signer, strictConfig } from './claims.ts'
import { canonicalBytes, splitClearsigned } from './clearsigned.ts'

/** Keys that may have signed. A key whose full fingerprint is not listed counts for nothing. */
export interface PinnedKeys {
  /** Full fingerprints of primary keys: 40 hexadecimal digits (64 for version 6), spaces allowed. */
  readonly fingerprints: readonly string[]
  readonly keys: readonly Key[]
}

export interface SignedBy {
  /** Full fingerprint of the primary key, lower case. */
  readonly fingerprint: string
  /** Full fingerprint of the (sub)key that made the signature. */
  readonly signingKey: string
  readonly created: Date
}

interface VerificationContext {
  /** What is verified, for messages. */
  readonly name?: string | undefined
  readonly now?: Date | undefined
  readonly signal?: AbortSignal | undefined
}

/** Hash algorithms by number (RFC 9580, section 9.5). */
const weakHashes = new Map([
  [1, 'MD5'],
  [2, 'SHA-1'],
  [3, 'RIPEMD-160'],
])
const clockTolerance = 24 * 60 * 60 * 1000

/**
 * Verifies a detached signature, armored or binary. One good signature by a pinned key suffices.
 *
 * Refused: a signer that is not pinned; a key or signing subkey that is expired or revoked, now or when
 * the signature was made; DSA, RSA under 2048 bits; MD5, SHA-1 and RIPEMD-160; an expired signature, or
 * one from more than a day in the future. SHA-1 in a key's own certificates is left to the pin: it
 * names the primary key whole.
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY, ABORTED
 */
export async function verifyDetached(
  data: Uint8Array,
  signature: Uint8Array | string,
  keys: PinnedKeys,
  options: VerificationContext = {},
): Promise<SignedBy> {
  const openpgp = await import('openpgp')
  const context: Context = {
    openpgp,
    name: options.name ?? 'the data',
    data,
    keys: trustedKeys(keys),
    now: options.now ?? new Date(),
    signal: options.signal,
  }
  const claims = await readClaims(signature, context)
  const signed = claims.flatMap((claim) => {
    const signer = findSigner(claim, context.keys)
    return signer === undefined ? [] : [{ claim, signer }]
  })
  if (signed.length === 0) throw unknownSigner(claims, context.name)
  const failures: unknown[] = []
  for (const { claim, signer } of signed) {
    try {
      return await judge(claim, signer, context)
    } catch (error) {
      if (error instanceof UpdaterError && error.code === 'ABORTED') throw error
      failures.push(error)
    }
  }
  throw failures[0]
}

/**
 * Verifies a clearsigned message by the rules of `verifyDetached` and returns the text that the
 * signature covers, and nothing else.
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY, ABORTED
 */
export async function verifyClearsigned(
  text: string,
  keys: PinnedKeys,
  options: VerificationContext = {},
): Promise<{ readonly signedText: string; readonly by: SignedBy }> {
  const { signedText, signature } = splitClearsigned(text, options.name)
  return { signedText, by: await verifyDetached(canonicalBytes(signedText), signature, keys, options) }
}

/** A fingerprint as it is compared: whole, lower case, without spaces. */
export function normalFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(' ', '').toLowerCase()
}

function trustedKeys({ fingerprints, keys }: PinnedKeys): readonly Key[] {
  const pinned = new Set(fingerprints.map(normalFingerprint))
  return keys.filter((key) => pinned.has(key.getFingerprint()))
}

interface Context extends ClaimContext {
  readonly keys: readonly Key[]
  readonly now: Date
}

function findSigner(claim: Claim, keys: readonly Key[]): Signer | undefined {
  for (const primary of keys) {
    for (const signing of primary.getKeys()) {
      const same =
        signing.getKeyID().toHex() === claim.keyId &&
        (claim.fingerprint === undefined || claim.fingerprint === signing.getFingerprint())
      if (same) return { primary, signing }
    }
  }
  return undefined
}

function unknownSigner(claims: readonly Claim[], name: string): UpdaterError {
  const signers = claims.map((claim) => claim.fingerprint ?? claim.keyId).join(', ')
  return new UpdaterError(
    'SIGNATURE_KEY',
    `The signature of ${name} claims to be by key ${signers}, which is not a pinned key at hand`,
    {
      remedy:
        'If the distribution announced a new signing key, update image-updater; else do not use this build',
    },
  )
}

async function judge(claim: Claim, signer: Signer, context: Context): Promise<SignedBy> {
  const bad = (what: string, cause?: unknown) =>
    new UpdaterError('SIGNATURE_BAD', `The signature of ${context.name} ${what}`, {
      cause,
      remedy: 'Do not use this build until the distribution explains it',
    })
  if (claim.type !== 0 && claim.type !== 1) throw bad('is of a kind that does not cover a file')
  const weak = weakHashes.get(claim.hash)
  if (weak !== undefined) throw bad(`is made with the weak hash ${weak}`)
  if (claim.created.getTime() > context.now.getTime() + clockTolerance) {
    throw bad(`is dated in the future, ${claim.created.toISOString()}`)
  }
  if (claim.expires <= context.now) throw bad('has expired')
  await usableKey(signer, context.now, context)
  await usableKey(signer, claim.created, context)
  try {
    await claim.prove(signer, context)
  } catch (error) {
    throw error instanceof UpdaterError
      ? error
      : bad('does not match: the file was changed after it was signed', error)
  }
  return {
    fingerprint: signer.primary.getFingerprint(),
    signingKey: signer.signing.getFingerprint(),
    created: claim.created,
  }
}

/** Refuses a key, or the binding of a signing subkey, that is expired, revoked or weak at `date`. */
async function usableKey(
  { primary, signing }: Signer,
  date: Date,
  { openpgp, name }: Context,
): Promise<void> {
  try {
    await primary.getSigningKey(signing.getKeyID(), date, undefined, strictConfig(openpgp))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UpdaterError(
      'SIGNATURE_KEY',
      `The key ${signing.getFingerprint()} that signed ${name} cannot be used (${reason})`,
      { cause: error, remedy: 'Put a current copy of the key into the keyring folder, if there is one' },
    )
  }
}
