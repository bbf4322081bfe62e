import { type CliContext, Interruption } from './context.ts'
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

function onSurprise(thrown: unknown): void {
  import('./refusal.ts')
    .then(({ tellSurprise }) => tellSurprise(thrown, session))
    .finally(() => process.exit(1))
}

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  get signal() {
    isTaken = true
    return controller.signal
  },
  now: () => new Date(),
  onHangup: (listener) => void process.on('SIGHUP', listener),
  library: () => import('../index.ts'),
}

const session = createSession(process.argv.slice(2), context)

process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
process.on('uncaughtException', onSurprise)
process.stdout.on('error', onOutputError)
process.stderr.on('error', () => {})
process.on('exit', () => {
  if (process.stderr.isTTY) process.stderr.write('\u001b[?25h')
})

const exitStatus = await runProgram(session)
process.exitCode = exitStatus || process.exitCode
