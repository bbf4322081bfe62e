import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { examples } from '../help.ts'
import {
  addCatalogueOptions,
  addFileOptions,
  addHistoryOptions,
  addHookOptions,
  addIntegrityOptions,
  addMirrorOptions,
  addOutputOption,
  addRunOptions,
  addShardOption,
} from '../options.ts'
import type { Session } from '../session.ts'

/** `update`: find the newest builds, mirror them, rewrite the catalogue. */
export function registerUpdate(program: Command, session: Session): void {
  const command = program
    .command('update', { isDefault: true })
    .description('find the newest builds, mirror them, rewrite the catalogue (the default command)')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', examples)
  addUpdateOptions(command)
  addOutputOption(command)
  addFileOptions(command)
  command.action(async (names: readonly string[]) => {
    const { update } = await import('./update-action.ts')
    await update(readFlags(command), names, session)
  })
}

/** The options of a run, whoever begins it. */
export function addUpdateOptions(command: Command): void {
  addCatalogueOptions(command)
  addHistoryOptions(command)
  addMirrorOptions(command)
  addIntegrityOptions(command)
  addRunOptions(command)
  addShardOption(command)
  addHookOptions(command)
}
