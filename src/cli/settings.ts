import type { Command } from 'commander'
import type { CommandName } from '../commands.ts'
import { type Configuration, givenOf } from '../config/types.ts'
import { type Place, UpdaterError } from '../errors.ts'
import { type AnyRow, camel, defaultOf, type Given, type Type, WrongValue } from '../option.ts'
import { keyOf, optionsOf, type Values } from '../options.ts'
import { flagOf, helpOf } from './flags.ts'

/** Where a value came from, for errors and warnings that name the place. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'file' | 'default'
  /** `--jobs`, `MINIO_SERVER`, or `jobs`, the key in a configuration file. */
  readonly name: string
  /** Of the key in the configuration file. */
  readonly place?: Place | undefined
}

/** The options in force for a command, checked; for several commands: those that all of them have. */
export interface Options<Name extends CommandName> {
  readonly settings: readonly Setting[]
  readonly values: Values<Name>
  /** The configuration file in force. */
  readonly configuration: Configuration | undefined
  /** @param name of an option: `minio-bucket`; one that the command does not have counts as not given */
  readonly origin: (name: string) => Origin
}

/** One option in force: flag over environment over configuration file over default. */
export interface Setting {
  readonly row: AnyRow
  /** As it was given, or as the default is written. */
  readonly given: Given | undefined
  readonly origin: Origin
  /** The default's where a wrong one was given. */
  readonly value: unknown
  readonly defect: UpdaterError | undefined
}

/**
 * Returns the options in force, in place of wrong ones their defaults.
 * @param as the command whose defaults and formats count, where `config` shows what is in force for another one
 */
export function optionsInForce<Name extends CommandName>(
  command: Command,
  configuration: Configuration | undefined,
  as = command.name(),
): Options<Name> {
  const has = optionsOf(command.name() as CommandName)
  const settings = has.map((row) => settle({ ...row, ...row.own[as] }, command, configuration))
  const origins = new Map(settings.map(({ row, origin }) => [row.name, origin]))
  return {
    settings,
    values: Object.fromEntries(settings.map(({ row, value }) => [camel(row.name), value])) as Values<Name>,
    configuration,
    origin: (name) => origins.get(name) ?? { source: 'default', name },
  }
}

function settle(row: AnyRow, command: Command, configuration: Configuration | undefined): Setting {
  const { given, origin } = find(row, command, configuration)
  const usual = { row, given: given ?? row.default, origin, value: defaultOf(row), defect: undefined }
  if (given === undefined) return usual
  try {
    return { ...usual, value: parsed(row.type, given, origin) }
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error
    const isMistyped = origin.source === 'flag' && row.type.schema.enum !== undefined && !row.secret
    return { ...usual, defect: isMistyped ? noChoice(row.type, given, origin, command.name()) : error }
  }
}

/** Of a choice, what was given is repeated: it is no secret, and shows what was mistyped. */
function noChoice({ placeholder, schema }: AnyRow['type'], given: Given, { name }: Origin, command: string) {
  const sentence = `Option '${name} <${placeholder}>' argument '${given}' is invalid`
  return new UpdaterError('USAGE', `${sentence}. Allowed choices are ${schema.enum?.join(', ')}`, {
    remedy: `${helpOf(command)} lists all options`,
  })
}

/** @throws UpdaterError that names the origin */
export function parsed<Value>(type: Type<Value>, given: Given, origin: Origin): Value {
  try {
    return type.parse(given)
  } catch (error) {
    throw error instanceof WrongValue ? invalid(origin, error.message, error.remedy) : error
  }
}

/** An empty variable counts as unset. */
function find(
  row: AnyRow,
  command: Command,
  configuration: Configuration | undefined,
): Pick<Setting, 'given' | 'origin'> {
  const { type, env } = row
  const owner = [command, command.parent].find((one) => one?.getOptionValueSource(camel(row.name)) === 'cli')
  if (owner) {
    const given: Given = owner.getOptionValue(camel(row.name))
    const isTakenBack = given === false && type.form !== 'flag' // --no-config
    return { given: isTakenBack ? undefined : given, origin: { source: 'flag', name: flagOf(row) } }
  }
  const variable = env && process.env[env]
  if (env && variable) {
    const given = type.form === 'list' ? variable.split(':') : variable
    return { given, origin: { source: 'environment', name: env } }
  }
  const key = keyOf(row)
  const place = configuration?.placeOf(key)
  if (place === undefined) return { given: undefined, origin: { source: 'default', name: flagOf(row) } }
  const value = configuration?.options[key]
  return {
    given:
      value === undefined ? undefined : type.form === 'list' ? [value].flat().map(String) : givenOf(value),
    origin: { source: 'file', name: key, place },
  }
}

/** A value that is not what its option needs: the error names where it stands, never the value. */
export function invalid({ source, name, place }: Origin, what: string, remedy?: string): UpdaterError {
  switch (source) {
    case 'environment':
      return new UpdaterError('CONFIGURATION', `The environment variable ${name} ${what}`, { remedy })
    case 'file':
      return new UpdaterError('CONFIGURATION', `"${name}" ${what}`, { remedy, place })
    default:
      return new UpdaterError('USAGE', `Option ${name} ${what}`, { remedy })
  }
}
