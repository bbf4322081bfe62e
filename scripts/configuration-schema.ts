import type { Option } from 'commander'
import { keyOf, optionsOf } from '../src/cli/flags.ts'
import { createProgram } from '../src/cli/program.ts'
import { createSession } from '../src/cli/session.ts'
import { configurationJsonSchema } from '../src/config/json-schema.ts'

/** What every option of every command does, by its key in the configuration file. */
export function optionDescriptions(): Map<string, string> {
  const program = createProgram(
    createSession([], {
      stdout: process.stdout,
      stderr: process.stderr,
      signal: new AbortController().signal,
      now: () => new Date(0),
      onHangup: () => {},
      library: () => import('../src/index.ts'),
    }),
  )
  const commands = program.commands.filter((command) => !command.name().startsWith('__'))
  const options = commands.flatMap(optionsOf).map(({ option }) => option)
  const shown = options.filter(({ hidden }) => !hidden).reverse()
  return new Map(shown.map((option) => [keyOf(option), describe(option)]))
}

function describe({ negate, description }: Option): string {
  return negate ? `false: ${description}` : description
}

/** The published JSON Schema of the configuration file. */
export function configurationSchema(): string {
  const descriptions = optionDescriptions()
  return configurationJsonSchema((key) => descriptions.get(key))
}
