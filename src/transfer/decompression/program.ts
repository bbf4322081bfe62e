import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UpdaterError } from '../../errors.ts'
import { decompressionFailed } from './failure.ts'

export interface Program {
  readonly path: string
  readonly args: readonly string[]
}

const found = new Map<string, string | undefined>()

/** The first of these programs that is on the PATH; each is looked for once. */
export function findProgram(
  candidates: readonly { name: string; args: readonly string[] }[],
): Program | undefined {
  for (const { name, args } of candidates) {
    if (!found.has(name)) found.set(name, pathOf(name))
    const path = found.get(name)
    if (path !== undefined) return { path, args }
  }
  return undefined
}

function pathOf(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Pipes the source through a program. Its exit status and its standard error are the verdict; a pipe that
 * broke is only the symptom.
 */
export async function* throughProgram(
  { path, args }: Program,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const child = spawn(path, args, { stdio: 'pipe', env: { PATH: process.env.PATH, LC_ALL: 'C' } })
  const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  exit.catch(() => {})
  const complaint = firstLine(child.stderr)
  let sourceFailure: unknown
  const fed = feed(child.stdin, source).catch((error: unknown) => {
    sourceFailure = error
    child.kill('SIGKILL')
    return false
  })
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    const [[status, signal], all] = await Promise.all([exit, fed])
    if (sourceFailure !== undefined) throw sourceFailure
    if (status !== 0) {
      const how = signal === null ? `exit status ${status}` : `killed by ${signal}`
      throw decompressionFailed(`${path} ended with ${how}${complaint()}`)
    }
    if (!all) throw decompressionFailed(`${path} ended before it had read all of it`)
  } catch (error) {
    throw error instanceof UpdaterError ? error : decompressionFailed(`${path} could not be run`, error)
  } finally {
    child.kill('SIGKILL')
    child.stdin.destroy()
    await exit.catch(() => {})
  }
}

/** Says whether the reader took everything. */
async function feed(stdin: Writable, source: AsyncIterable<Uint8Array>): Promise<boolean> {
  let failure: { readonly reason: unknown } | undefined
  const watched = async function* () {
    try {
      yield* source
    } catch (reason) {
      failure = { reason }
      throw reason
    }
  }
  try {
    await pipeline(watched, stdin)
    return true
  } catch {
    if (failure !== undefined) throw failure.reason
    return false
  }
}

function firstLine(stderr: AsyncIterable<Buffer> & NodeJS.EventEmitter): () => string {
  let text = ''
  stderr.on('data', (chunk: Buffer) => {
    if (text.length < 500) text += chunk.toString('utf8')
  })
  return () => {
    const line = text.trim().split('\n')[0]?.slice(0, 300)
    return line ? ` (${line})` : ''
  }
}
