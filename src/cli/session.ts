import type { Configuration } from '../config/types.ts'
import { cloudSecretVariables, rows, secretVariables } from '../options.ts'
import { createRedact, type Redact } from '../redact.ts'
import type { CliContext } from './context.ts'
import { defaultCommand } from './flags.ts'

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
  /** Milliseconds that the command may go on after a signal before it begins to end. */
  grace: number
}

export function createSession(args: readonly string[], context: CliContext): Session {
  const secrets = secretsOf(args, process.env)
  let learned: readonly string[] = []
  let redact = createRedact(formsOf(secrets))
  return {
    context,
    args,
    redact: (text) => redact(text),
    hide: (more) => {
      const all = new Set([...learned, ...more.filter((secret) => secret !== undefined)])
      learned = [...all].slice(-mostLearned)
      redact = createRedact(formsOf([...secrets, ...learned]))
    },
    startedAt: context.now(),
    command: defaultCommand,
    configuration: undefined,
    exitStatus: 0,
    grace: 0,
  }
}

/** A service learns a token of each cloud in every run; older ones have ended. */
const mostLearned = 1000

const secretFlags = rows.filter(({ secret }) => secret === true).map(({ name }) => `--${name}`)
/** Of this program, and of what it works with. */
const hiddenVariables = [
  ...secretVariables,
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  ...cloudSecretVariables,
  'GITHUB_TOKEN',
  'GH_TOKEN',
  'GITLAB_TOKEN',
]

/**
 * The secrets that a command line and an environment hold. A webhook's address is one: most services put
 * a token into its path.
 */
function secretsOf(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const given = args.map((arg, index) => {
    const flag = secretFlags.find((one) => arg.startsWith(`${one}=`) || args[index - 1] === one)
    return flag !== undefined && arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : flag && arg
  })
  const secrets = [...given, ...hiddenVariables.map((name) => env[name])]
  return secrets.filter((secret) => secret !== undefined)
}

/** All forms in which secrets may come up in what is printed. */
function formsOf(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => [secret, ...pathOf(secret)])
}

/** What follows the host of a web address, as errors of HTTP print it. */
function pathOf(secret: string): string[] {
  if (!/^https?:/i.test(secret) || !URL.canParse(secret)) return []
  const { pathname, search } = new URL(secret)
  return [pathname + search, pathname]
}
