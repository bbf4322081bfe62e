import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import {
  addCatalogueOptions,
  addNeededMirrorOptions,
  addOutputOption,
  addReportOption,
  addRunOptions,
  addTransferOptions,
} from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Each version that names a mirror_url on this mirror is brought there from its
url where it is missing, if its bytes are those of its checksum. No catalogue
file is written. A mirror_url of another mirror is left alone.

Examples:
  What is missing, without credentials:
    image-updater mirror --images etc/images --dry-run
  Fill a new mirror in a folder:
    image-updater mirror --mirror-dir /srv --mirror-base-url https://img.example

Exit status:
  0    all of them are there
  1    at least one could not be brought there, the others are done
  2    wrong usage, configuration or catalogue, nothing was done
  130  interrupted by SIGINT, 143 by SIGTERM: uploads were aborted
`

/** `mirror`: bring what the catalogue names to the mirror. */
export function registerMirror(program: Command, session: Session): void {
  const command = program
    .command('mirror')
    .description('bring every version that names a mirror_url to the mirror')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addCatalogueOptions(command)
  addNeededMirrorOptions(command)
  addTransferOptions(command)
  addRunOptions(command)
  addOutputOption(command)
  addReportOption(command)
  command.action(async (names: readonly string[]) => {
    const { mirror } = await import('./mirror-action.ts')
    await mirror(readFlags(command), names, session)
  })
}
