import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addCatalogueOptions, addCheckOptions, addFileOptions, addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Nothing is written and no credentials are needed: the mirror is asked by the
URLs that the catalogue names, as every user of the cloud may ask.

Examples:
  Is the catalogue current?
    image-updater check --images etc/images
  A table for the summary of a GitHub job:
    image-updater check --output markdown >> "$GITHUB_STEP_SUMMARY"
  Metrics for node_exporter, test results for the CI system:
    image-updater check --metrics-file images.prom --report images.xml

Exit status:
  0    every image is current
  10   there are updates, or images that the mirror lacks
  1    at least one image could not be checked
  2    wrong usage, configuration or catalogue
`

/** `check`: is the catalogue current? */
export function registerCheck(program: Command, session: Session): void {
  const command = program
    .command('check')
    .description('say of every image how old it is, what is newer, and what the mirror has')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addCatalogueOptions(command)
  addCheckOptions(command)
  addOutputOption(command, ['text', 'json', 'markdown', 'csv'])
  addFileOptions(command)
  command.action(async (names: readonly string[]) => {
    const { check } = await import('./check-action.ts')
    await check(readFlags(command), names, session)
  })
}
