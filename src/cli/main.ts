import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { type CliContext, type EndingSignal, Interruption, surpriseStatus } from './context.ts'
import { tellSurprise } from './log.ts'
import { runProgram } from './program.ts'
import { createSession } from './session.ts'

const controller = new AbortController()

/** Whether a command has taken the signal: it ends in order. */
let isTaken = false

/** Milliseconds that a run has to end in order, after a signal or a failure that nobody foresaw. */
const endingTime = 20_000

/** The first signal lets a run end in order, the second does not wait; what only reads ends at once. */
function onSignal(signal: EndingSignal): void {
  if (!isTaken || controller.signal.aborted) endAtOnce(signal)
  controller.abort(new Interruption(signal))
  const giveUp = () => {
    process.stderr.write('image-updater: the run does not end in order, and is ended\n')
    endAtOnce(signal)
  }
  setTimeout(giveUp, session.grace + endingTime).unref()
}

/**
 * Ends the process with the status of the signal. Node waits for its threads when it exits, and one may hang in a system
 * call for ever (the name of a server, a pipe): then the signal itself ends the process, and shells tell the same status.
 */
function endAtOnce(signal: EndingSignal): never {
  // From Node 26 on, reading a file is not listed.
  const isUnlisted = Number.parseInt(process.versions.node, 10) >= 26
  const isBusy =
    isUnlisted || process.getActiveResourcesInfo().some((name) => /^(FSReq|GetAddrInfo)/.test(name))
  if (isBusy) {
    showCursor()
    process.removeAllListeners(signal)
    process.kill(process.pid, signal) // does nothing to the first process of a container
  }
  process.exit(new Interruption(signal).exitStatus)
}

function showCursor(): void {
  if (process.stderr.isTTY) process.stderr.write('\u001b[?25h')
}

/** A reader that went away (`| head`) is no reason to stop the work; a full disk is one to fail. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.stderr.write(`image-updater: standard output could not be written: ${error.code}\n`)
  process.exitCode ||= 1
}

/** Milliseconds that what a finished command has left open keeps the process, such as a child that gives no credentials. */
const leavingTime = 2_000

/** Whether the command has ended, and nothing remains but what it has left open. */
let isDone = false

/** The first failure that nobody foresaw: what follows from it is no longer told. */
let surprise: UpdaterError | undefined

/** A run ends in order: it aborts its uploads, releases its locks and writes its report. What only reads ends at once. */
function onSurprise(thrown: unknown): void {
  if (surprise !== undefined) return
  surprise = asUpdaterError(thrown)
  setTimeout(lose, isTaken ? endingTime : 0, surprise)
  setTimeout(() => process.exit(surpriseStatus), 2 * endingTime)
  if (isTaken || isDone) tellSurprise(surprise, session)
  if (isDone) process.exit(surpriseStatus)
  controller.abort(new Interruption(surprise))
}

/** Nothing is under way any more, and the run has not ended: what it waits for never comes. */
function onStandstill(): void {
  onSurprise(new Error('the run waits for something that never comes'))
}

let lose: (error: UpdaterError) => void
const lost = new Promise<never>((_resolve, reject) => {
  lose = reject
})
lost.catch(() => undefined)

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  get signal() {
    isTaken = true
    return controller.signal
  },
  lost,
  now: () => new Date(),
  onHangup: (listener) => void process.off('SIGHUP', onSignal).on('SIGHUP', listener),
  library: () => import('../index.ts'),
}

const session = createSession(process.argv.slice(2), context)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
process.on('uncaughtException', onSurprise)
process.on('unhandledRejection', onSurprise)
process.on('beforeExit', onStandstill)
process.stdout.on('error', onOutputError)
process.stderr.on('error', () => {})
process.on('exit', showCursor)

const exitStatus = await runProgram(session).catch(() => surpriseStatus)
process.off('beforeExit', onStandstill)
isDone = true
// What has failed may have left something open that never ends.
if (surprise !== undefined) process.exit(surpriseStatus)
process.exitCode = exitStatus || process.exitCode
setTimeout(() => process.exit(), leavingTime).unref()
