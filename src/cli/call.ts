import type { Command } from 'commander'
import { throwDefects } from '../catalog/defects.ts'
import type { CommandName } from '../commands.ts'
import type { Configuration } from '../config/types.ts'
import { keyOf, rows } from '../options.ts'
import type { Session } from './session.ts'
import { type Options, optionsInForce } from './settings.ts'

/** A command as it was called. */
export class Call<Name extends CommandName> {
  readonly command: Command
  readonly args: readonly string[]
  readonly session: Session

  constructor(command: Command, args: readonly string[], session: Session) {
    this.command = command
    this.args = args
    this.session = session
  }

  /** @throws UpdaterError USAGE for a wrong flag, CONFIGURATION for an environment variable or the file */
  options(): Options<Name> {
    const options = this.inForce()
    for (const { defect } of options.settings) if (defect !== undefined) throw defect
    return options
  }

  /** Returns the options in force, in place of wrong ones their defaults. */
  inForce(): Options<Name> {
    return optionsInForce(this.command, this.session.configuration)
  }

  /** Returns the options after the configuration file has been read again. @throws UpdaterError */
  async reload(): Promise<Options<Name>> {
    await configure(this.command, this.session)
    return this.options()
  }
}

/**
 * Reads the configuration file, anew where it was read before; its values are in force from now on, unless it has defects.
 * @param section the command whose own options in the file go over those of all
 * @throws UpdaterError CONFIGURATION; several defects as one error whose `cause` is an `AggregateError`
 */
export async function configure(
  command: Command,
  session: Session,
  section = command.name(),
): Promise<Configuration | undefined> {
  const { values } = optionsInForce<'config'>(command, undefined)
  if (command.parent?.getOptionValue('config') === false) return undefined
  const { readConfiguration } = await import('../config/load.ts')
  const configuration = await readConfiguration(values.config, section)
  const secrets = rows.filter(({ secret }) => secret).map((row) => configuration?.options[keyOf(row)])
  session.hide(secrets.filter((secret) => typeof secret === 'string'))
  // What is wrong is just what one wants to see there.
  if (command.name() !== 'config') throwDefects(configuration?.defects ?? [], 'The configuration')
  // Nothing of a file with defects is in force: the report of its refusal would go where the file says.
  session.configuration = configuration
  return configuration
}

/** Says in the log which configuration file is in force, and what is not good about it. */
export async function tellConfiguration(command: Command, session: Session): Promise<void> {
  const { configuration } = session
  if (configuration === undefined) return
  const { openLog } = await import('./log.ts')
  const log = openLog(session, optionsInForce<'config'>(command, configuration).values)
  log.write({ level: 'debug', scope: 'config', message: `Options come from ${configuration.file}` })
  for (const message of configuration.warnings) log.write({ level: 'warning', scope: 'config', message })
}
