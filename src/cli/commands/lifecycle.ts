import { type Command, Option } from 'commander'
import { readFlags } from '../flags.ts'
import { addImagesOptions, addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Dates come from endoflife.date and Garden Linux's release database: Ubuntu to
the end of standard support, Debian to the end of its free LTS. What cannot be
asked is told, and the dates that ship with the program stand in.

Examples:
  What has to be looked at in the next half year:
    image-updater lifecycle --images etc/images --within 180d
  See what --fix would switch off, without the network:
    image-updater lifecycle --images etc/images --offline --fix --dry-run
  For an issue in a scheduled job:
    image-updater lifecycle --images etc/images --output markdown > issue.md

Exit status:
  0    nothing to do
  1    dates could not be had, or an image could not be switched off
  2    wrong usage, configuration or catalogue, nothing was done
  10   releases are expired (and enabled), expiring or missing
`

/** `lifecycle`: the catalogue and the lives of its distributions' releases. */
export function registerLifecycle(program: Command, session: Session): void {
  const command = program
    .command('lifecycle')
    .description('tell releases that are at the end of their life, and those that are missing')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addImagesOptions(command)
    .optionsGroup('Lifecycle:')
    .addOption(new Option('--within <time>', 'an end counts as coming soon').default('90d'))
    .option('--offline', 'ask nobody: the dates that ship with the program')
    .option('--endoflife-api <url>', 'a mirror of https://endoflife.date/api/v1/')
    .option('--gardenlinux-releases <url>', "a mirror of Garden Linux's releases-major.json")
    .optionsGroup('Run:')
    .option('--fix', 'write enable: false into enabled images of expired releases')
    .option('--dry-run', 'with --fix: write nothing, show what would change as a unified diff')
  addOutputOption(command, ['text', 'json', 'markdown', 'csv'])
  command.action(async (names: readonly string[]) => {
    const { lifecycle } = await import('./lifecycle-action.ts')
    await lifecycle(readFlags(command), names, session)
  })
}
