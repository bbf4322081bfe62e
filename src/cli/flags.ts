import { type Command, Option } from 'commander'
import { type CommandName, commandNames } from '../commands.ts'
import { type AnyRow, camel } from '../option.ts'
import { optionsOf, rows } from '../options.ts'

export const defaultCommand = 'update'

/** The command line that lists the options of a command. */
export const helpOf = (command: string) =>
  command === defaultCommand ? 'image-updater --help' : `image-updater ${command} --help`

/** The flags of the options that a command alone has. */
export function addOptions(command: Command, first?: string): void {
  const own = optionsOf(command.name() as CommandName).filter((row) => !isShared(row))
  const isFirst = ({ group }: AnyRow) => group === first
  for (const row of [...own.filter(isFirst), ...own.filter((row) => !isFirst(row))]) {
    command.addOption(toOption(row))
    const { formerly } = row
    if (formerly !== undefined && !own.some(({ name }) => name === formerly)) {
      const older = toOption({ ...row, name: formerly, hidden: true })
      command.addOption(Object.assign(older, { attributeName: () => camel(row.name) }))
    }
  }
  addOpposites(command)
}

/** The flags of the options that all commands have. */
export function addSharedOptions(program: Command): void {
  for (const row of rows.filter(isShared)) program.addOption(toOption(row))
}

const isShared = ({ commands }: AnyRow) => commandNames.every((name) => commands.includes(name))

/** `--jobs`; of a switch that is on by default, its opposite: `--no-cache`. */
export function flagOf({ name, type, default: value }: AnyRow): string {
  return type.form === 'flag' && value === true ? `--no-${name}` : `--${name}`
}

function toOption(row: AnyRow): Option {
  const { type, help, group, env, conflicts, hidden } = row
  const option = new Option(type.form === 'flag' ? flagOf(row) : `${flagOf(row)} <${type.placeholder}>`, help)
  option.helpGroup(`${group}:`)
  if (type.form !== 'flag') option.default(row.default)
  if (type.schema.enum !== undefined) option.argChoices = [...type.schema.enum]
  if (env !== undefined) option.env(env)
  if (conflicts !== undefined) option.conflicts(conflicts.map(camel))
  if (hidden) option.hideHelp()
  return type.form === 'list' ? option.argParser(gather(row.default)) : option
}

/** Each further value joins those given before; the first one takes the place of the default. */
const gather = (usual: unknown) => (value: string, before: readonly string[] | undefined) =>
  before === undefined || before === usual ? [value] : [...before, value]

/** Hidden opposites of all switches, so that a flag can take back what a file has set: `--no-strict`, `--mirror`. */
export function addOpposites(command: Command): void {
  const switches = command.options.filter((option) => option.negate || option.isBoolean())
  for (const { long } of switches) {
    if (!long || long === '--version') continue
    const opposite = long.startsWith('--no-') ? `--${long.slice(5)}` : `--no-${long.slice(2)}`
    if (command.options.some((option) => option.long === opposite)) continue
    command.addOption(new Option(opposite).hideHelp())
  }
}

/** A command line whose command, if it names one, comes first. */
export interface Line {
  /** The one that it names, else the default one. */
  readonly command: string
  readonly args: readonly string[]
  /** The first word, if it is no command's name. */
  readonly word?: string | undefined
}

/**
 * Options may stand before the command (`--images etc/images check`), where commander would take the
 * command's name for an argument of the default command.
 */
export function commandFirst(program: Command, args: readonly string[]): Line {
  const options = [program, ...program.commands].flatMap((command) => command.options)
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? ''
    if (word === '--') return { command: defaultCommand, args: [defaultCommand, ...args] }
    if (word.startsWith('-')) {
      if (options.find(({ long, short }) => word === long || word === short)?.required) at += 1
      continue
    }
    const command = program.commands.find((candidate) => candidate.name() === word)?.name()
    if (command === undefined) return { command: defaultCommand, args, word }
    return { command, args: [command, ...args.slice(0, at), ...args.slice(at + 1)] }
  }
  return { command: defaultCommand, args }
}
