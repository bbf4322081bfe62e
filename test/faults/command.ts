import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../bin/image-updater', import.meta.url))
const preload = new URL('preload.mjs', import.meta.url).href

export interface Ended {
  /** `null`: ended by a signal that it does not handle. */
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** What shells tell of a process that ended by a signal, as the command does where a system call may hang. */
const statuses: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** The real command, as it is built, in a process of its own. @param folder in which it runs */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  folder?: string,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      XDG_STATE_HOME: process.env.XDG_STATE_HOME,
      NODE_OPTIONS: `--import=${preload}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([status, signal]): Ended => {
    return { status: status ?? statuses[signal] ?? null, out, err }
  })
  return { child, ended }
}
