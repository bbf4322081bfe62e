import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Bytes that git may print. */
const maximumOutput = 64 * 1024 * 1024
/** Milliseconds. */
const patience = 120_000

/** git has failed, or is not installed. */
export class GitFailure extends Error {
  readonly isMissing: boolean

  /** @param told what git wrote to its standard error */
  constructor(told: string, cause: unknown) {
    const { code } = cause as { readonly code?: string | number }
    super(code === 'ENOENT' ? 'it is not installed' : told.trim() || `it ended with ${code}`, { cause })
    this.isMissing = code === 'ENOENT'
  }
}

/** What git may know of the environment in a checkout: where it is, and the configuration of its operator. */
const harmlessVariables =
  /^(?:PATH|HOME|XDG_CONFIG_HOME|TMPDIR|GIT_DIR|GIT_WORK_TREE|GIT_CEILING_DIRECTORIES|GIT_DISCOVERY_ACROSS_FILESYSTEM|GIT_CONFIG.*)$/

/**
 * Runs git in a folder and returns what it prints. Whoever has made the checkout has also written its configuration,
 * so no hook and no monitor of it runs, no object is fetched from where it leads, and no variable with a token is there.
 * Commands that take more than a look (filters, signatures, transports) need a repository of our own, as `env` names it.
 * @throws GitFailure
 */
export async function git(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => harmlessVariables.test(name))
  const closed = { GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' }
  return execute(folder, args, { ...Object.fromEntries(kept), ...closed, ...env })
}

/**
 * Runs git with the whole environment, which has what its operator's helpers need to push.
 * @throws GitFailure
 */
export async function gitOutside(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return execute(folder, args, { ...process.env, GIT_ALLOW_PROTOCOL: 'file:http:https:ssh', ...env })
}

async function execute(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const safe = ['-C', folder, '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false']
  try {
    const { stdout } = await run('git', [...safe, ...args], {
      env: { ...env, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
      maxBuffer: maximumOutput,
      timeout: patience,
    })
    return stdout
  } catch (cause) {
    throw new GitFailure((cause as { readonly stderr?: string }).stderr ?? '', cause)
  }
}
