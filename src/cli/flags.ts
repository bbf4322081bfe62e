import type { Command, Option } from 'commander'
import type { Configuration } from '../config/types.ts'
import { type Place, UpdaterError } from '../errors.ts'

/** Where a value came from, for errors and warnings that name the place. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'file' | 'default'
  /** `--jobs`, `MINIO_SERVER`, or `jobs`, the key in a configuration file. */
  readonly name: string
  /** Of the key in the configuration file. */
  readonly place?: Place | undefined
}

export interface Flags<T> {
  readonly values: T
  /** The configuration file in force. */
  readonly configuration: Configuration | undefined
  origin(key: keyof T & string): Origin
}

/** The configuration file that lies under the options of each program. */
const configurations = new WeakMap<Command, Configuration>()

/** Gives the options of a command the values of a file where neither a flag nor the environment has one. */
export function layUnder(command: Command, configuration: Configuration | undefined): void {
  const program = rootOf(command)
  if (configuration === undefined) configurations.delete(program)
  else configurations.set(program, configuration)
}

/**
 * The options of a command and its parents: flags over environment over configuration file over default.
 * An empty variable counts as unset. The type is the caller's claim of what it has declared.
 */
export function readFlags<T>(command: Command): Flags<T> {
  const configuration = configurations.get(rootOf(command))
  const values: Record<string, unknown> = {}
  const origins = new Map<string, Origin>()
  for (const { owner, option } of optionsOf(command)) {
    const key = option.attributeName()
    if (origins.has(key)) continue
    const origin = originOf(owner, option, configuration)
    origins.set(key, origin)
    values[key] = valueFrom(owner, option, origin, configuration)
  }
  return {
    values: values as T,
    configuration,
    origin: (key) => origins.get(key) ?? { source: 'default', name: key },
  }
}

/** Every option that a command has, its own and its parents'. */
export function optionsOf(command: Command): { readonly owner: Command; readonly option: Option }[] {
  const own = command.options.map((option) => ({ owner: command, option }))
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)]
}

/** The key of an option in a configuration file: `--mirror-dir` is `mirror_dir`, `--no-mirror` is `mirror`. */
export function keyOf(option: Option): string {
  return option.attributeName().replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The name of an option's attribute, by its key in a configuration file. */
export function attributeOf(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent)
}

function originOf(command: Command, option: Option, configuration: Configuration | undefined): Origin {
  const source = command.getOptionValueSource(option.attributeName())
  const name = option.long ?? option.flags
  if (source === 'cli') return { source: 'flag', name }
  if (source === 'env' && option.envVar !== undefined && process.env[option.envVar]) {
    return { source: 'environment', name: option.envVar }
  }
  const key = keyOf(option)
  const place = configuration?.placeOf(key)
  return place === undefined ? { source: 'default', name } : { source: 'file', name: key, place }
}

function valueFrom(
  owner: Command,
  option: Option,
  { source, name }: Origin,
  configuration: Configuration | undefined,
): unknown {
  if (source === 'default') return option.defaultValue ?? (option.negate ? true : undefined)
  if (source !== 'file') return owner.getOptionValue(option.attributeName())
  const value = new Map(Object.entries(configuration?.options ?? {})).get(name)
  if (isRepeatable(option)) return [value].flat()
  return typeof value === 'number' ? String(value) : value
}

/** `choices()` gives an option a parser too; of our own, only those of repeatable options exist. */
function isRepeatable({ parseArg, argChoices }: Option): boolean {
  return parseArg !== undefined && argChoices === undefined
}

/** A value that is not what its option needs: the error names where it stands, never the value. */
export function invalid({ source, name, place }: Origin, what: string, remedy: string): UpdaterError {
  switch (source) {
    case 'environment':
      return new UpdaterError('CONFIGURATION', `The environment variable ${name} ${what}`, { remedy })
    case 'file':
      return new UpdaterError('CONFIGURATION', `"${name}" ${what}`, { remedy, place })
    default:
      return new UpdaterError('USAGE', `Option ${name} ${what}`, { remedy })
  }
}
