import { type Command, Help, type Option } from 'commander'
import { createPaint } from '../report/terminal.ts'
import { type Output, wantsColour } from './context.ts'

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
  program.configureHelp({
    visibleOptions: optionsOf,
    optionDescription: describeOption,
    // Groups stand in the order in which their first items come.
    groupItems: (_all, visible, groupOf) => plain.groupItems(visible, visible, groupOf),
    commandUsage: (command) =>
      command === program ? 'image-updater [update] [NAME...] [options]' : plain.commandUsage(command),
    subcommandTerm: (command) => plain.subcommandTerm(command).replace('[options] ', ''),
    styleTitle: (title) => paint('bold', title),
  })
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
