import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addCatalogueOptions, addCheckOptions, addPageOptions } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
The page needs nothing beside itself: it can be put on any web server, or be
kept as a file. It is written whatever the check finds.

Examples:
  The state of the catalogue, for a web server:
    image-updater report --images etc/images --html /srv/www/images.html
  From a check that has been made already:
    image-updater check --report check.json
    image-updater report --from check.json --html images.html

Exit status:
  0    the page was written, whatever it tells
  2    wrong usage, configuration or catalogue, or it cannot be written
  130  interrupted by SIGINT, 143 by SIGTERM: nothing was written
`

/** `report`: the state of the catalogue as a page. */
export function registerReport(program: Command, session: Session): void {
  const command = program
    .command('report')
    .description('check the catalogue and write what is found as an HTML page')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addCatalogueOptions(command)
  addCheckOptions(command)
  addPageOptions(command)
  command.action(async (names: readonly string[]) => {
    const { report } = await import('./report-action.ts')
    await report(readFlags(command), names, session)
  })
}
