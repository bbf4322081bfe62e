import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addCatalogueOptions, addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Examples:
  The catalogue as a table for a page of documentation:
    image-updater list --images etc/images --output markdown
  All fields for a spreadsheet:
    image-updater list --images etc/images --output csv > images.csv

Exit status:
  0    all well
  2    wrong usage, configuration or catalogue
`

/** `list`: the catalogue as a table. */
export function registerList(program: Command, session: Session): void {
  const command = program
    .command('list')
    .description('show the catalogue as a table')
    .argument('[NAME...]', 'images to show: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addCatalogueOptions(command)
  addOutputOption(command, ['text', 'markdown', 'rst', 'csv', 'json'])
  command.action(async (names: readonly string[]) => {
    const { list } = await import('./list-action.ts')
    await list(readFlags(command), names, session)
  })
}
