import { type Command, Option } from 'commander'
import type { Configuration } from '../config/types.ts'
import { UpdaterError } from '../errors.ts'
import { invalid, layUnder, optionsOf, readFlags } from './flags.ts'
import type { SharedFlags } from './options.ts'
import type { Session } from './session.ts'

interface ConfigurationFlags {
  /** `false` with `--no-config`. */
  readonly config?: string | false | undefined
}

/** `--config`, and the file that it names, read before a command acts and laid under its options. */
export function addConfigurationOptions(program: Command, session: Session): void {
  program
    .optionsGroup('Configuration:')
    .addOption(
      new Option(
        '--config <file>',
        'options from a file (default: ./image-updater.yml or /etc/image-updater/image-updater.yml)',
      ).env('IMAGE_UPDATER_CONFIG'),
    )
    .option('--no-config', 'read no configuration file')
    .hook('preAction', async (_program, command) => {
      if (command.name().startsWith('__')) return
      const configuration = await configure(command, session)
      if (configuration !== undefined) await tell(command, configuration, session)
    })
}

/**
 * Reads the configuration file, anew where it was read before, and lays it under the command's options.
 * @throws UpdaterError CONFIGURATION
 */
export async function configure(command: Command, session: Session): Promise<Configuration | undefined> {
  const { config } = readFlags<ConfigurationFlags>(command).values
  if (config === false) return undefined
  const { loadConfiguration } = await import('../config/load.ts')
  const { secretOptions } = await import('../config/secrets.ts')
  const configuration = await loadConfiguration(config, command.name())
  layUnder(command, configuration)
  session.hide(secretOptions.map((key) => configuration?.options[key]))
  if (configuration !== undefined) assertCommands(command, configuration)
  assertChoices(command)
  return configuration
}

function assertCommands({ parent }: Command, { commands, placeOf }: Configuration): void {
  const known = (parent?.commands ?? []).map((one) => one.name()).filter((name) => !name.startsWith('__'))
  const unknown = commands.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new UpdaterError('CONFIGURATION', `"commands" names "${unknown}", which is no command`, {
    place: placeOf('commands'),
    remedy: `The commands are ${known.join(', ')}`,
  })
}

/** Commands have formats of their own for the same option. */
function assertChoices(command: Command): void {
  const { values, origin } = readFlags<Record<string, unknown>>(command)
  for (const { option } of optionsOf(command)) {
    const key = option.attributeName()
    if (origin(key).source !== 'file' || option.argChoices === undefined) continue
    if (option.argChoices.some((choice) => choice === values[key])) continue
    const choices = option.argChoices.join(', ')
    throw invalid(origin(key), `is not what ${command.name()} has`, `Give one of ${choices}`)
  }
}

async function tell(command: Command, { file, warnings }: Configuration, session: Session): Promise<void> {
  const { openLog } = await import('./log.ts')
  const { log } = openLog(session, readFlags<SharedFlags>(command).values)
  log.write({ level: 'debug', scope: 'config', message: `Options come from ${file}` })
  for (const message of warnings) log.write({ level: 'warning', scope: 'config', message })
}

/** Hidden opposites of all switches, so that a flag can take back what a file has set: `--no-strict`, `--mirror`. */
export function addOpposites(program: Command): void {
  for (const command of [program, ...program.commands]) {
    const switches = command.options.filter((option) => option.negate || option.isBoolean())
    for (const { long } of switches) {
      if (long === undefined || long === '--version') continue
      const opposite = long.startsWith('--no-') ? `--${long.slice(5)}` : `--no-${long.slice(2)}`
      if (command.options.some((option) => option.long === opposite)) continue
      command.addOption(new Option(opposite).hideHelp())
    }
  }
}
