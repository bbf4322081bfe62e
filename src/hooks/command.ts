import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { UpdaterError } from '../errors.ts'
import { secretVariables } from '../options.ts'
import { formatDocument } from '../report/json.ts'
import type { RunReport } from '../report/schemas.ts'

const killAfter = 5_000
/** Milliseconds to wait for output that a process in the background holds open. */
const lastWords = 1_000

/**
 * Runs a command line with `sh -c`: the JSON report on its standard input, counts and changed files in its
 * environment. A command that runs too long is ended with every process that it started.
 * @param timeout milliseconds
 * @param tell gets each line that the command prints
 * @throws UpdaterError HOOK_FAILED
 */
export async function runCommand(
  command: string,
  document: RunReport,
  timeout: number,
  tell: (line: string) => void,
): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: environmentOf(document),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdin.on('error', () => {})
  child.stdin.end(formatDocument(document))
  const output = Promise.all([child.stdout, child.stderr].map((stream) => tellLines(stream, tell)))
  let late = false
  const ending = setTimeout(() => {
    late = true
    endGroup(child, 'SIGTERM')
  }, timeout)
  const killing = setTimeout(() => endGroup(child, 'SIGKILL'), timeout + killAfter)
  try {
    const [status, signal] = await once(child, 'exit').catch((cause) => {
      throw failed('could not be started', cause)
    })
    await Promise.race([output, sleep(lastWords, undefined, { ref: false })])
    if (late) throw failed(`was ended after ${timeout / 1000} s`)
    if (signal !== null) throw failed(`was ended by ${signal}`)
    if (status !== 0) throw failed(`ended with status ${status}`)
  } finally {
    clearTimeout(ending)
    clearTimeout(killing)
    if (late) endGroup(child, 'SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

/** The environment of a hook: the program's own without its secrets, and variables about the run. */
function environmentOf({ summary, changes, images }: RunReport): NodeJS.ProcessEnv {
  const updated = images.filter(({ status }) => status === 'updated')
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !secretVariables.includes(name))),
    IMAGE_UPDATER_UPDATED: String(summary.updated),
    IMAGE_UPDATER_FAILED: String(summary.failed),
    IMAGE_UPDATER_FILES: changes.map(({ file }) => file).join('\n'),
    IMAGE_UPDATER_NAMES: updated.map(({ name }) => name).join('\n'),
  }
}

async function tellLines(stream: Readable, tell: (line: string) => void): Promise<void> {
  try {
    for await (const line of createInterface({ input: stream })) tell(line)
  } catch {
    // It was closed from this side.
  }
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function failed(how: string, cause?: unknown): UpdaterError {
  return new UpdaterError('HOOK_FAILED', `The command of --on-update ${how}`, {
    remedy: 'Look at what it printed; the run is done all the same',
    cause,
  })
}
