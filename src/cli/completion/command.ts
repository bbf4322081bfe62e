import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Command, CommanderError, Option } from 'commander'
import { printable, UpdaterError } from '../../errors.ts'
import { explainRefusal, makeFolder } from '../../files.ts'
import type { Session } from '../session.ts'
import { isShell, type Shell, shells } from './shells.ts'

interface CompletionFlags {
  readonly installCompletion?: Shell | true
  readonly showCompletion?: Shell | true
}

/**
 * `--install-completion` and `--show-completion` come before any command and end the program.
 * `__complete SHELL -- WORD…` is what the shells' completion asks; it is not for people.
 */
export function addCompletion(program: Command, session: Session): void {
  const { stdout } = session.context
  const names = Object.keys(shells)
  const install = "install completion for a shell, else for the user's own"
  program
    .optionsGroup('Other:')
    .addOption(new Option('--install-completion [shell]', install).choices(names))
    .addOption(new Option('--show-completion [shell]', 'print the script that it installs').choices(names))
    .hook('preSubcommand', async (command) => {
      const { installCompletion, showCompletion } = command.opts<CompletionFlags>()
      const asked = installCompletion ?? showCompletion
      if (asked === undefined) return
      const shell = asked === true ? shellInUse() : asked
      stdout.write(installCompletion === undefined ? shells[shell].script : await installScript(shell))
      throw new CommanderError(0, 'completion', '')
    })
  program
    .command('__complete', { hidden: true })
    .argument('<shell>')
    .argument('[words...]')
    .action(async (shell: string, words: readonly string[]) => {
      const { complete } = await import('./candidates.ts')
      const { kind, candidates } = await complete(program, session, shell, words)
      const lines = candidates.map(({ value, description }) =>
        [value, description].flatMap((text) => (text === undefined ? [] : printable(text))).join('\t'),
      )
      stdout.write(`${[kind, ...lines].join('\n')}\n`)
    })
}

function shellInUse(): Shell {
  const name = process.env.SHELL?.split('/').pop() ?? ''
  if (isShell(name)) return name
  throw new UpdaterError('USAGE', 'The shell in use is none that completion exists for', {
    remedy: `Name one of ${Object.keys(shells).join(', ')}`,
  })
}

/**
 * Writes a shell's completion script to the user's place for it and says what was done.
 * @throws UpdaterError CONFIGURATION
 */
async function installScript(shell: Shell): Promise<string> {
  const { script, hint, path } = shells[shell]
  const remedy = `Print it with --show-completion ${shell} and put it where your shell looks`
  const file = path()
  if (file === undefined) {
    throw new UpdaterError('CONFIGURATION', 'This user has no home folder to install completion in', {
      remedy,
    })
  }
  try {
    await makeFolder(dirname(file))
    await writeFile(file, script)
  } catch (cause) {
    const message = `The completion cannot be written to ${file}: ${explainRefusal(cause).why}`
    throw new UpdaterError('CONFIGURATION', message, { remedy, cause })
  }
  return `Completion for ${shell} is installed in ${file}\n${hint}\n`
}
