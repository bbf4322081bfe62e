import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKey } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import { makeFolder, replaceFile } from '../../files.ts'
import type { DiscoveryHttp } from '../../http/client.ts'
import { SharedTasks } from '../../http/shared.ts'
import { redactUrl } from '../../http/url.ts'
import { createFailures } from './failures.ts'
import { createKeyServers } from './key-servers.ts'
import { type FoundKeys, loadKeyring, mergeKeys, readPublicKeys } from './public-keys.ts'

export interface KeySourceOptions {
  /** Folder of the operator's keys. */
  readonly keyring: string
  /** URLs of key servers. Default: none. */
  readonly keyservers?: readonly string[] | undefined
  /** Milliseconds for all that is asked of them. Default: 3000. */
  readonly patience?: number | undefined
  /** Folder where fetched keys are kept; `undefined`: they are not. */
  readonly cacheDir: string | undefined
  readonly http: DiscoveryHttp
  readonly signal?: AbortSignal | undefined
  readonly now?: (() => Date) | undefined
}

export interface KeysWanted {
  /** Full fingerprints of primary keys: 40 hexadecimal digits (64 for version 6), spaces allowed. */
  readonly fingerprints: readonly string[]
  /** Where the distribution has the keys. */
  readonly keyUrl?: string | undefined
}

export interface KeySource {
  /**
   * Returns the pinned keys that can be had, and why the others cannot. Searches once for all who want the same key.
   * @param signal default: the source's own
   * @throws UpdaterError ABORTED
   */
  find(wanted: KeysWanted, signal?: AbortSignal): Promise<FoundKeys>
  /**
   * The same, but fetches the keys anew, whatever is at hand: for a signature that our copy of a key does not verify
   * while a later one, with another subkey or end, may.
   */
  renew(wanted: KeysWanted, signal?: AbortSignal): Promise<FoundKeys>
}

/** A fetched key is asked for again after a week, so that revocations and new subkeys arrive. */
const cacheLifetime = 7 * 24 * 60 * 60 * 1000

/** One key that is wanted. */
interface Pin {
  /** As `normalFingerprint` returns it. */
  readonly fingerprint: string
  readonly keyUrl: string | undefined
}

/** Copies of one key that are at hand. */
interface Held {
  readonly keys: readonly PublicKey[]
  /** Good enough not to be asked for again. */
  readonly isFresh: boolean
}

