import type { Command } from 'commander'
import type { CommandName } from '../commands.ts'
import { configure } from './configuration.ts'
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
