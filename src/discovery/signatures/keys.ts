import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKey } from 'openpgp'
import { cacheFolder } from '../../cache-folder.ts'
import { UpdaterError } from '../../errors.ts'
import { makeFolder, replaceFile } from '../../files.ts'
import type { DiscoveryHttp } from '../../http/types.ts'
import { redactUrl } from '../../http/url.ts'
import type { ExpectedSignature } from './expected.ts'
import { type Keyring, loadKeyring, readPublicKeys } from './keyring.ts'
import { normalFingerprint } from './verify.ts'

export interface KeySourceOptions {
  /** Folder of the operator's keys. */
  readonly keyring: string
  /** Folder where fetched keys are kept; `undefined`: they are not. */
  readonly cacheDir: string | undefined
  readonly http: DiscoveryHttp
  readonly now: () => Date
}

/** Pinned keys; if there are none, the reasons. */
export interface FoundKeys {
  readonly keys: readonly PublicKey[]
  readonly problems: readonly string[]
}

type KeyWanted = Pick<ExpectedSignature, 'fingerprints' | 'keyUrl'>

export interface KeySource {
  /** @throws UpdaterError ABORTED */
  find(pin: KeyWanted, signal?: AbortSignal): Promise<FoundKeys>
}

/** A fetched key is asked for again after a week, so that revocations and new subkeys arrive. */
const cacheLifetime = 7 * 24 * 60 * 60 * 1000

/** `$XDG_CACHE_HOME/image-updater/keys`, by default below `~/.cache`. */
export function defaultKeyCache(environment: NodeJS.ProcessEnv): string {
  return cacheFolder('keys', environment)
}

/**
 * Finds pinned keys: in the keyring folder, else in the cache, else at the distribution. Only keys with
 * a pinned fingerprint are returned, wherever they were found.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  let keyring: Promise<Keyring> | undefined
  const fetches = new Map<string, Promise<FoundKeys>>()

  async function fromCacheOrServer(pin: KeyWanted, signal: AbortSignal | undefined): Promise<FoundKeys> {
    const { keys: cached, fresh } = await readCache(pin.fingerprints, options)
    if (fresh || pin.keyUrl === undefined) {
      return { keys: cached, problems: cached.length > 0 ? [] : ['It is not in the keyring folder'] }
    }
    const fetched = await fetchKeys(pin.keyUrl, pin.fingerprints, options.http, signal)
    if (fetched.keys.length === 0) return cached.length > 0 ? { keys: cached, problems: [] } : fetched
    for (const key of fetched.keys) await writeCache(key, options.cacheDir)
    return fetched
  }

  return {
    async find(pin, signal) {
      keyring ??= loadKeyring(options.keyring)
      const { keys, warnings } = await keyring
      const held = pin.fingerprints.flatMap((pinned) => keys.get(normalFingerprint(pinned)) ?? [])
      if (held.length > 0) return { keys: held, problems: [] }
      const id = `${pin.keyUrl} ${pin.fingerprints.join()}`
      const fetch = fetches.get(id) ?? fromCacheOrServer(pin, signal)
      fetches.set(id, fetch)
      try {
        const found = await fetch
        return found.keys.length > 0 ? found : { keys: [], problems: [...warnings, ...found.problems] }
      } catch (error) {
        fetches.delete(id)
        throw error
      }
    },
  }
}

async function fetchKeys(
  url: string,
  fingerprints: readonly string[],
  http: DiscoveryHttp,
  signal: AbortSignal | undefined,
): Promise<FoundKeys> {
  try {
    const { bytes } = await http.text(url, { signal })
    const keys = pinnedOnly(await readPublicKeys(bytes), fingerprints)
    return { keys, problems: keys.length > 0 ? [] : [`What lies at ${redactUrl(url)} is not the pinned key`] }
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code === 'ABORTED') throw error
    return { keys: [], problems: [`The key at ${redactUrl(url)} could not be had: ${error.message}`] }
  }
}

function pinnedOnly(keys: readonly PublicKey[], fingerprints: readonly string[]): readonly PublicKey[] {
  const pinned = new Set(fingerprints.map(normalFingerprint))
  return keys.filter((key) => pinned.has(key.getFingerprint()))
}

/** A cache that cannot be read is an empty one; a key in it is trusted by its fingerprint alone. */
async function readCache(
  fingerprints: readonly string[],
  { cacheDir, now }: KeySourceOptions,
): Promise<{ readonly keys: readonly PublicKey[]; readonly fresh: boolean }> {
  const keys: PublicKey[] = []
  let fresh = true
  for (const fingerprint of cacheDir === undefined ? [] : fingerprints) {
    try {
      const path = cacheFile(cacheDir ?? '', normalFingerprint(fingerprint))
      const found = pinnedOnly(await readPublicKeys(await readFile(path)), [fingerprint])
      keys.push(...found)
      const age = now().getTime() - (await stat(path)).mtimeMs
      fresh &&= found.length > 0 && age < cacheLifetime
    } catch {
      fresh = false
    }
  }
  return { keys, fresh: fresh && keys.length > 0 }
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
