import type { Command } from 'commander'
import type { CommandName } from '../commands.ts'
import type { Values } from '../options.ts'
import { configure } from './configuration.ts'
import type { Session } from './session.ts'
import { type Options, optionsFrom, settingsOf } from './settings.ts'

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
    const { configuration } = this.session
    const settings = settingsOf(this.command, configuration)
    for (const { defect } of settings) if (defect !== undefined) throw defect
    return optionsFrom(settings, configuration)
  }

  /** Returns the values in force, in place of wrong ones their defaults. */
  values(): Values<Name> {
    const { configuration } = this.session
    return optionsFrom<Name>(settingsOf(this.command, configuration), configuration).values
  }

  /** Returns the options after the configuration file has been read again. @throws UpdaterError */
  async reload(): Promise<Options<Name>> {
    await configure(this.command, this.session)
    return this.options()
  }
}
