import { Command, CommanderError, Help, type Option } from 'commander'
import { closest } from '../catalog/closest.ts'
import { type CommandDescription, type CommandName, commandNames, commands } from '../commands.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { version } from '../package.ts'
import { createPaint } from '../report/terminal.ts'
import { Call, configure, tellConfiguration } from './call.ts'
import { addCompletion } from './completion/command.ts'
import { interruptedStatus, type Output, surpriseStatus, wantsColour } from './context.ts'
import { addOpposites, addOptions, addSharedOptions, commandFirst, defaultCommand, helpOf } from './flags.ts'
import { tellSurprise } from './log.ts'
import type { Session } from './session.ts'

/** The whole command line. */
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
  addSharedOptions(program)
  program.optionsGroup('Configuration:').option('--no-config', 'read no configuration file')
  addCompletion(program, session)
  program.version(version(), '--version', 'print the version').helpOption('-h, --help', 'print this help')
  addOpposites(program)
  for (const [name, description] of Object.entries(commands)) addCommand(program, name, description, session)
  return program
}

function addCommand(
  program: Command,
  name: string,
  { description, arguments: expected = {}, first, help }: CommandDescription,
  session: Session,
): void {
  const command = program.command(name, { isDefault: name === defaultCommand }).description(description)
  for (const [argument, meaning] of Object.entries(expected)) command.argument(argument, meaning)
  addOptions(command, first)
  for (const one of name === defaultCommand ? [program, command] : [command]) one.addHelpText('after', help)
  command.action(async (...given: unknown[]) => {
    const args = given.slice(0, command.registeredArguments.length).flat()
    const words = args.filter((one) => typeof one === 'string')
    // Loaded before there is anything to tell: later nothing can be, if no file can be opened any more.
    await import('./refusal.ts')
    await configure(command, session)
    await tellConfiguration(command, session)
    // The one place where what a command runs is loaded.
    const { run }: CommandModule = await import(`./commands/${name}.ts`)
    await run(new Call(command, words, session))
  })
}

/** What a file under `commands/` has. */
interface CommandModule {
  /**
   * Carries the command out; the session keeps the exit status.
   * @throws UpdaterError where nothing was done
   */
  run(call: Call<CommandName>): Promise<void>
}

/** Help that shows the options of the default command and the shared ones together, in groups. */
function configureHelp(program: Command, stdout: Output): void {
  const plain = new Help()
  const paint = createPaint(wantsColour(stdout))
  const optionsOf = (command: Command): Option[] => {
    const own = command === program ? program.commands.filter((one) => one.name() === 'update') : [command]
    const all = [...own, program].flatMap((one) => plain.visibleOptions(one))
    return [
      ...new Map(all.filter(({ long }) => long !== '--help').map((one) => [one.long, one])).values(),
    ].concat(plain.visibleOptions(program).filter(({ long }) => long === '--help'))
  }
  program.configureHelp({
    visibleOptions: optionsOf,
    optionDescription: describeOption,
    // Groups stand in the order in which their first items come.
    groupItems: (_all, visible, groupOf) => plain.groupItems(visible, visible, groupOf),
    commandUsage: (command) =>
      command === program ? 'image-updater [update] [NAME...] [options]' : plain.commandUsage(command),
    subcommandTerm: (command) => plain.subcommandTerm(command).replace('[options] ', ''),
    styleTitle: (title) => paint('bold', title),
  })
}

const descriptionWidth = 48

function describeOption({ description, argChoices, defaultValue, envVar }: Option): string {
  const value = Array.isArray(defaultValue) ? defaultValue.join(' ') : defaultValue
  const facts = [
    argChoices?.join(', '),
    value === undefined ? undefined : `default: ${value === '' ? 'none' : value}`,
    envVar === undefined ? undefined : `env: ${envVar}`,
  ].filter((fact) => fact !== undefined)
  if (facts.length === 0) return description
  const note = `[${facts.join('; ')}]`
  const short = [...description, ...note].length < descriptionWidth
  return `${description}${short ? ' ' : '\n'}${note}`
}

/**
 * Runs the command line of a session and says with which status the process is to end:
 * 0 all well, 1 an image failed, 2 wrong usage, configuration or catalogue, 10 a check found updates, 70 the program
 * itself has failed, 75 another run works on the catalogue, 129, 130 and 143 interrupted.
 */
export async function runProgram(session: Session): Promise<number> {
  const { args, context } = session
  const program = createProgram(session)
  const line = commandFirst(program, args)
  session.command = line.command
  try {
    await Promise.race([program.parseAsync(line.args, { from: 'user' }), context.lost])
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    const isUsage = thrown instanceof CommanderError
    const failure = isUsage ? usageError(thrown, program, session.command) : asUpdaterError(thrown)
    const error = withCommand(failure, line.word === 'help' ? args[args.indexOf('help') + 1] : line.word)
    const refused = refusedStatus(error)
    session.exitStatus = error.code === 'INTERNAL' ? refused : (interruptedStatus(context.signal) ?? refused)
    await import('./refusal.ts').then(
      ({ reportRefusal }) => reportRefusal(error, program, session),
      () => tellSurprise(error, session),
    )
  }
  return session.exitStatus
}

/** 75 is EX_TEMPFAIL of sysexits.h: the same call may do well later. */
function refusedStatus({ code }: UpdaterError): number {
  if (code === 'CATALOG_LOCKED') return 75
  return code === 'INTERNAL' ? surpriseStatus : 2
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
  return new UpdaterError('USAGE', sentence.charAt(0).toUpperCase() + sentence.slice(1), {
    remedy: `${meant === '' ? '' : `Perhaps you meant ${meant}; `}${helpOf(name)} lists all options`,
  })
}

/** @param word that is no command's name, and may be a mistyped one instead of an image's name */
function withCommand(error: UpdaterError, word = ''): UpdaterError {
  const { code, message, place, remedy, cause } = error
  const [meant] = closest(word, commandNames)
  const isPossible = code === 'USAGE' || code === 'CATALOG_NOT_FOUND'
  if (meant === undefined || !isPossible) return error
  const first = `Perhaps you meant the command ${meant}`
  return new UpdaterError(code, message, {
    ...(place && { place }),
    remedy: remedy === undefined ? first : `${first}. ${remedy}`,
    cause,
  })
}

/** Commander looks among the options of the default command, too: what the command does not have is no help. */
function suggested(text: string, program: Command, name: string): string {
  const command = program.commands.find((one) => one.name() === name) ?? program
  const known = [...command.options, ...program.options].map(({ long }) => long)
  const meant = /Did you mean (?:one of )?(.+)\?\)/.exec(text)?.[1]?.split(', ') ?? []
  return meant.filter((option) => known.includes(option)).join(' or ')
}
