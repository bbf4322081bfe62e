import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { PublicKey, SignaturePacket } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { isErrno } from '../../files.ts'

/** Keys, and why there are not more of them. */
export interface FoundKeys {
  readonly keys: readonly PublicKey[]
  readonly problems: readonly string[]
}

const keyFileNames = new Set(['.asc', '.gpg', '.pgp', '.key'])
/** Bytes of a key file; a distribution's whole keyring has about 60 KiB. */
const maxKeyBytes = 1024 * 1024

/**
 * Loads the public keys of a folder (`*.asc`, `*.gpg`, `*.pgp`, `*.key`; armored or binary, any number
 * of keys in a file). A folder that is missing is an empty one; a file that is not a key is a problem. Copies of one
 * key are merged, so that a revocation in any of them counts.
 */
export async function loadKeyring(folder: string): Promise<FoundKeys> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    const problem = `The keyring folder ${folder} could not be read: ${reason(error)}`
    return { keys: [], problems: isErrno(error, 'ENOENT') ? [] : [problem] }
  }
  const keys: PublicKey[] = []
  const problems: string[] = []
  for (const name of names.sort()) {
    if (!keyFileNames.has(extname(name).toLowerCase())) continue
    const path = join(folder, name)
    try {
      keys.push(...(await readKeyFile(path)))
    } catch (error) {
      problems.push(`The key file ${path} could not be read: ${reason(error)}`)
    }
  }
  return { keys: await mergeKeys(keys), problems }
}

async function readKeyFile(path: string): Promise<readonly PublicKey[]> {
  const facts = await stat(path)
  if (!facts.isFile()) throw new Error('it is not a file')
  if (facts.size > maxKeyBytes) throw new Error('it is too large for OpenPGP keys')
  return readPublicKeys(await readFile(path))
}

/**
 * Reads public keys, armored (several blocks may follow each other) or binary. Of a private key only
 * the public part is kept.
 * @throws UpdaterError SIGNATURE_KEY
 */
export async function readPublicKeys(bytes: Uint8Array): Promise<readonly PublicKey[]> {
  if (bytes.length > maxKeyBytes) {
    throw new UpdaterError('SIGNATURE_KEY', 'The file is too large for OpenPGP keys')
  }
  const openpgp = await import('openpgp')
  try {
    const isBinary = ((bytes[0] ?? 0) & 0x80) !== 0
    const blocks = isBinary ? [] : new TextDecoder().decode(bytes).split(/(?=^-----BEGIN PGP )/m)
    const armored = blocks.filter((block) => /^-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----/.test(block))
    if (!isBinary && armored.length === 0) throw new Error('there is no key in it')
    const read = isBinary
      ? [await openpgp.readKeys({ binaryKeys: bytes })]
      : await Promise.all(armored.map((armoredKeys) => openpgp.readKeys({ armoredKeys })))
    return read.flat().map((key) => key.toPublic())
  } catch (error) {
    throw new UpdaterError('SIGNATURE_KEY', `The file does not hold OpenPGP keys: ${reason(error)}`, {
      cause: error,
    })
  }
}

/** Puts copies of a key together, so that a revocation in any of them counts. */
export async function mergeKeys(keys: readonly PublicKey[]): Promise<readonly PublicKey[]> {
  const merged = new Map<string, PublicKey>()
  for (const key of keys) {
    const copy = merged.get(key.getFingerprint())
    merged.set(key.getFingerprint(), copy === undefined ? key : await copy.update(key))
  }
  return [...merged.values()]
}

/** Whether the key itself has bound its subkeys, and one of its user ids, if it has any. */
export async function isWhole(key: PublicKey): Promise<boolean> {
  const { config } = await import('openpgp')
  // Which hashes are good enough is asked when a signature by the key is verified.
  const lenient = { ...config, rejectHashAlgorithms: new Set<never>() }
  const { keyPacket, users, subkeys } = key
  const isOwn = (signature: SignaturePacket, data: object) => {
    const { signatureType, created } = signature
    if (signatureType === null || created === null) return Promise.resolve(false)
    return signature
      .verify(keyPacket, signatureType, { key: keyPacket, ...data }, created, false, lenient)
      .then(
        () => true,
        () => false,
      )
  }
  const bindings = subkeys.flatMap(({ keyPacket: bind, bindingSignatures }) =>
    bindingSignatures.map((signature) => isOwn(signature, { bind })),
  )
  const certifications = users.flatMap(({ userID, userAttribute, selfCertifications }) =>
    selfCertifications.map((signature) => isOwn(signature, { userID, userAttribute })),
  )
  const isUser = users.length === 0 || (await Promise.all(certifications)).includes(true)
  return isUser && !(await Promise.all(bindings)).includes(false)
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
