import { type Command, Help, type Option } from 'commander'
import { createPaint } from '../report/terminal.ts'
import { type Output, wantsColour } from './context.ts'

/** What follows the options in the help of the program and of its default command. */
export const examples = `
NAME selects images by name, shortname or file; * and ? stand for any text and
any character. Flags go over environment variables, these over the
configuration file, it over defaults; an empty variable counts as unset.

Examples:
  Show what would change in a checkout, without credentials:
    image-updater --images etc/images --dry-run
  Update everything and mirror it (credentials in the environment):
    MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… image-updater --images etc/images
  Only some images, with the report as JSON:
    image-updater --images etc/images --output json 'ubuntu-*' 'Debian 12'
  Mirror into a folder that a web server serves:
    image-updater --mirror-dir /srv/images --mirror-base-url https://img.example
  Find updates only, leave the mirror to somebody else:
    image-updater --images etc/images --no-mirror

Exit status:
  0    all well
  1    at least one image failed, the others are done
  2    wrong usage, configuration or catalogue, nothing was done
  130  interrupted by SIGINT, uploads were aborted and every file is whole
  143  interrupted by SIGTERM, likewise

Documentation: the docs folder of the package, beginning with README.md.
`

/** Help that shows the options of the default command and the shared ones together, in groups. */
export function configureHelp(program: Command, stdout: Output): void {
  const plain = new Help()
  const paint = createPaint(wantsColour(stdout))
  const optionsOf = (command: Command): Option[] => {
    const own = command === program ? program.commands.filter((one) => one.name() === 'update') : [command]
    const all = [...own, program].flatMap((one) => plain.visibleOptions(one))
    return [
      ...new Map(all.filter(({ long }) => long !== '--help').map((one) => [one.long, one])).values(),
    ].concat(plain.visibleOptions(program).filter(({ long }) => long === '--help'))
  }
  program
    .configureHelp({
      visibleOptions: optionsOf,
      optionDescription: describeOption,
      groupItems: (_all, visible, groupOf) => groupItems(visible, groupOf),
      commandUsage: (command) =>
        command === program ? 'image-updater [update] [NAME...] [options]' : plain.commandUsage(command),
      subcommandTerm: (command) => plain.subcommandTerm(command).replace('[options] ', ''),
      styleTitle: (title) => paint('bold', title),
    })
    .addHelpText('after', examples)
}

/** Groups in the order in which their first items come. */
function groupItems<T>(items: readonly T[], groupOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(groupOf(item), [...(groups.get(groupOf(item)) ?? []), item])
  return groups
}

const descriptionWidth = 48

function describeOption({ description, argChoices, defaultValue, envVar }: Option): string {
  const value = Array.isArray(defaultValue) ? defaultValue.join(' ') : defaultValue
  const facts = [
    argChoices?.join(', '),
    value === undefined ? undefined : `default: ${value === '' ? 'none' : value}`,
    envVar === undefined ? undefined : `env: ${envVar}`,
  ].filter((fact) => fact !== undefined)
  if (facts.length === 0) return description
  const note = `[${facts.join('; ')}]`
  const short = [...description, ...note].length < descriptionWidth
  return `${description}${short ? ' ' : '\n'}${note}`
}
