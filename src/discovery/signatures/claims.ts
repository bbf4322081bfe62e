import type { Config, Key, SignaturePacket } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { type V3Signature, v3Signatures, verifyWithGpgv } from './v3-signature.ts'

type OpenPgp = typeof import('openpgp')

/** The data that is said to be signed, and what its verification needs. */
export interface ClaimContext {
  readonly openpgp: OpenPgp
  /** For messages. */
  readonly name: string
  readonly data: Uint8Array
  readonly signal: AbortSignal | undefined
}

/** What a signature packet says of itself, before anything is proven. */
export interface Claim {
  readonly type: number
  readonly hash: number
  readonly created: Date
  readonly expires: Date | number
  readonly keyId: string
  /** Where the packet carries it, lower case. */
  readonly fingerprint: string | undefined
  /** Throws unless the signer's key made this signature over the data. */
  prove(signer: Signer, context: ClaimContext): Promise<void>
}

export interface Signer {
  readonly primary: Key
  /** The primary key itself or the subkey that the signature names. */
  readonly signing: ReturnType<Key['getKeys']>[number]
}

/** Bytes and packets of a signature file; real ones have under 4 KiB and one or two packets. */
const maxSignatureBytes = 64 * 1024
const maxSignatures = 16

/**
 * Reads the signature packets of a detached signature, armored or binary.
 * @throws UpdaterError SIGNATURE_BAD
 */
export async function readClaims(
  signature: Uint8Array | string,
  context: ClaimContext,
): Promise<readonly Claim[]> {
  const unreadable = (cause?: unknown) =>
    new UpdaterError('SIGNATURE_BAD', `The signature of ${context.name} is not an OpenPGP signature`, {
      cause,
      remedy: 'Look at what the server sends in its place, often an error page',
    })
  if (signature.length > maxSignatureBytes) throw unreadable()
  try {
    const bytes = await signatureBytes(signature, context.openpgp)
    const { packets } = await context.openpgp.readSignature({ binarySignature: bytes })
    const modern = packets.filter((packet) => packet instanceof context.openpgp.SignaturePacket)
    const claims = [...modern.flatMap(modernClaim), ...v3Signatures(bytes).map(v3Claim)]
    if (claims.length === 0 || claims.length > maxSignatures) throw unreadable()
    return claims
  } catch (error) {
    throw error instanceof UpdaterError ? error : unreadable(error)
  }
}

async function signatureBytes(signature: Uint8Array | string, openpgp: OpenPgp): Promise<Uint8Array> {
  const isBinary = typeof signature !== 'string' && ((signature[0] ?? 0) & 0x80) !== 0
  if (isBinary) return signature
  const text = typeof signature === 'string' ? signature : new TextDecoder().decode(signature)
  const { type, data } = await openpgp.unarmor(text)
  if (type !== openpgp.enums.armor.signature) throw new Error('The armor does not hold a signature')
  return data as unknown as Uint8Array
}

function modernClaim(packet: SignaturePacket): readonly Claim[] {
  const { created, hashAlgorithm, signatureType } = packet
  if (created === null || hashAlgorithm === null || signatureType === null) return []
  const { issuerFingerprint } = packet
  return [
    {
      type: signatureType,
      hash: hashAlgorithm,
      created,
      expires: packet.getExpirationTime(),
      keyId: packet.issuerKeyID.toHex(),
      fingerprint: issuerFingerprint === null ? undefined : Buffer.from(issuerFingerprint).toString('hex'),
      prove: (signer, context) => proveModern(packet, created, signer, context),
    },
  ]
}

function v3Claim(packet: V3Signature): Claim {
  return {
    ...packet,
    expires: Number.POSITIVE_INFINITY,
    fingerprint: undefined,
    prove: ({ primary }, { name, data, signal }) =>
      verifyWithGpgv({
        name,
        data,
        signature: packet.bytes,
        key: primary.toPublic().write(),
        fingerprint: primary.getFingerprint(),
        signal,
      }),
  }
}

async function proveModern(
  packet: SignaturePacket,
  created: Date,
  { primary }: Signer,
  { openpgp, data }: ClaimContext,
): Promise<void> {
  const packets = new openpgp.PacketList<SignaturePacket>()
  packets.push(packet)
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
}

/** What the library may accept, whatever its defaults are. */
export function strictConfig({ config, enums }: OpenPgp): Config {
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
