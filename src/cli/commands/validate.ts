import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addImagesOptions, addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Every finding has a place, a rule and a remedy; what the rules are is in
docs/validating.md. Nothing is asked over the network.

Examples:
  Check a checkout, as a pull request's job does:
    image-updater validate --images etc/images --output github
  Warnings fail it, too, and only Ubuntu is looked at:
    image-updater validate --images etc/images --strict 'ubuntu*'

Exit status:
  0    no error was found
  1    errors were found (with --strict: or warnings)
  2    wrong usage, or there is no such catalogue
`

/** `validate`: the catalogue against Image Manager's schema and common sense. */
export function registerValidate(program: Command, session: Session): void {
  const command = program
    .command('validate')
    .description("compare the catalogue with OpenStack Image Manager's schema and common sense")
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addImagesOptions(command)
  command.optionsGroup('Run:').option('--strict', 'warnings are errors')
  addOutputOption(command, ['text', 'json', 'markdown', 'github'])
  command.action(async (names: readonly string[]) => {
    const { validate } = await import('./validate-action.ts')
    await validate(readFlags(command), names, session)
  })
}
