import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addImagesOption, addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
DISTRO is the name of a file without .yml, with * and ?, or all. Without one,
the distributions are listed. A file that is there already is never touched:
then nothing is written.

Definitions for aarch64, of daily builds and of releases that are no longer
supported come with enable: false. No version is in any of them: the first
\`image-updater update\` finds it.

Examples:
  List what there is:
    image-updater init
  Begin a catalogue:
    image-updater init ubuntu debian 'rocky*' --images etc/images

Exit status:
  0    all well
  2    wrong usage, or a file is there already or cannot be written
`

/** `init`: writes the image definitions that come with the program. */
export function registerInit(program: Command, session: Session): void {
  const command = program
    .command('init')
    .description('write image definitions for distributions, or list them')
    .argument('[DISTRO...]', 'distributions to write, with * and ?, or all (default: list them)')
    .addHelpText('after', about)
  addImagesOption(command)
  command.optionsGroup('Run:').option('--dry-run', 'write nothing, say what would be')
  addOutputOption(command)
  command.action(async (distributions: readonly string[]) => {
    const { init } = await import('./init-action.ts')
    await init(readFlags(command), distributions, session)
  })
}
