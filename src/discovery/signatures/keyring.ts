import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { PublicKey } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { isErrno } from '../../files.ts'

/** Public keys by the full fingerprint of their primary key, lower case. */
export interface Keyring {
  readonly keys: ReadonlyMap<string, PublicKey>
  /** One sentence for each file that could not be read. */
  readonly warnings: readonly string[]
}

const keyFileNames = new Set(['.asc', '.gpg', '.pgp', '.key'])
/** Bytes of a key file; a distribution's whole keyring has about 60 KiB. */
const maxKeyBytes = 1024 * 1024

/**
 * Loads the public keys of a folder (`*.asc`, `*.gpg`, `*.pgp`, `*.key`; armored or binary, any number
 * of keys in a file). A folder that is missing is an empty one; a file that is not a key is a warning.
 */
export async function loadKeyring(folder: string): Promise<Keyring> {
  const keys = new Map<string, PublicKey>()
  const warnings: string[] = []
  for (const path of await keyFiles(folder, warnings)) {
    try {
      for (const key of await readKeyFile(path)) await addKey(keys, key)
    } catch (error) {
      warnings.push(`The key file ${path} could not be read: ${reason(error)}`)
    }
  }
  return { keys, warnings }
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
    if (isBinary) return toPublic(await openpgp.readKeys({ binaryKeys: bytes }))
    const blocks = new TextDecoder().decode(bytes).split(/(?=^-----BEGIN PGP )/m)
    const armored = blocks.filter((block) => /^-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----/.test(block))
    if (armored.length === 0) throw new Error('there is no key in it')
    const read = await Promise.all(armored.map((armoredKeys) => openpgp.readKeys({ armoredKeys })))
    return toPublic(read.flat())
  } catch (error) {
    throw new UpdaterError('SIGNATURE_KEY', `The file does not hold OpenPGP keys: ${reason(error)}`, {
      cause: error,
    })
  }
}

async function keyFiles(folder: string, warnings: string[]): Promise<readonly string[]> {
  try {
    const names = await readdir(folder)
    return names
      .filter((name) => keyFileNames.has(extname(name).toLowerCase()))
      .sort()
      .map((name) => join(folder, name))
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) {
      warnings.push(`The keyring folder ${folder} could not be read: ${reason(error)}`)
    }
    return []
  }
}

async function readKeyFile(path: string): Promise<readonly PublicKey[]> {
  const facts = await stat(path)
  if (!facts.isFile()) throw new Error('it is not a file')
  if (facts.size > maxKeyBytes) throw new Error('it is too large for OpenPGP keys')
  return readPublicKeys(await readFile(path))
}

/** Copies of one key are merged, so that a revocation in any of them counts. */
async function addKey(keys: Map<string, PublicKey>, key: PublicKey): Promise<void> {
  const fingerprint = key.getFingerprint()
  const known = keys.get(fingerprint)
  keys.set(fingerprint, known === undefined ? key : await known.update(key))
}

function toPublic(keys: readonly PublicKey[]): readonly PublicKey[] {
  return keys.map((key) => key.toPublic())
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
