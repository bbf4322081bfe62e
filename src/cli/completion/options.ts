import { type Command, CommanderError, Option } from 'commander'
import { printable, UpdaterError } from '../../errors.ts'
import type { Session } from '../session.ts'
import { isShell, type Shell, shells } from './scripts.ts'

interface CompletionFlags {
  readonly installCompletion?: string | true
  readonly showCompletion?: string | true
}

/** `--install-completion` and `--show-completion` come before any command and end the program. */
export function addCompletionOptions(program: Command, { context }: Session): void {
  program
    .optionsGroup('Other:')
    .addOption(
      new Option(
        '--install-completion [shell]',
        "install completion for a shell, else for the user's own",
      ).choices(shells),
    )
    .addOption(new Option('--show-completion [shell]', 'print the script that it installs').choices(shells))
    .hook('preSubcommand', async (command) => {
      const { installCompletion, showCompletion } = command.opts<CompletionFlags>()
      const asked = installCompletion ?? showCompletion
      if (asked === undefined) return
      const shell = asked === true ? shellInUse() : (asked as Shell)
      const { script } = await import('./scripts.ts')
      const { installScript } = await import('./install.ts')
      context.stdout.write(installCompletion === undefined ? script(shell) : await installScript(shell))
      throw new CommanderError(0, 'completion', '')
    })
}

/** `__complete SHELL -- WORD…`: what the shells' completion asks; not for people. */
export function addCompletion(program: Command, { context }: Session): void {
  program
    .command('__complete', { hidden: true })
    .argument('<shell>')
    .argument('[words...]')
    .action(async (shell: string, words: readonly string[]) => {
      const { complete } = await import('./candidates.ts')
      const { kind, candidates } = await complete(program, shell, words)
      const lines = candidates.map(({ value, description }) =>
        [value, ...(description === undefined ? [] : [description])].map(printable).join('\t'),
      )
      context.stdout.write(`${[kind, ...lines].join('\n')}\n`)
    })
}

function shellInUse(): Shell {
  const name = process.env.SHELL?.split('/').pop() ?? ''
  if (isShell(name)) return name
  throw new UpdaterError('USAGE', 'The shell in use is none that completion exists for', {
    remedy: `Name one of ${shells.join(', ')}`,
  })
}
