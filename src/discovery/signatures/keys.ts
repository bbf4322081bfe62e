import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { PublicKey } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { isErrno, makeFolder, replaceFile } from '../../files.ts'
import type { DiscoveryHttp } from '../../http/client.ts'
import { SharedTasks } from '../../http/shared.ts'
import { redactUrl } from '../../http/url.ts'

export interface KeySourceOptions {
  /** Folder of the operator's keys. */
  readonly keyring: string
  /** Folder where fetched keys are kept; `undefined`: they are not. */
  readonly cacheDir: string | undefined
  readonly http: DiscoveryHttp
  readonly signal?: AbortSignal | undefined
  readonly now?: (() => Date) | undefined
}

export interface KeysWanted {
  /** Full fingerprints of primary keys: 40 hexadecimal digits (64 for version 6), spaces allowed. */
  readonly fingerprints: readonly string[]
  /** Where the keys can be had, if they are not at hand. */
  readonly keyUrl?: string | undefined
}

/** Pinned keys; if there are none, the reasons. */
export interface FoundKeys {
  readonly keys: readonly PublicKey[]
  readonly problems: readonly string[]
}

export interface KeySource {
  /**
   * Searches once for all who want the same keys.
   * @param signal default: the source's own
   * @throws UpdaterError ABORTED
   */
  find(wanted: KeysWanted, signal?: AbortSignal): Promise<FoundKeys>
}

/** A fetched key is asked for again after a week, so that revocations and new subkeys arrive. */
const cacheLifetime = 7 * 24 * 60 * 60 * 1000

/**
 * Finds pinned keys: in the keyring folder, else in the cache, else at the distribution. Only keys whose full
 * fingerprint is wanted are returned, wherever they were found.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  let keyring: Promise<FoundKeys> | undefined
  const searches = new SharedTasks<FoundKeys>()

  async function find(wanted: KeysWanted, signal: AbortSignal): Promise<FoundKeys> {
    if (wanted.fingerprints.length === 0) return { keys: [], problems: ['No key of this release is pinned'] }
    keyring ??= loadKeyring(options.keyring)
    const { keys, problems } = await keyring
    const held = pinnedOnly(keys, wanted.fingerprints)
    if (held.length > 0) return { keys: held, problems: [] }
    const fetched = await fromCacheOrServer(wanted, { ...options, signal })
    return { keys: fetched.keys, problems: [...problems, ...fetched.problems] }
  }

  return {
    find(wanted, signal = options.signal) {
      const id = `${wanted.keyUrl} ${wanted.fingerprints.join()}`
      return searches.ask(id, signal, (shared) => find(wanted, shared))
    },
  }
}

function pinnedOnly(keys: readonly PublicKey[], fingerprints: readonly string[]): readonly PublicKey[] {
  const pinned = new Set(fingerprints.map(normalFingerprint))
  return keys.filter((key) => pinned.has(key.getFingerprint()))
}

/** A fingerprint as it is compared: whole, lower case, without spaces. */
function normalFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(' ', '').toLowerCase()
}

async function fromCacheOrServer(
  { fingerprints, keyUrl }: KeysWanted,
  options: KeySourceOptions,
): Promise<FoundKeys> {
  const { keys, isFresh } = await readCache(fingerprints, options)
  if (isFresh || keyUrl === undefined) return { keys, problems: ['It is not in the keyring folder'] }
  const fetched = await fetchKeys(keyUrl, fingerprints, options)
  if (fetched.keys.length === 0 && keys.length > 0) return { keys, problems: [] }
  for (const key of fetched.keys) await writeCache(key, options.cacheDir)
  return fetched
}

async function fetchKeys(
  url: string,
  fingerprints: readonly string[],
  { http, signal }: KeySourceOptions,
): Promise<FoundKeys> {
  try {
    const { bytes } = await http.text(url, { signal })
    const keys = pinnedOnly(await readPublicKeys(bytes), fingerprints)
    return { keys, problems: [`What lies at ${redactUrl(url)} is not the pinned key`] }
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code === 'ABORTED') throw error
    return { keys: [], problems: [`The key at ${redactUrl(url)} could not be had: ${error.message}`] }
  }
}

/** A cache that cannot be read is an empty one; a key in it is trusted by its fingerprint alone. */
async function readCache(
  fingerprints: readonly string[],
  { cacheDir, now = () => new Date() }: KeySourceOptions,
): Promise<{ readonly keys: readonly PublicKey[]; readonly isFresh: boolean }> {
  const keys: PublicKey[] = []
  let isFresh = true
  for (const fingerprint of cacheDir === undefined ? [] : fingerprints) {
    try {
      const path = cacheFile(cacheDir ?? '', normalFingerprint(fingerprint))
      const found = pinnedOnly(await readPublicKeys(await readFile(path)), [fingerprint])
      keys.push(...found)
      const age = now().getTime() - (await stat(path)).mtimeMs
      isFresh &&= found.length > 0 && age < cacheLifetime
    } catch {
      isFresh = false
    }
  }
  return { keys, isFresh: isFresh && keys.length > 0 }
}

/** A cache that cannot be written is no error: the key is fetched again next time. */
async function writeCache(key: PublicKey, cacheDir: string | undefined): Promise<void> {
  if (cacheDir === undefined) return
  try {
    await makeFolder(cacheDir)
    await replaceFile(cacheFile(cacheDir, key.getFingerprint()), key.armor())
  } catch {}
}

function cacheFile(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint}.asc`)
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
  const keys = new Map<string, PublicKey>()
  const problems: string[] = []
  for (const name of names.sort()) {
    if (!keyFileNames.has(extname(name).toLowerCase())) continue
    const path = join(folder, name)
    try {
      for (const key of await readKeyFile(path)) {
        const copy = keys.get(key.getFingerprint())
        keys.set(key.getFingerprint(), copy === undefined ? key : await copy.update(key))
      }
    } catch (error) {
      problems.push(`The key file ${path} could not be read: ${reason(error)}`)
    }
  }
  return { keys: [...keys.values()], problems }
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

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
