import type { PublicKey } from 'openpgp'
import { UpdaterError } from '../../errors.ts'
import type { DiscoveryHttp } from '../../http/client.ts'
import { statusOf } from '../../http/failure.ts'
import { isRetriable } from '../../http/policy.ts'
import { SharedTasks } from '../../http/shared.ts'
import { redactUrl } from '../../http/url.ts'
import type { Failures } from './failures.ts'
import { type FoundKeys, isWhole, mergeKeys, readPublicKeys } from './public-keys.ts'

export interface KeyServersOptions {
  /** URLs, see `keyUrls`. None: nobody is asked. */
  readonly servers: readonly string[]
  readonly http: Pick<DiscoveryHttp, 'text'>
  readonly failures: Failures
  /** Milliseconds for all that a run asks of a server. Default: 3000. */
  readonly patience?: number | undefined
}

export interface KeyServers {
  /**
   * Asks every server for a key, once for all who want it. What they have of it is put together, so that a revocation
   * or a new subkey counts whichever of them has it.
   * @param fingerprint whole, lower case
   * @throws UpdaterError ABORTED
   */
  find(fingerprint: string, signal: AbortSignal): Promise<FoundKeys>
}

interface KeyServer {
  readonly url: string
  readonly time: TimeLimit
}

/**
 * Key servers are asked for pinned keys by their whole fingerprint, and a key counts by that alone. They are strangers:
 * an answer that holds anything but that one key, whole and with its own bindings, is refused. A server that cannot be
 * reached, and a key that it does not have, are not asked for again for a day.
 */
export function createKeyServers({
  servers,
  http,
  failures,
  patience = 3000,
}: KeyServersOptions): KeyServers {
  const searches = new SharedTasks<FoundKeys>()
  const all = [...new Set(servers)].map((url) => ({ url, time: new TimeLimit(patience) }))

  async function ask(server: KeyServer, fingerprint: string, signal: AbortSignal): Promise<FoundKeys> {
    const { url, time } = server
    const keyId = `${url} ${fingerprint}`
    const before = (await failures.find(url)) ?? (await failures.find(keyId))
    if (before !== undefined) return { keys: [], problems: [before] }
    try {
      const bytes = await time.within(signal, (limited) => fetchKey(keyUrls(url, fingerprint), http, limited))
      return { keys: [await readOnly(bytes, fingerprint, url)], problems: [] }
    } catch (error) {
      if (!(error instanceof UpdaterError) || signal.aborted) throw error
      const isSlow = error.code === 'ABORTED'
      const problem = isSlow ? `${redactUrl(url)} did not answer within ${patience / 1000} s` : error.message
      await failures.note(isOutOfReach(error) ? url : keyId, problem)
      return { keys: [], problems: [problem] }
    }
  }

  async function askAll(fingerprint: string, signal: AbortSignal): Promise<FoundKeys> {
    const answers = await Promise.all(all.map((server) => ask(server, fingerprint, signal)))
    const keys = await mergeKeys(answers.flatMap((answer) => answer.keys))
    return { keys, problems: answers.flatMap(({ problems }) => problems) }
  }

  return {
    find: (fingerprint, signal) => searches.ask(fingerprint, signal, (shared) => askAll(fingerprint, shared)),
  }
}

/**
 * The addresses of a key, in the order in which they are asked: HKP
 * (https://datatracker.ietf.org/doc/draft-gallagher-openpgp-hkp/) and, where that has none, VKS
 * (https://keys.openpgp.org/about/api), which is the first choice at keys.openpgp.org.
 */
function keyUrls(server: string, fingerprint: string): readonly string[] {
  const base = new URL(server.replace(/^hkps:/, 'https:').replace(/^hkp:/, 'http:'))
  if (server.startsWith('hkp:') && base.port === '') base.port = '11371'
  const root = base.href.replace(/\/$/, '')
  const name = fingerprint.toUpperCase()
  const hkp = `${root}/pks/lookup?op=get&options=mr&search=0x${name}`
  const vks = `${root}/vks/v1/by-fingerprint/${name}`
  return base.hostname === 'keys.openpgp.org' ? [vks] : [hkp, vks]
}

async function fetchKey(
  [url = '', ...others]: readonly string[],
  http: Pick<DiscoveryHttp, 'text'>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return (await http.text(url, { signal })).bytes
  } catch (error) {
    if (others.length === 0 || statusOf(error) === undefined || isRetriable(Number(statusOf(error))))
      throw error
    return fetchKey(others, http, signal)
  }
}

/** Whether the server is in trouble, for any key. */
function isOutOfReach(error: UpdaterError): boolean {
  const status = statusOf(error)
  if (status !== undefined) return isRetriable(status)
  return !['SIGNATURE_KEY', 'HTTP_TOO_LARGE', 'HTTP_STATUS'].includes(error.code)
}

/** @throws UpdaterError SIGNATURE_KEY where anything else than this one key has come */
async function readOnly(bytes: Uint8Array, fingerprint: string, server: string): Promise<PublicKey> {
  const refused = (why: string, cause?: unknown) => {
    const what = `What ${redactUrl(server)} has as key ${fingerprint.toUpperCase()} is refused`
    return new UpdaterError('SIGNATURE_KEY', `${what}: ${why}`, { cause })
  }
  const [key, ...others] = await readPublicKeys(bytes).catch((error: Error) => {
    throw refused(error.message, error)
  })
  if (key === undefined || others.length > 0) throw refused('it is not one key alone')
  if (key.getFingerprint() !== fingerprint) throw refused(`it is key ${key.getFingerprint().toUpperCase()}`)
  if (!(await isWhole(key))) throw refused('what binds a subkey or a user id is not signed by the key')
  return key
}

/** A time that passes while anything is waited for, in all. */
class TimeLimit {
  readonly #end = new AbortController()
  #left: number
  #waiting = 0
  #since = 0
  #timer: NodeJS.Timeout | undefined

  constructor(milliseconds: number) {
    this.#left = milliseconds
  }

  /** Does the task, whose signal aborts when the time is over. */
  async within<T>(signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#waiting += 1
    if (this.#waiting === 1) {
      this.#since = performance.now()
      this.#timer = setTimeout(() => this.#end.abort(), Math.max(0, this.#left))
    }
    try {
      return await task(AbortSignal.any([signal, this.#end.signal]))
    } finally {
      this.#waiting -= 1
      if (this.#waiting === 0) {
        clearTimeout(this.#timer)
        this.#left -= performance.now() - this.#since
      }
    }
  }
}