/**
 * Finds pinned keys: in the keyring folder, else in the cache, else at the distribution, else at key servers. A key
 * counts by its full fingerprint alone, wherever it was found.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { http, cacheDir, now = () => new Date() } = options
  const failures = createFailures(cacheDir, now)
  const { keyservers: servers = [], patience } = options
  const keyServers = createKeyServers({ servers, http, failures, patience })
  const finding = new SharedTasks<FoundKeys>()
  const renewing = new SharedTasks<FoundKeys>()
  let keyring: Promise<FoundKeys> | undefined

  async function givenKeys(fingerprint: string): Promise<FoundKeys> {
    keyring ??= loadKeyring(options.keyring)
    const { keys, problems } = await keyring
    return { keys: pinnedOnly(keys, fingerprint), problems }
  }

  async function find({ fingerprint, keyUrl }: Pin, signal: AbortSignal): Promise<FoundKeys> {
    const { keys } = await givenKeys(fingerprint)
    if (keys.length > 0) return { keys, problems: [] }
    const cached = await readCache(fingerprint, cacheDir, now())
    return cached.isFresh ? { keys: cached.keys, problems: [] } : renew({ fingerprint, keyUrl }, signal)
  }

  async function renew(pin: Pin, signal: AbortSignal): Promise<FoundKeys> {
    const given = await givenKeys(pin.fingerprint)
    const cached = await readCache(pin.fingerprint, cacheDir, now())
    const fetched = await fetchKey(pin, signal)
    const kept = await mergeKeys([...cached.keys, ...fetched.keys])
    if (fetched.keys.length > 0) await writeCache(kept, cacheDir)
    const keys = await mergeKeys([...given.keys, ...kept])
    return { keys, problems: keys.length > 0 ? [] : [...given.problems, ...fetched.problems] }
  }

  async function fetchKey({ fingerprint, keyUrl }: Pin, signal: AbortSignal): Promise<FoundKeys> {
    const own = keyUrl === undefined ? undefined : await fetchOwn(keyUrl, fingerprint, { http, signal })
    if (own !== undefined && own.keys.length > 0) return own
    const { keys, problems } = await keyServers.find(fingerprint, signal)
    const before = own?.problems ?? ['It is not in the keyring folder']
    return { keys, problems: [...before, ...problems] }
  }

  async function ofAll(
    { fingerprints, keyUrl }: KeysWanted,
    search: (pin: Pin) => Promise<FoundKeys>,
  ): Promise<FoundKeys> {
    if (fingerprints.length === 0) return { keys: [], problems: ['No key of this release is pinned'] }
    const pins = fingerprints.map((fingerprint) => ({ fingerprint: normalFingerprint(fingerprint), keyUrl }))
    const found = await Promise.all(pins.map(search))
    return {
      keys: found.flatMap(({ keys }) => keys),
      problems: [...new Set(found.flatMap(({ problems }) => problems))],
    }
  }

  const nameOf = ({ fingerprint, keyUrl }: Pin) => `${keyUrl} ${fingerprint}`
  return {
    find: (wanted, signal = options.signal) =>
      ofAll(wanted, (pin) => finding.ask(nameOf(pin), signal, (shared) => find(pin, shared))),
    renew: (wanted, signal = options.signal) =>
      ofAll(wanted, (pin) => renewing.ask(nameOf(pin), signal, (shared) => renew(pin, shared))),
  }
}

function pinnedOnly(keys: readonly PublicKey[], fingerprint: string): readonly PublicKey[] {
  return keys.filter((key) => key.getFingerprint() === fingerprint)
}

/** A fingerprint as it is compared: whole, lower case, without spaces. */
function normalFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(' ', '').toLowerCase()
}

/** Asks the distribution. Its file may hold the keys of all of its releases. */
async function fetchOwn(
  url: string,
  fingerprint: string,
  { http, signal }: { readonly http: DiscoveryHttp; readonly signal: AbortSignal },
): Promise<FoundKeys> {
  try {
    const { bytes } = await http.text(url, { signal })
    const keys = await mergeKeys(pinnedOnly(await readPublicKeys(bytes), fingerprint))
    return { keys, problems: [`What lies at ${redactUrl(url)} is not the pinned key`] }
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code === 'ABORTED') throw error
    return { keys: [], problems: [`The key at ${redactUrl(url)} could not be had: ${error.message}`] }
  }
}

/** A cache that cannot be read is an empty one, and a key is out of it when it has expired. */
async function readCache(fingerprint: string, cacheDir: string | undefined, now: Date): Promise<Held> {
  const none = { keys: [], isFresh: false }
  if (cacheDir === undefined) return none
  try {
    const path = cacheFile(cacheDir, fingerprint)
    const keys = pinnedOnly(await readPublicKeys(await readFile(path)), fingerprint)
    const ends = await Promise.all(keys.map((key) => key.getExpirationTime()))
    if (ends.some((end) => end instanceof Date && end <= now)) return none
    const age = now.getTime() - (await stat(path)).mtimeMs
    return { keys, isFresh: keys.length > 0 && age < cacheLifetime }
  } catch {
    return none
  }
}

/** A cache that cannot be written is no error: the key is fetched again next time. */
async function writeCache(keys: readonly PublicKey[], cacheDir: string | undefined): Promise<void> {
  if (cacheDir === undefined) return
  try {
    await makeFolder(cacheDir)
    for (const key of keys) await replaceFile(cacheFile(cacheDir, key.getFingerprint()), key.armor())
  } catch {}
}

function cacheFile(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint}.asc`)
}
