import type { Command, Option } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { createSession } from '../../src/cli/session.ts'
import { type CommandName, commands } from '../../src/commands.ts'
import * as library from '../../src/index.ts'

/** A command as the reference shows it, read from the program itself. */
export interface Described {
  readonly name: string
  readonly usage: string
  readonly description: string
  readonly arguments: readonly { readonly name: string; readonly description: string }[]
  readonly groups: readonly Group[]
  /** What its help says after the options, without the empty lines around it. */
  readonly more: string
}

export interface Group {
  /** `Mirror`. */
  readonly name: string
  /** `update` has the very same options under this name: they are described there. */
  readonly isOfUpdate: boolean
  readonly options: readonly OptionFacts[]
}

export interface OptionFacts {
  /** `--jobs <n>`. */
  readonly flags: string
  readonly description: string
  readonly choices: readonly string[]
  readonly default: string | undefined
  readonly variable: string | undefined
}

/** The visible commands, the default one first, and the options that all of them share. */
export function describeCommands(): { commands: Described[]; shared: Group[] } {
  const program = createProgram(
    createSession([], {
      stdout: { write: () => {}, columns: 80 },
      stderr: { write: () => {} },
      signal: new AbortController().signal,
      now: () => new Date(0),
      lost: new Promise(() => {}),
      onHangup: () => {},
      library: async () => library,
    }),
  )
  const update = program.commands.find((one) => one.name() === 'update')
  const ofUpdate = new Map(groupsOf(update ?? program).map((group) => [group.name, JSON.stringify(group)]))
  const visible = program.createHelp().visibleCommands(program)
  return {
    commands: visible
      .filter((one) => one.name() !== 'help')
      .map((command) => describe(command, command === update ? new Map() : ofUpdate)),
    shared: groupsOf(program),
  }
}

function describe(command: Command, ofUpdate: ReadonlyMap<string, string>): Described {
  return {
    name: command.name(),
    usage: `image-updater ${command.name()} ${command.usage()}`,
    description: command.description(),
    arguments: command.registeredArguments.map((one) => ({
      name: command.createHelp().argumentTerm(one),
      description: one.description,
    })),
    groups: groupsOf(command).map((group) => ({
      ...group,
      isOfUpdate: ofUpdate.get(group.name) === JSON.stringify(group),
    })),
    more: commands[command.name() as CommandName].help.trim(),
  }
}

function groupsOf(command: Command): Group[] {
  const groups = new Map<string, OptionFacts[]>()
  for (const option of command.options.filter(({ hidden }) => !hidden)) {
    const name = (option.helpGroupHeading ?? 'Options:').replace(/:$/, '')
    groups.set(name, [...(groups.get(name) ?? []), factsOf(option)])
  }
  return Array.from(groups, ([name, options]) => ({ name, isOfUpdate: false, options }))
}

function factsOf({ flags, description, argChoices, defaultValue, envVar }: Option): OptionFacts {
  const value = Array.isArray(defaultValue) ? defaultValue.join(' ') : defaultValue
  return {
    flags,
    description,
    choices: argChoices ?? [],
    default: value === undefined || value === true ? undefined : String(value),
    variable: envVar,
  }
}
