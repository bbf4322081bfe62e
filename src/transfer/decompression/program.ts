import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UpdaterError } from '../../errors.ts'
import { anotherFile, decompressionFailed, notUnpacked } from './byte-reader.ts'

export interface Program {
  /** As it is called, or the path where it is. */
  readonly name: string
  readonly args: readonly string[]
}

/** The first of these programs that is on the PATH, named by its path. */
export function findProgram(programs: readonly Program[]): Program | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return programs
    .flatMap(({ name, args }) => folders.map((folder) => ({ name: join(folder, name), args })))
    .find(({ name }) => isExecutable(name))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What xz and zstd say where the file is not to blame. Of damaged data zstd may say "Dictionary is corrupted". */
const isOfLimits = /memory|dictionary mismatch/i

/**
 * Pipes the source through a program. Its exit status and its standard error are the verdict; a pipe that
 * broke is only the symptom.
 */
export async function* throughProgram(
  { name, args }: Program,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const child = spawn(name, args, { stdio: 'pipe', env: { PATH: process.env.PATH, LC_ALL: 'C' } })
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  exit.catch(() => {})
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < 500) complaint += chunk.toString('utf8')
  })
  const fed = pipeline(source, child.stdin).then(
    () => undefined,
    (trouble: unknown) => trouble ?? true,
  )
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    const [[status, signal], trouble] = await Promise.all([exit, fed])
    if (trouble instanceof UpdaterError) throw trouble
    if (status !== 0) {
      const how = signal === null ? `exit status ${status}` : `killed by ${signal}`
      const line = complaint.trim().split('\n')[0]?.slice(0, 300)
      const what = `${name} ended with ${how}${line ? ` (${line})` : ''}`
      if (!isOfLimits.test(line ?? '')) throw decompressionFailed(what)
      throw notUnpacked(`it needs more memory than is allowed, or a dictionary: ${what}`, anotherFile)
    }
    if (trouble !== undefined) throw decompressionFailed(`${name} ended before it had read all of it`)
  } catch (error) {
    throw error instanceof UpdaterError ? error : decompressionFailed(`${name} could not be run`, error)
  } finally {
    child.kill('SIGKILL')
    child.stdin.destroy()
    await exit.catch(() => {})
  }
}
