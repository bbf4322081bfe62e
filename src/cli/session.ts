import type { Configuration } from '../config/types.ts'
import { createRedact, type Redact } from '../redact.ts'
import type { CliContext } from './context.ts'
import { defaultCommand } from './flags.ts'
import { formsOf, secretsOf } from './redact.ts'

/** One run of the command line: the world, and what all commands share. */
export interface Session {
  readonly context: CliContext
  readonly args: readonly string[]
  readonly redact: Redact
  /** Takes further secrets out of everything that is printed from now on. */
  hide(secrets: readonly (string | undefined)[]): void
  readonly startedAt: Date
  /** The command that the line names, else the default one. */
  command: string
  /** The configuration file in force, once it was read. */
  configuration: Configuration | undefined
  /** Set by the command that ran. */
  exitStatus: number
}

export function createSession(args: readonly string[], context: CliContext): Session {
  const secrets = secretsOf(args, process.env)
  let redact = createRedact(formsOf(secrets))
  return {
    context,
    args,
    redact: (text) => redact(text),
    hide: (more) => {
      secrets.push(...more.filter((secret) => secret !== undefined))
      redact = createRedact(formsOf(secrets))
    },
    startedAt: context.now(),
    command: defaultCommand,
    configuration: undefined,
    exitStatus: 0,
  }
}
