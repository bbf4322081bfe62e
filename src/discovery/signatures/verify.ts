import type { AnyPacket, Config, Key, PacketList, SignaturePacket, Subkey } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { splitClearsigned } from './clearsigned.ts'
import { verifyWithGpgv } from './gpgv.ts'

type OpenPgp = typeof import('openpgp')

export interface VerificationOptions {
  /** What is verified, for messages. */
  readonly name?: string | undefined
  readonly now?: Date | undefined
  readonly signal?: AbortSignal | undefined
}

/** The data that is said to be signed, and what its verification needs. */
interface Context {
  readonly openpgp: OpenPgp
  readonly name: string
  readonly data: Uint8Array
  readonly now: Date
  readonly signal: AbortSignal | undefined
}

/** What a signature packet says of itself, before anything is proven. */
interface Claim {
  readonly packet: AnyPacket
  readonly type: number
  /** Number of the hash algorithm. */
  readonly hash: number
  readonly created: Date
  readonly expires: Date | number
  readonly keyId: string
  /** Of the signing key, lower case, if the packet carries it. */
  readonly fingerprint: string | undefined
}

interface Signer {
  readonly primary: Key
  /** The primary key itself or the subkey that the signature names. */
  readonly signing: Key | Subkey
}

/** Hash algorithms by number (RFC 9580, section 9.5). */
const weakHashes = new Map([
  [1, 'MD5'],
  [2, 'SHA-1'],
  [3, 'RIPEMD-160'],
])
const clockTolerance = 24 * 60 * 60 * 1000

/** Bytes and packets of a signature file; real ones have under 4 KiB and one or two packets. */
const maxSignatureBytes = 64 * 1024
const maxSignatures = 16

/**
 * Verifies a detached signature, armored or binary. One good signature by one of the keys suffices.
 *
 * Refused: any other signer; a key or signing subkey that is expired or revoked, now or when
 * the signature was made; DSA, RSA under 2048 bits; MD5, SHA-1 and RIPEMD-160; an expired signature, or
 * one from more than a day in the future. SHA-1 in a key's own certificates is left to the pin: it
 * names the primary key whole.
 * @param keys the pinned ones, as a `KeySource` finds them
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY, ABORTED
 */
export async function verifyDetached(
  data: Uint8Array,
  signature: Uint8Array | string,
  keys: readonly Key[],
  { name = 'the data', now = new Date(), signal }: VerificationOptions = {},
): Promise<void> {
  const context: Context = { openpgp: await import('openpgp'), name, data, now, signal }
  const claims = await readClaims(signature, context)
  const signed = claims.flatMap((claim) => {
    const signer = findSigner(claim, keys)
    return signer === undefined ? [] : [{ claim, signer }]
  })
  if (signed.length === 0) throw unknownSigner(claims, name)
  const failures: unknown[] = []
  for (const { claim, signer } of signed) {
    try {
      return await prove(claim, signer, context)
    } catch (error) {
      if (error instanceof UpdaterError && error.code === 'ABORTED') throw error
      failures.push(error)
    }
  }
  throw failures[0]
}

/**
 * Verifies a clearsigned message by the rules of `verifyDetached`.
 * @returns the text that the signature covers, and nothing else
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY, ABORTED
 */
export async function verifyClearsigned(
  text: string,
  keys: readonly Key[],
  options: VerificationOptions = {},
): Promise<string> {
  const { signedText, signature } = splitClearsigned(text, options.name)
  const covered = new TextEncoder().encode(signedText.replaceAll('\n', '\r\n'))
  await verifyDetached(covered, signature, keys, options)
  return signedText
}

async function readClaims(
  signature: Uint8Array | string,
  { openpgp, name }: Context,
): Promise<readonly Claim[]> {
  const unreadable = (cause?: unknown) =>
    new UpdaterError('SIGNATURE_BAD', `The signature of ${name} is not an OpenPGP signature`, {
      cause,
      remedy: 'Look at what the server sends in its place, often an error page',
    })
  if (signature.length > maxSignatureBytes) throw unreadable()
  try {
    const isText = typeof signature === 'string' || ((signature[0] ?? 0) & 0x80) === 0
    const { packets } = isText
      ? await openpgp.readSignature({ armoredSignature: Buffer.from(signature).toString() })
      : await openpgp.readSignature({ binarySignature: signature })
    const claims = packets.flatMap((packet: AnyPacket) => claimOf(packet, openpgp) ?? [])
    if (claims.length === 0 || claims.length > maxSignatures) throw unreadable()
    return claims
  } catch (error) {
    throw error instanceof UpdaterError ? error : unreadable(error)
  }
}

