import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { examples } from '../help.ts'
import { addCatalogueOptions, addIntegrityOptions, addMirrorOptions, addRunOptions } from '../options.ts'
import type { Session } from '../session.ts'

/** `update`: find the newest builds, mirror them, rewrite the catalogue. */
export function registerUpdate(program: Command, session: Session): void {
  const command = program
    .command('update', { isDefault: true })
    .description('find the newest builds, mirror them, rewrite the catalogue (the default command)')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', examples)
  addCatalogueOptions(command)
  addMirrorOptions(command)
  addIntegrityOptions(command)
  addRunOptions(command)
  command.action(async (names: readonly string[]) => {
    const { update } = await import('./update-action.ts')
    await update(readFlags(command), namesBehindOptions(names, session.args), session)
  })
}

/** In `image-updater --dry-run update NAME` the options come first, and commander takes the command for a NAME. */
function namesBehindOptions(names: readonly string[], args: readonly string[]): readonly string[] {
  return names[0] === 'update' && args[0] !== 'update' ? names.slice(1) : names
}
