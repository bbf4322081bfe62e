import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { UpdaterError } from '../../errors.ts'
import { explainRefusal, makeFolder } from '../../files.ts'
import { type Shell, script } from './scripts.ts'

/**
 * Writes a shell's completion script to the user's place for it and says what was done.
 * @throws UpdaterError CONFIGURATION
 */
export async function installScript(shell: Shell): Promise<string> {
  const path = scriptPath(shell)
  try {
    await makeFolder(dirname(path))
    await writeFile(path, script(shell))
  } catch (cause) {
    throw new UpdaterError(
      'CONFIGURATION',
      `The completion cannot be written to ${path}: ${explainRefusal(cause).why}`,
      {
        remedy: `Print it with --show-completion ${shell} and put it where your shell looks`,
        cause,
      },
    )
  }
  return `Completion for ${shell} is installed in ${path}\n${hints[shell]}\n`
}

const hints: Record<Shell, string> = {
  bash: 'It works in new shells where the bash-completion package is loaded; else add to ~/.bashrc: eval "$(image-updater --show-completion bash)"',
  zsh: 'It works in new shells once ~/.zshrc has, before compinit: fpath=(~/.zfunc $fpath); autoload -Uz compinit && compinit',
  fish: 'It works in new shells',
}

function scriptPath(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return join(base('XDG_DATA_HOME', '.local/share'), 'bash-completion/completions/image-updater')
    case 'zsh':
      return join(homedir(), '.zfunc/_image-updater')
    case 'fish':
      return join(base('XDG_CONFIG_HOME', '.config'), 'fish/completions/image-updater.fish')
  }
}

/** A folder of the XDG base directory specification: a relative one is ignored. */
function base(variable: string, fallback: string): string {
  const folder = process.env[variable] ?? ''
  return isAbsolute(folder) ? folder : join(homedir(), fallback)
}
