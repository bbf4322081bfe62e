import { Command, CommanderError } from 'commander'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { version } from '../package.ts'
import { registerCheck } from './commands/check.ts'
import { registerComplete } from './commands/complete.ts'
import { registerConfig } from './commands/config.ts'
import { registerDiff } from './commands/diff.ts'
import { registerInit } from './commands/init.ts'
import { registerLifecycle } from './commands/lifecycle.ts'
import { registerList } from './commands/list.ts'
import { registerMirror } from './commands/mirror.ts'
import { registerPropose } from './commands/propose.ts'
import { registerPrune } from './commands/prune.ts'
import { registerReport } from './commands/report.ts'
import { registerServe } from './commands/serve.ts'
import { registerUpdate } from './commands/update.ts'
import { registerValidate } from './commands/validate.ts'
import { registerVerify } from './commands/verify.ts'
import { addCompletionOptions } from './completion/options.ts'
import { addConfigurationOptions, addOpposites } from './configuration.ts'
import { interruptedStatus } from './context.ts'
import { optionsOf } from './flags.ts'
import { configureHelp } from './help.ts'
import { commandFirst, defaultCommand } from './line.ts'
import { addSharedOptions } from './options.ts'
import type { Session } from './session.ts'

/** The whole command line: one file under `commands/` for each command. */
export function createProgram(session: Session): Command {
  const { stdout } = session.context
  const program = new Command('image-updater')
    .description("Keeps an OpenStack cloud's image catalogue fresh.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => Math.min(stdout.columns ?? 80, 100),
    })
  configureHelp(program, stdout)
  addConfigurationOptions(program, session)
  addSharedOptions(program)
  addCompletionOptions(program, session)
  program.version(version(), '--version', 'print the version').helpOption('--help', 'print this help')
  registerUpdate(program, session)
  registerCheck(program, session)
  registerMirror(program, session)
  registerVerify(program, session)
  registerPrune(program, session)
  registerReport(program, session)
  registerServe(program, session)
  registerList(program, session)
  registerDiff(program, session)
  registerValidate(program, session)
  registerInit(program, session)
  registerLifecycle(program, session)
  registerPropose(program, session)
  registerConfig(program, session)
  registerComplete(program, session)
  addOpposites(program)
  return program
}

/**
 * Runs the command line of a session and says with which status the process is to end:
 * 0 all well, 1 an image failed, 2 wrong usage, configuration or catalogue, 10 a check found updates, 130 and
 * 143 interrupted.
 */
export async function runProgram(session: Session): Promise<number> {
  const { args, context } = session
  const program = createProgram(session)
  try {
    const line = commandFirst(program, args)
    session.command = line.command
    await program.parseAsync(line.args, { from: 'user' })
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    const error =
      thrown instanceof CommanderError ? usageError(thrown, program, session.command) : asUpdaterError(thrown)
    session.exitStatus = interruptedStatus(context.signal) ?? (error.code === 'INTERNAL' ? 1 : 2)
    const { reportRefusal } = await import('./refusal.ts')
    await reportRefusal(error, program, session)
  }
  return session.exitStatus
}

/** Commander's message as one of our sentences; what follows a mistyped option's `=` may be a secret. */
function usageError({ message, code }: CommanderError, program: Command, name: string): UpdaterError {
  if (code === 'commander.help') {
    const remedy = 'image-updater --help lists all commands'
    return new UpdaterError('USAGE', 'There is no such command', { remedy })
  }
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const sentence = code === 'commander.unknownOption' ? first.replace(/=.*$/s, "'") : first
  const meant = suggested(rest.join(' '), program, name)
  const help = name === defaultCommand ? 'image-updater --help' : `image-updater ${name} --help`
  return new UpdaterError('USAGE', sentence.charAt(0).toUpperCase() + sentence.slice(1), {
    remedy: `${meant === '' ? '' : `Perhaps you meant ${meant}; `}${help} lists all options`,
  })
}

/** Commander looks among the options of the default command, too: what the command does not have is no help. */
function suggested(text: string, program: Command, name: string): string {
  const command = program.commands.find((one) => one.name() === name) ?? program
  const known = optionsOf(command).map(({ option }) => option.long)
  const meant = /Did you mean (?:one of )?(.+)\?\)/.exec(text)?.[1]?.split(', ') ?? []
  return meant.filter((option) => known.includes(option)).join(' or ')
}
