import { rm } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { homeFolder } from './cache-folder.ts'
import { isPrivate, makeFolder, openPlainFile, writeInOneStep } from './files.ts'

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

/**
 * Returns what was remembered under a name, or undefined if nothing that can be read was. What another user can have
 * written is nothing that we remember.
 */
export async function recall(folder: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readOwn(join(folder, `${name}.json`)))
  } catch {
    return undefined
  }
}

/** Returns an empty text of what is not ours. */
async function readOwn(path: string): Promise<string> {
  const file = await openPlainFile(path)
  if (file === undefined) return ''
  try {
    const facts = await file.stat()
    return isPrivate(facts) && facts.size <= largest ? await file.readFile('utf8') : ''
  } finally {
    await file.close()
  }
}

/** Remembers a value until it is forgotten. @throws the system's error, or RangeError: it is too large */
export async function remember(folder: string, name: string, value: object): Promise<void> {
  const text = JSON.stringify(value)
  if (text.length > largest) throw new RangeError(`more than ${largest} bytes`)
  await makeFolder(folder)
  await writeInOneStep(join(folder, `${name}.json`), text)
}

/** @throws the system's error */
export async function forget(folder: string, name: string): Promise<void> {
  await rm(join(folder, `${name}.json`), { force: true })
}
