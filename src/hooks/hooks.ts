import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { Policy } from '../http/policy.ts'
import { secretVariables } from '../options.ts'
import { formatDocument, withExitStatus } from '../report/json.ts'
import type { RunReport } from '../report/schemas.ts'
import { sendWebhook, type WebhookOptions } from './webhook.ts'

/** Who is notified of a run that changed the catalogue. */
export interface HookOptions {
  /**
   * A command line for `sh -c`. It gets the JSON report on standard input and `IMAGE_UPDATER_*` variables
   * in its environment.
   */
  readonly onUpdate?: string | undefined
  readonly webhook?: WebhookOptions | undefined
  /** Milliseconds that each of them may take, with all its attempts. Default: 5 minutes. */
  readonly timeout?: number | undefined
}

export interface HookContext {
  /** Gets each line that the command prints. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/**
 * Notifies of a run that changed the catalogue, even if it was interrupted after that, and of no other run. The
 * command and the webhook do not wait for each other.
 * @param exitStatus goes into the report
 * @returns the failures (HOOK_FAILED): they undo nothing
 */
export async function runHooks(
  report: RunReport,
  exitStatus: number,
  { onUpdate, webhook, timeout = 5 * 60_000 }: HookOptions,
  { onLine = () => {}, httpPolicy }: HookContext = {},
): Promise<UpdaterError[]> {
  if (report.summary.updated === 0) return []
  const document = withExitStatus(report, exitStatus)
  const ended = await Promise.allSettled([
    onUpdate === undefined ? undefined : runCommand(onUpdate, document, timeout, onLine),
    webhook === undefined ? undefined : sendWebhook(webhook, document, timeout, httpPolicy),
  ])
  return ended.flatMap((one) => (one.status === 'rejected' ? [asUpdaterError(one.reason)] : []))
}

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
async function runCommand(
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
