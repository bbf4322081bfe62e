import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UpdaterError } from '../errors.ts'
import { secretVariables } from '../options.ts'

/** What a command of the operator gets, and who hears of it. */
export interface CommandCall {
  /** Comes on its standard input. */
  readonly input: string
  /** Beside the program's own environment, which it gets without this program's secrets. */
  readonly variables: NodeJS.ProcessEnv
  /** Ends it, and its reason says how: "was ended after 300 s". */
  readonly limit: AbortSignal
  /** Gets each line that it prints. */
  readonly tell: (line: string) => void
  /** @param how "ended with status 3" */
  readonly failed: (how: string, cause?: unknown) => UpdaterError
}

const killAfter = 5_000
/** Characters that wait for the end of their line. */
const longestLine = 8192
/** Characters of an output. */
const mostTold = 4 * 2 ** 20
/** Milliseconds to wait for output that a process in the background holds open. */
const lastWords = 1_000

/**
 * Runs a command line with `sh -c`. One that runs too long is ended with every process that it started.
 * @throws UpdaterError what `failed` makes
 */
export async function runCommand(
  command: string,
  { input, variables, limit, tell, failed }: CommandCall,
): Promise<void> {
  const child = start(command, variables, failed)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const output = Promise.all([child.stdout, child.stderr].map((stream) => tellLines(stream, tell)))
  let killing: NodeJS.Timeout | undefined
  const end = () => {
    endGroup(child, 'SIGTERM')
    killing = setTimeout(() => endGroup(child, 'SIGKILL'), killAfter)
  }
  limit.addEventListener('abort', end, { once: true })
  if (limit.aborted) end()
  try {
    const [status, signal] = await once(child, 'exit').catch((cause) => {
      throw failed('could not be started', cause)
    })
    await Promise.race([output, sleep(lastWords, undefined, { ref: false })])
    if (limit.aborted) throw failed(String(limit.reason))
    if (signal !== null) throw failed(`was ended by ${signal}`)
    if (status !== 0) throw failed(`ended with status ${status}`)
  } finally {
    limit.removeEventListener('abort', end)
    clearTimeout(killing)
    if (limit.aborted) endGroup(child, 'SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

/** @throws what `failed` makes, also where the program's own environment is too large for another process */
function start(command: string, variables: NodeJS.ProcessEnv, failed: CommandCall['failed']) {
  const own = Object.entries(process.env).filter(([name]) => !secretVariables.includes(name))
  const env = { ...Object.fromEntries(own), ...variables }
  try {
    return spawn('/bin/sh', ['-c', command], { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  } catch (cause) {
    throw failed('could not be started', cause)
  }
}

/** A longer line is told in pieces: a gate may print what the console of a strange machine says, which need not end. */
async function tellLines(stream: Readable, tell: (line: string) => void): Promise<void> {
  let rest = ''
  let told = 0
  const show = (line: string) => {
    if (told > mostTold) return
    told += line.length + 1
    tell(told > mostTold ? 'What it prints from here on is not told' : line)
  }
  try {
    for await (const chunk of stream.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) show(line)
      if (rest.length < longestLine) continue
      show(rest)
      rest = ''
    }
  } catch {
    // It was closed from this side.
  }
  if (rest !== '') show(rest.replace(/\r$/, ''))
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // It has ended by itself.
  }
}
