import { createHash } from 'node:crypto'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../cache-folder.ts'
import { makeFolder, replaceFile } from '../files.ts'
import type { DiscoveryHttp, TextAnswer } from './client.ts'
import { statusOf } from './failure.ts'

export interface CacheOptions {
  readonly folder: string
  /** False: what is there is used, and nothing changes. */
  readonly mayWrite: boolean
}

/** `$XDG_CACHE_HOME/image-updater/http`, by default below `~/.cache`. */
export function defaultTextCache(environment: NodeJS.ProcessEnv): string {
  return cacheFolder('http', environment)
}

/** Bytes of an answer that is worth a file, and of all files together. */
const largest = 1024 * 1024
const capacity = 64 * 1024 * 1024

/**
 * Keeps texts in files, and asks for them again only if they have changed. Each is asked for in every run:
 * it counts only after the server has said that it is still the same (304). A cache that cannot be read,
 * or that anybody else can write, is an empty one; one that cannot be written is no error.
 */
export function withCache(http: DiscoveryHttp, { folder, mayWrite }: CacheOptions): DiscoveryHttp {
  let opened: Promise<boolean> | undefined
  const isOurs = () => {
    opened ??= isPrivate(folder)
    return opened
  }
  let pruned: Promise<void> | undefined

  async function keep(url: string, answer: TextAnswer): Promise<void> {
    if (answer.bytes.length > largest || (answer.etag ?? answer.lastModified) === undefined) return
    try {
      await makeFolder(folder)
      // It may not have been there yet, whoever of several has made it now.
      if (!(await isOurs())) opened = undefined
      if (!(await isOurs())) return
      pruned ??= prune(folder)
      await pruned
      await replaceFile(fileOf(folder, url), serialize(url, answer))
    } catch {}
  }

  return {
    facts: (url, options) => http.facts(url, options),
    async text(url, options = {}) {
      if (options.headers !== undefined || mayHoldSecrets(url)) return http.text(url, options)
      const known = (await isOurs()) ? await find(folder, url) : undefined
      const answer = await http.text(url, { ...options, known }).catch((error: unknown) => {
        if (known === undefined || statusOf(error) !== 304) throw error
        return http.text(url, options) // the same as something else than what we have
      })
      if (mayWrite && answer !== known && !mayHoldSecrets(answer.url)) await keep(url, answer)
      return answer
    },
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
async function isPrivate(path: string): Promise<boolean> {
  return stat(path).then(
    ({ uid, mode }) => (uid === process.getuid?.() || uid === 0) && (mode & 0o022) === 0,
    () => false,
  )
}

function serialize(asked: string, { url, bytes, text: _, etag, lastModified }: TextAnswer): string {
  const digest = createHash('sha256').update(bytes).digest('hex')
  return JSON.stringify({
    asked,
    url,
    etag,
    lastModified,
    digest,
    body: Buffer.from(bytes).toString('base64'),
  })
}

async function find(folder: string, url: string): Promise<TextAnswer | undefined> {
  const path = fileOf(folder, url)
  try {
    if (!(await isPrivate(path))) return undefined
    const file = await open(path, 'r')
    try {
      if ((await file.stat()).size > 2 * largest) return undefined
      return deserialize(url, await file.readFile('utf8'))
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

/** `undefined`: not what `serialize` has written for this URL. */
function deserialize(asked: string, text: string): TextAnswer | undefined {
  const entry: unknown = JSON.parse(text)
  if (typeof entry !== 'object' || entry === null) return undefined
  const { url, etag, lastModified, digest, body, ...rest } = entry as Record<string, unknown>
  if (rest.asked !== asked || typeof url !== 'string' || typeof body !== 'string') return undefined
  const bytes = Buffer.from(body, 'base64')
  if (createHash('sha256').update(bytes).digest('hex') !== digest) return undefined
  const validators = { etag: headerValue(etag), lastModified: headerValue(lastModified) }
  return { url, bytes, text: new TextDecoder().decode(bytes), ...validators }
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
