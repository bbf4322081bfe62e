import { readdir, rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { homeFolder } from './cache-folder.ts'
import { asUpdaterError, UpdaterError } from './errors.ts'
import { explainRefusal, isErrno, isPrivate, makeFolder, openPlainFile, writeInOneStep } from './files.ts'

/**
 * Where this machine remembers what the next run has to know, by default: `$XDG_STATE_HOME/image-updater`,
 * `/var/lib/image-updater` for root, else `~/.local/state/image-updater`; undefined where there is none of them.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateFolder(environment: NodeJS.ProcessEnv): string | undefined {
  const configured = environment.XDG_STATE_HOME ?? ''
  if (isAbsolute(configured)) return join(configured, 'image-updater')
  if (process.getuid?.() === 0) return '/var/lib/image-updater'
  const home = homeFolder()
  return home && join(home, '.local', 'state', 'image-updater')
}

/** Bytes; what is larger is not remembered. */
const largest = 32 * 1024 * 1024
/** Names that are looked through. */
const most = 10_000

/**
 * The form of a file: `{ "format": 1, "value": … }`. What an older version wrote is the value alone. A form that this
 * version could not read would have another number.
 */
const format = 1

/**
 * Returns what was remembered under a name, or undefined if nothing was. A file that cannot be believed is left as it is,
 * and nothing is remembered in its place.
 * @throws UpdaterError CONFIGURATION: the file is damaged, of a newer version, or anybody else can have written it
 */
export async function recall(folder: string, name: string): Promise<unknown> {
  const path = pathOf(folder, name)
  const text = await readOwn(path)
  if (text === undefined) return undefined
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // What is no JSON is no object either.
  }
  if (typeof document !== 'object' || document === null) throw notBelieved(path, 'is damaged')
  if (!('format' in document)) return document
  const found: { format: unknown; value?: unknown } = document
  if (found.format === format) return found.value
  throw notBelieved(path, `has the format ${JSON.stringify(found.format)}, and this version reads ${format}`)
}

function pathOf(folder: string, name: string): string {
  return join(folder, `${name}.json`)
}

async function readOwn(path: string): Promise<string | undefined> {
  try {
    const file = await openPlainFile(path)
    if (file === undefined) throw notBelieved(path, 'is no file')
    try {
      const facts = await file.stat()
      if (!isPrivate(facts)) throw notBelieved(path, 'can have been written by another user')
      if (facts.size > largest) throw notBelieved(path, `has more than ${largest} bytes`)
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error instanceof UpdaterError
      ? error
      : notBelieved(path, `cannot be read: ${explainRefusal(error).why}`)
  }
}

function notBelieved(path: string, why: string): UpdaterError {
  return new UpdaterError(
    'CONFIGURATION',
    `What this machine remembers in ${path} does not count: it ${why}`,
    {
      remedy: 'Look at the file and remove it, or name another folder with --state-dir',
    },
  )
}

/**
 * Remembers a value until it is forgotten.
 * @throws UpdaterError CONFIGURATION as `recall` does: what lies there is not overwritten; RangeError: it is too large;
 * the system's error
 */
export async function remember(folder: string, name: string, value: object): Promise<void> {
  const text = JSON.stringify({ format, value })
  if (text.length > largest) throw new RangeError(`more than ${largest} bytes`)
  await recall(folder, name)
  await makeFolder(folder)
  await writeInOneStep(pathOf(folder, name), text)
}

/** @throws UpdaterError CONFIGURATION as `recall` does: what lies there is not removed; the system's error */
export async function forget(folder: string, name: string): Promise<void> {
  if ((await recall(folder, name)) !== undefined) await rm(pathOf(folder, name), { force: true })
}

/** What a machine remembers, for a run: nothing of it throws, and what is lost or does not count is told once. */
export interface Memory {
  /** @param what in the plural, for the sentence that it cannot be remembered: `Uploads that were begun` */
  recall(name: string, what: string): Promise<unknown>
  remember(name: string, value: object, what: string): Promise<void>
  forget(name: string, what: string): Promise<void>
  /** Names that begin so, of what may be remembered. */
  names(prefix: string): Promise<readonly string[]>
}

/** @param folder absent: there is none, and nothing is remembered */
export function openMemory(folder: string | undefined, warn: (message: string) => void): Memory {
  const told = new Set<string>()
  const warnOnce = (message: string) => {
    if (!told.has(message)) warn(message)
    told.add(message)
  }
  const trying = async <T>(what: string, task: (folder: string) => Promise<T>) => {
    if (folder === undefined) {
      warnOnce(`${what} are not remembered: there is no folder for them. Name one with --state-dir.`)
      return undefined
    }
    try {
      return await task(folder)
    } catch (error) {
      const isOurs = error instanceof UpdaterError
      const { message, remedy } = asUpdaterError(error)
      const why = isOurs
        ? `${message}. ${remedy}`
        : `${folder}: ${explainRefusal(error).why}. Name another folder with --state-dir`
      warnOnce(`${what} are not remembered: ${why}.`)
      return undefined
    }
  }
  return {
    recall: (name, what) => trying(what, (folder) => recall(folder, name)),
    remember: (name, value, what) => trying(what, (folder) => remember(folder, name, value)),
    forget: (name, what) => trying(what, (folder) => forget(folder, name)),
    names: async (prefix) => {
      const files = folder === undefined ? [] : await readdir(folder).catch(() => [])
      const ours = files.filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
      return ours.slice(0, most).map((file) => file.slice(0, -'.json'.length))
    },
  }
}
