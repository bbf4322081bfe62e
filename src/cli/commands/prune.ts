import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addImagesOption, addNeededMirrorOptions, addOutputOption, addPruneOptions } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Objects count that have names of the updater's own form under the mirror's
prefix; others are never touched. Several catalogues that share a mirror must
all be named, or the objects of those left out go. Nothing is removed where a
file cannot be read, or where the catalogue names nothing that lies there.

Examples:
  What could go?
    image-updater prune --images /etc/images
  Remove it, if it is older than a month:
    image-updater prune --images /etc/images --grace 30d --yes

Exit status:
  0    all well
  1    at least one object could not be removed, the others are
  2    wrong usage, configuration or catalogue, nothing was removed
  130  interrupted by SIGINT, 143 by SIGTERM: what is removed is removed
`

/** `prune`: remove from the mirror what no catalogue file names any more. */
export function registerPrune(program: Command, session: Session): void {
  const command = program
    .command('prune')
    .description('list or remove what the mirror has and no catalogue file names')
    .addHelpText('after', about)
  addImagesOption(command)
  addNeededMirrorOptions(command)
  addPruneOptions(command)
  addOutputOption(command)
  command.action(async () => {
    const { prune } = await import('./prune-action.ts')
    await prune(readFlags(command), session)
  })
}
