import type { Command } from 'commander'

export const defaultCommand = 'update'

/** A command line whose command, if it names one, comes first. */
export interface Line {
  /** The one that it names, else the default one. */
  readonly command: string
  readonly args: readonly string[]
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
    if (command === undefined) break
    return { command, args: [command, ...args.slice(0, at), ...args.slice(at + 1)] }
  }
  return { command: defaultCommand, args }
}
