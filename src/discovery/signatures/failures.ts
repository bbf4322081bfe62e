import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, replaceFile } from '../../files.ts'

/** What has failed of late, so that a run does not wait for it again. */
export interface Failures {
  /** Returns why it failed, and when. */
  find(name: string): Promise<string | undefined>
  note(name: string, why: string): Promise<void>
}

const lifetime = 24 * 60 * 60 * 1000
const maxBytes = 256 * 1024

interface Failure {
  readonly at: string
  readonly why: string
}

/**
 * Remembers failures for a day in a file of the folder, and for the run where that cannot be read or written.
 * @param folder `undefined`: for the run alone
 */
export function createFailures(folder: string | undefined, now: () => Date): Failures {
  const file = folder === undefined ? undefined : join(folder, 'failures.json')
  const recent = new Map<string, Failure>()
  let loading: Promise<void> | undefined
  let writing = Promise.resolve()

  async function load(): Promise<void> {
    for (const [name, failure] of Object.entries(await readFailures(file))) recent.set(name, failure)
  }

  return {
    async find(name) {
      loading ??= load()
      await loading
      const { at, why } = recent.get(name) ?? {}
      const age = now().getTime() - Date.parse(at ?? '')
      return age >= 0 && age < lifetime ? `${why} (at ${at}; it is asked again after a day)` : undefined
    },
    async note(name, why) {
      recent.set(name, { at: now().toISOString(), why })
      writing = writing.then(() => writeFailures(file, recent, now()))
      await writing
    },
  }
}

/** A file that cannot be read, or is none of ours, tells of no failure. */
async function readFailures(file: string | undefined): Promise<Readonly<Record<string, Failure>>> {
  try {
    if (file === undefined || (await stat(file)).size > maxBytes) return {}
    const json: unknown = JSON.parse(await readFile(file, 'utf8'))
    return Object.fromEntries(Object.entries(json ?? {}).filter(([, one]) => isFailure(one)))
  } catch {
    return {}
  }
}

function isFailure(value: unknown): value is Failure {
  const { at, why } = Object(value)
  return typeof at === 'string' && typeof why === 'string'
}

async function writeFailures(
  file: string | undefined,
  failures: ReadonlyMap<string, Failure>,
  now: Date,
): Promise<void> {
  if (file === undefined) return
  const kept = [...failures].filter(([, { at }]) => now.getTime() - Date.parse(at) < lifetime)
  try {
    await makeFolder(dirname(file))
    await replaceFile(file, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`)
  } catch {}
}
