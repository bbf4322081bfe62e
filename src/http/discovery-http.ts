import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isPrivate, makeFolder, replaceFile } from '../files.ts'
import { decodeText, type FileFacts } from './answer.ts'
import type { DiscoveryHttp, HttpClient, TextAnswer } from './client.ts'
import { statusOf } from './failure.ts'
import { SharedTasks } from './shared.ts'

export interface DiscoveryHttpOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Absent: no text is kept. */
  readonly cache?: TextCache | undefined
}

export interface TextCache {
  readonly folder: string
  /** False: what is there is used, and nothing changes. */
  readonly mayWrite: boolean
}

/** Bytes of an answer that is worth a file, and of all files together. */
const largest = 1024 * 1024
const capacity = 64 * 1024 * 1024

/**
 * Asks what discovery asks of HTTP. Each URL is asked once however many ask for it, at the same time or later, and all
 * of them get the same answer or failure.
 *
 * The cache keeps texts in files, and they are asked for again only if they have changed. Each is asked for in every
 * run: it counts only after the server has said that it is still the same (304). A cache that cannot be read,
 * or that anybody else can write, is an empty one; one that cannot be written is no error.
 */
export function createDiscoveryHttp(
  http: Pick<HttpClient, 'text' | 'facts'>,
  { env = {}, cache }: DiscoveryHttpOptions,
): DiscoveryHttp {
  const files = cache && new TextFiles(cache.folder)
  const texts = new SharedTasks<TextAnswer>()
  const facts = new SharedTasks<FileFacts>()

  async function ask(url: string, signal: AbortSignal | undefined): Promise<TextAnswer> {
    const options = { signal, headers: tokenFor(url, env) }
    const known = mayHoldSecrets(url) ? undefined : await files?.find(url)
    const answer = await http.text(url, { ...options, known }).catch((error: unknown) => {
      if (known === undefined || statusOf(error) !== 304) throw error
      return http.text(url, options) // the same as something else than what we have
    })
    const isNew = answer !== known && !mayHoldSecrets(url) && !mayHoldSecrets(answer.url)
    if (cache?.mayWrite && isNew) await files?.keep(url, answer)
    return answer
  }

  return {
    text: (url, { signal } = {}) => texts.ask(url, signal, (shared) => ask(url, shared)),
    facts: (url, { signal } = {}) =>
      facts.ask(url, signal, (shared) => http.facts(url, { signal: shared, headers: tokenFor(url, env) })),
  }
}

/**
 * The APIs of GitHub (`GITHUB_TOKEN`, `GH_TOKEN`) and GitLab (`GITLAB_TOKEN`, for gitlab.com or the host
 * that `GITLAB_HOST` names) get the token that the environment has. No other host, no plain http and no
 * redirect to elsewhere gets it.
 */
function tokenFor(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, host, pathname } = new URL(url)
  if (protocol !== 'https:') return undefined
  const github = env.GITHUB_TOKEN || env.GH_TOKEN
  if (github && host === 'api.github.com') return { authorization: `Bearer ${github}` }
  const gitlabHost = (env.GITLAB_HOST || 'gitlab.com').replace(/^https:\/\//, '').replace(/\/$/, '')
  const isGitlabApi = host === gitlabHost && pathname.startsWith('/api/')
  return env.GITLAB_TOKEN && isGitlabApi ? { 'private-token': env.GITLAB_TOKEN } : undefined
}

/** One file for each text. */
class TextFiles {
  readonly #folder: string
  #isPrivate: Promise<boolean> | undefined
  #pruned: Promise<void> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  async find(url: string): Promise<TextAnswer | undefined> {
    return (await this.#isOurs()) ? readEntry(fileOf(this.#folder, url), url) : undefined
  }

  async keep(url: string, answer: TextAnswer): Promise<void> {
    if (answer.bytes.length > largest || (answer.etag ?? answer.lastModified) === undefined) return
    try {
      await makeFolder(this.#folder)
      // It may not have been there yet, whoever of several has made it now.
      if (!(await this.#isOurs())) this.#isPrivate = undefined
      if (!(await this.#isOurs())) return
      this.#pruned ??= prune(this.#folder)
      await this.#pruned
      await replaceFile(fileOf(this.#folder, url), serialize(url, answer))
    } catch {}
  }

  #isOurs(): Promise<boolean> {
    this.#isPrivate ??= isPrivateAt(this.#folder)
    return this.#isPrivate
  }
}

/** Userinfo and queries may be credentials, which belong into no file. */
function mayHoldSecrets(url: string): boolean {
  if (!URL.canParse(url)) return true
  const { username, password, search } = new URL(url)
  return `${username}${password}${search}` !== ''
}

function fileOf(folder: string, url: string): string {
  return join(folder, `${createHash('sha256').update(url).digest('hex')}.json`)
}

/** A folder or a file that nobody but us (and root) can write. */
async function isPrivateAt(path: string): Promise<boolean> {
  return stat(path).then(isPrivate, () => false)
}

/** Earlier ones hold texts whose validators prove nothing, or do not tell the next page. */
const format = 3

function serialize(asked: string, { url, bytes, text: _, etag, lastModified, next }: TextAnswer): string {
  const digest = createHash('sha256').update(bytes).digest('hex')
  const body = Buffer.from(bytes).toString('base64')
  return JSON.stringify({ format, asked, url, etag, lastModified, next, digest, body })
}

async function readEntry(path: string, url: string): Promise<TextAnswer | undefined> {
  try {
    if (!(await isPrivateAt(path)) || (await stat(path)).size > 2 * largest) return undefined
    return deserialize(url, await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** `undefined`: not what `serialize` has written for this URL. */
function deserialize(asked: string, text: string): TextAnswer | undefined {
  const entry: unknown = JSON.parse(text)
  if (typeof entry !== 'object' || entry === null) return undefined
  const { url, etag, lastModified, next, digest, body, ...rest } = entry as Record<string, unknown>
  if (rest.format !== format || rest.asked !== asked || typeof url !== 'string' || typeof body !== 'string')
    return undefined
  const bytes = Buffer.from(body, 'base64')
  if (createHash('sha256').update(bytes).digest('hex') !== digest) return undefined
  const validators = { etag: headerValue(etag), lastModified: headerValue(lastModified) }
  const nextPage = typeof next === 'string' ? next : undefined
  return { url, bytes, text: decodeText(bytes), ...validators, next: nextPage }
}

/** Only what can stand in a header. */
function headerValue(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e]{1,500}$/.test(value) ? value : undefined
}

/** Removes the oldest files until the rest is half of what is allowed. */
async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^\.?[\da-f]{64}\.json/.test(name))
  const files = await Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name)).catch(() => ({ size: 0, mtimeMs: 0 }))
      return { path: join(folder, name), size, mtimeMs }
    }),
  )
  let total = files.reduce((sum, { size }) => sum + size, 0)
  if (total <= capacity) return
  for (const { path, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= capacity / 2) return
    await rm(path, { force: true })
    total -= size
  }
}