function claimOf(packet: AnyPacket, openpgp: OpenPgp): Claim | undefined {
  if (!(packet instanceof openpgp.SignaturePacket)) return claimOfV3(packet, openpgp)
  const { created, hashAlgorithm: hash, signatureType: type, issuerFingerprint } = packet
  if (created === null || hash === null || type === null) return undefined
  return {
    ...{ packet, type, hash, created },
    expires: packet.getExpirationTime(),
    keyId: packet.issuerKeyID.toHex(),
    fingerprint: issuerFingerprint === null ? undefined : Buffer.from(issuerFingerprint).toString('hex'),
  }
}

/** The library finds packets of version 3 (RFC 4880, section 5.2.2), but does not read them. */
function claimOfV3(packet: AnyPacket, { UnparseablePacket, enums }: OpenPgp): Claim | undefined {
  if (!(packet instanceof UnparseablePacket) || packet.tag !== enums.packet.signature) return undefined
  const body = Buffer.from(packet.write())
  if (body[0] !== 3 || body[1] !== 5 || body.length < 20) return undefined
  return {
    packet,
    type: body.readUInt8(2),
    created: new Date(body.readUInt32BE(3) * 1000),
    keyId: body.toString('hex', 7, 15),
    hash: body.readUInt8(16),
    expires: Number.POSITIVE_INFINITY,
    fingerprint: undefined,
  }
}

function findSigner({ keyId, fingerprint }: Claim, keys: readonly Key[]): Signer | undefined {
  return keys
    .flatMap((primary) => primary.getKeys().map((signing) => ({ primary, signing })))
    .find(
      ({ signing }) =>
        signing.getKeyID().toHex() === keyId &&
        (fingerprint === undefined || fingerprint === signing.getFingerprint()),
    )
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

/** Throws unless the signer made this signature over the data, with a key and a hash that are good enough. */
async function prove(claim: Claim, signer: Signer, context: Context): Promise<void> {
  const { openpgp, name, data, now, signal } = context
  const bad = (what: string, cause?: unknown) =>
    new UpdaterError('SIGNATURE_BAD', `The signature of ${name} ${what}`, {
      cause,
      remedy: 'Do not use this build until the distribution explains it',
    })
  const { packet, created } = claim
  if (claim.type !== 0 && claim.type !== 1) throw bad('is of a kind that does not cover a file')
  const weak = weakHashes.get(claim.hash)
  if (weak !== undefined) throw bad(`is made with the weak hash ${weak}`)
  if (created.getTime() > now.getTime() + clockTolerance) {
    throw bad(`is dated in the future, ${created.toISOString()}`)
  }
  if (claim.expires <= now) throw bad('has expired')
  await assertUsable(signer, now, context)
  await assertUsable(signer, created, context)
  const { primary } = signer
  const packets = new openpgp.PacketList<AnyPacket>()
  packets.push(packet)
  if (packet instanceof openpgp.UnparseablePacket) {
    const key = primary.toPublic().write()
    const fingerprint = primary.getFingerprint()
    return verifyWithGpgv({ name, data, signature: packets.write(), key, fingerprint, signal })
  }
  try {
    const { signatures } = await openpgp.verify({
      message: await openpgp.createMessage({ binary: data }),
      signature: new openpgp.Signature(packets as PacketList<SignaturePacket>),
      verificationKeys: [primary],
      date: created,
      format: 'binary',
      config: strictConfig(openpgp),
    })
    if (signatures[0] === undefined) throw new Error('There is no signature to verify')
    await signatures[0].verified
  } catch (error) {
    throw bad('does not match: the file was changed after it was signed', error)
  }
}

/** Refuses a key, or the binding of a signing subkey, that is expired, revoked or weak at `date`. */
async function assertUsable(
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

/** What the library may accept, whatever its defaults are. */
function strictConfig({ config, enums }: OpenPgp): Config {
  return {
    ...config,
    minRSABits: 2048,
    rejectHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd]),
    rejectMessageHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),
    rejectPublicKeyAlgorithms: new Set([enums.publicKey.elgamal, enums.publicKey.dsa]),
    rejectCurves: new Set([enums.curve.secp256k1]),
    allowInsecureVerificationWithReformattedKeys: false,
  }
}
