import type { AnyPacket, Config, Key, SignaturePacket, Subkey } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import type { FileSignature, Signer } from '../../image.ts'
import { splitClearsigned } from './clearsigned.ts'
import { hashNames, isByKey, readVersion3, type Version3 } from './version3.ts'

type OpenPgp = typeof import('openpgp')

export interface VerificationOptions {
  /** What is verified, for messages. */
  readonly name?: string | undefined
  readonly now?: Date | undefined
}

/** The signature is by none of the keys. */
export class UnknownSigner extends UpdaterError {}

/** The key that made the signature has expired. */
export class ExpiredKey extends UpdaterError {}

/** What the verification of a signature needs beside what is signed. */
interface Context {
  readonly openpgp: OpenPgp
  readonly name: string
  readonly now: Date
}

/** What a signature packet says of itself, before anything is proven. */
interface Claim {
  readonly packet: SignaturePacket | Version3
  readonly type: number
  /** Number of the hash algorithm. */
  readonly hash: number
  readonly created: Date
  readonly expires: Date | number
  readonly keyId: string
  /** Of the signing key, lower case, if the packet carries it. */
  readonly fingerprint: string | undefined
}

interface SigningKey {
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
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY
 */
export async function verifyDetached(
  data: Uint8Array,
  signature: Uint8Array | string,
  keys: readonly Key[],
  options: VerificationOptions = {},
): Promise<Signer> {
  return firstOf(signature, keys, options, (claim, signer, context) => prove(claim, signer, data, context))
}

/**
 * Reads the detached signature of a file whose bytes are still to come, and looks at all the rest by the rules of
 * `verifyDetached`.
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY
 */
export async function readFileSignature(
  signature: Uint8Array,
  keys: readonly Key[],
  options: VerificationOptions = {},
): Promise<FileSignature> {
  return firstOf(signature, keys, options, awaitBytes)
}

/** What `judge` returns of the first signature by one of the keys that it does not refuse. */
async function firstOf<Judged>(
  signature: Uint8Array | string,
  keys: readonly Key[],
  { name = 'the data', now = new Date() }: VerificationOptions,
  judge: (claim: Claim, signer: SigningKey, context: Context) => Promise<Judged>,
): Promise<Judged> {
  const context: Context = { openpgp: await import('openpgp'), name, now }
  const claims = await readClaims(signature, context)
  const signed = claims.flatMap((claim) => {
    const signer = findSigner(claim, keys, context)
    return signer === undefined ? [] : [{ claim, signer }]
  })
  if (signed.length === 0) throw unknownSigner(claims, name)
  const failures: unknown[] = []
  for (const { claim, signer } of signed) {
    try {
      return await judge(claim, signer, context)
    } catch (error) {
      failures.push(error)
    }
  }
  throw failures[0]
}

/**
 * Verifies a clearsigned message by the rules of `verifyDetached`.
 * @returns the text that the signature covers, and nothing else
 * @throws UpdaterError SIGNATURE_BAD, SIGNATURE_KEY
 */
export async function verifyClearsigned(
  text: string,
  keys: readonly Key[],
  options: VerificationOptions = {},
): Promise<{ readonly signedText: string; readonly signer: Signer }> {
  const { signedText, signature } = splitClearsigned(text, options.name)
  const covered = new TextEncoder().encode(signedText.replaceAll('\n', '\r\n'))
  return { signedText, signer: await verifyDetached(covered, signature, keys, options) }
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

function claimOfV3(packet: AnyPacket, { UnparseablePacket, enums }: OpenPgp): Claim | undefined {
  if (!(packet instanceof UnparseablePacket) || packet.tag !== enums.packet.signature) return undefined
  const read = readVersion3(Buffer.from(packet.write()))
  if (read === undefined) return undefined
  const { type, hash, created, keyId } = read
  return {
    packet: read,
    type,
    hash,
    created,
    keyId,
    expires: Number.POSITIVE_INFINITY,
    fingerprint: undefined,
  }
}

function findSigner(
  { keyId, fingerprint }: Claim,
  keys: readonly Key[],
  { openpgp }: Context,
): SigningKey | undefined {
  return keys
    .map((key) => withSelfSignature(key, openpgp))
    .flatMap((primary) => primary.getKeys().map((signing) => ({ primary, signing })))
    .find(
      ({ signing }) =>
        signing.getKeyID().toHex() === keyId &&
        (fingerprint === undefined || fingerprint === signing.getFingerprint()),
    )
}

function unknownSigner(claims: readonly Claim[], name: string): UpdaterError {
  const signers = claims.map((claim) => claim.fingerprint ?? claim.keyId).join(', ')
  return new UnknownSigner(
    'SIGNATURE_KEY',
    `The signature of ${name} claims to be by key ${signers}, which is not a pinned key at hand`,
    {
      remedy:
        'If the distribution announced a new signing key, update image-updater; else do not use this build',
    },
  )
}

/** Throws unless the signer made this signature over the data, with a key and a hash that are good enough. */
async function prove(claim: Claim, key: SigningKey, data: Uint8Array, context: Context): Promise<Signer> {
  const signer = await assertSound(claim, key, context)
  const { openpgp, name } = context
  const { packet, created } = claim
  const { primary, signing } = key
  if (!(packet instanceof openpgp.SignaturePacket)) {
    if (!isByKey(packet, signing, data)) throw bad(name, mismatch)
    return signer
  }
  const packets = new openpgp.PacketList<SignaturePacket>()
  packets.push(packet)
  try {
    const { signatures } = await openpgp.verify({
      message: await openpgp.createMessage({ binary: data }),
      signature: new openpgp.Signature(packets),
      verificationKeys: [primary],
      date: created,
      format: 'binary',
      config: strictConfig(openpgp),
    })
    if (signatures[0] === undefined) throw new Error('There is no signature to verify')
    await signatures[0].verified
  } catch (error) {
    throw bad(name, mismatch, error)
  }
  return signer
}

/** The library verifies a hash that it did not compute; it reads one of other than version 4 of salted bytes. */
async function awaitBytes(claim: Claim, key: SigningKey, context: Context): Promise<FileSignature> {
  const signer = await assertSound(claim, key, context)
  const { openpgp, name } = context
  const { packet, type, created } = claim
  const algorithm = hashNames.get(claim.hash)
  const isStreamed = packet instanceof openpgp.SignaturePacket && packet.version === 4 && type === 0
  if (!isStreamed || algorithm === undefined || packet.signatureData === null) {
    throw bad(name, 'is of a kind that cannot be verified while the file comes')
  }
  const length = Buffer.alloc(4)
  length.writeUInt32BE(packet.signatureData.length)
  const trailer = Buffer.concat([packet.signatureData, Uint8Array.of(4, 0xff), length])
  const prove = async (hashed: Uint8Array) => {
    const config = strictConfig(openpgp)
    try {
      await Object.assign(packet, { hashed }).verify(key.signing.keyPacket, type, {}, created, true, config)
    } catch (error) {
      throw bad(name, mismatch, error)
    }
  }
  return { algorithm, trailer, signer, prove }
}

/** Refuses a signature that could not be trusted whatever it covers. */
async function assertSound(claim: Claim, key: SigningKey, context: Context): Promise<Signer> {
  const { name, now } = context
  const { created } = claim
  if (claim.type !== 0 && claim.type !== 1) throw bad(name, 'is of a kind that does not cover a file')
  const weak = weakHashes.get(claim.hash)
  if (weak !== undefined) throw bad(name, `is made with the weak hash ${weak}`)
  if (created.getTime() > now.getTime() + clockTolerance) {
    throw bad(name, `is dated in the future, ${created.toISOString()}`)
  }
  if (claim.expires <= now) throw bad(name, 'has expired')
  await assertUsable(key, now, context)
  await assertUsable(key, created, context)
  const keyEnds = await endOf(key, context)
  return { fingerprint: key.primary.getFingerprint(), signedAt: created, keyEnds }
}

function bad(name: string, what: string, cause?: unknown): UpdaterError {
  return new UpdaterError('SIGNATURE_BAD', `The signature of ${name} ${what}`, {
    cause,
    remedy: 'Do not use this build until the distribution explains it',
  })
}

const mismatch = 'does not match: the file was changed after it was signed'

/** Refuses a key, or the binding of a signing subkey, that is expired, revoked or weak at `date`. */
async function assertUsable(signer: SigningKey, date: Date, context: Context): Promise<void> {
  const { primary, signing } = signer
  const { openpgp, name } = context
  try {
    await primary.getSigningKey(signing.getKeyID(), date, undefined, strictConfig(openpgp))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const end = await endOf(signer, context)
    const Refusal = end !== undefined && end <= date ? ExpiredKey : UpdaterError
    throw new Refusal(
      'SIGNATURE_KEY',
      `The key ${signing.getFingerprint()} that signed ${name} cannot be used (${reason})`,
      { cause: error, remedy: 'Put a current copy of the key into the keyring folder, if there is one' },
    )
  }
}

/**
 * When the key or the subkey that signed ends, whichever is first.
 * @returns undefined if neither does
 */
async function endOf({ primary, signing }: SigningKey, { openpgp }: Context): Promise<Date | undefined> {
  const config = strictConfig(openpgp)
  const ends = [await primary.getExpirationTime(undefined, config)]
  if (signing instanceof openpgp.Subkey) ends.push(await signing.getExpirationTime(undefined, config))
  const dates = ends.filter((end) => end instanceof Date)
  return dates.sort((a, b) => a.getTime() - b.getTime())[0]
}

/**
 * keys.openpgp.org serves keys without their user ids, and the self-signatures that the library looks for go with
 * them: the key's flags, and the end of the primary key unless a direct signature tells it. The fingerprint is
 * pinned, so the primary key is ours without them. What binds and revokes subkeys is there, and counts as ever.
 */
function withSelfSignature(key: Key, { SignaturePacket, enums }: OpenPgp): Key {
  if (key.users.length > 0 || key.keyPacket.version === 6) return key
  const bare = Object.assign(new SignaturePacket(), { keyFlags: Uint8Array.of(enums.keyFlags.signData) })
  return Object.assign(Object.create(key) as Key, { getPrimarySelfSignature: async () => bare })
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
