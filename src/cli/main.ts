import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { type CliContext, Interruption, surpriseStatus } from './context.ts'
import { tellSurprise } from './log.ts'
import { runProgram } from './program.ts'
import { createSession } from './session.ts'

const controller = new AbortController()

/** Whether a command has taken the signal: it ends in order. */
let isTaken = false

/** The first signal lets a run end in order, the second does not wait; what only reads ends at once. */
function onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
  const interruption = new Interruption(signal)
  if (!isTaken || controller.signal.aborted) process.exit(interruption.exitStatus)
  controller.abort(interruption)
}

/** A reader that went away (`| head`) is no reason to stop the work; a full disk is one to fail. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.stderr.write(`image-updater: standard output could not be written: ${error.code}\n`)
  process.exitCode ||= 1
}

/** Milliseconds that a run has to end in order after a failure that nobody foresaw. */
const endingTime = 30_000

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
  onHangup: (listener) => void process.on('SIGHUP', listener),
  library: () => import('../index.ts'),
}

const session = createSession(process.argv.slice(2), context)

process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
process.on('uncaughtException', onSurprise)
process.on('unhandledRejection', onSurprise)
process.on('beforeExit', onStandstill)
process.stdout.on('error', onOutputError)
process.stderr.on('error', () => {})
process.on('exit', () => {
  if (process.stderr.isTTY) process.stderr.write('\u001b[?25h')
})

const exitStatus = await runProgram(session).catch(() => surpriseStatus)
process.off('beforeExit', onStandstill)
isDone = true
// What has failed may have left something open that never ends.
if (surprise !== undefined) process.exit(surpriseStatus)
process.exitCode = exitStatus || process.exitCode
