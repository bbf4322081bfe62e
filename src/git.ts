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

/**
 * Runs git in a folder and returns what it prints. It asks nobody for a password.
 * @throws GitFailure
 */
export async function git(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], {
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C', ...env },
      maxBuffer: maximumOutput,
      timeout: patience,
    })
    return stdout
  } catch (cause) {
    throw new GitFailure((cause as { readonly stderr?: string }).stderr ?? '', cause)
  }
}
