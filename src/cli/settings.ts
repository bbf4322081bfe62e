import type { Command } from 'commander'
import type { CommandName } from '../commands.ts'
import { type Configuration, givenOf } from '../config/types.ts'
import { type Place, UpdaterError } from '../errors.ts'
import { type AnyRow, camel, type Given, WrongValue } from '../option.ts'
import { defaultOf, keyOf, optionsOf, type Values } from '../options.ts'
import { flagOf } from './options.ts'
import type { Session } from './session.ts'

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
  readonly values: Values<Name>
  /** The configuration file in force. */
  readonly configuration: Configuration | undefined
  origin(key: keyof Values<Name> & string): Origin
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

/** @throws UpdaterError USAGE for a wrong flag, CONFIGURATION for an environment variable or the file */
export function readOptions<Name extends CommandName>(command: Command, session: Session): Options<Name> {
  const settings = settingsOf(command, session.configuration)
  const wrong = settings.find(({ defect }) => defect !== undefined)
  if (wrong?.defect !== undefined) throw wrong.defect
  return optionsFrom(settings, session.configuration)
}

/** The options in force, in place of wrong ones their defaults. */
export function optionsFrom<Name extends CommandName>(
  settings: readonly Setting[],
  configuration: Configuration | undefined,
): Options<Name> {
  const origins = new Map(settings.map(({ row, origin }) => [camel(row.name), origin]))
  return {
    values: Object.fromEntries(settings.map(({ row, value }) => [camel(row.name), value])) as Values<Name>,
    configuration,
    origin: (key) => origins.get(key) ?? { source: 'default', name: key },
  }
}

/** @param as the command whose defaults and formats count, where `config` shows what is in force for another one */
export function settingsOf(
  command: Command,
  configuration: Configuration | undefined,
  as = command.name(),
): Setting[] {
  const has = optionsOf(command.name() as CommandName)
  return has.map((row) => settle({ ...row, ...row.own[as] }, command, configuration))
}

function settle(row: AnyRow, command: Command, configuration: Configuration | undefined): Setting {
  const { given, origin } = find(row, command, configuration)
  const usual = { row, given: given ?? row.default, origin, value: defaultOf(row), defect: undefined }
  if (given === undefined) return usual
  try {
    return { ...usual, value: row.type.parse(given) }
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error
    return { ...usual, defect: invalid(origin, error.what, error.remedy) }
  }
}

interface Found {
  readonly given?: Given | undefined
  readonly origin: Origin
}

/** An empty variable counts as unset. */
function find(row: AnyRow, command: Command, configuration: Configuration | undefined): Found {
  const { type, env } = row
  const owner = [command, command.parent].find((one) => one?.getOptionValueSource(camel(row.name)) === 'cli')
  if (owner) {
    const given: Given = owner.getOptionValue(camel(row.name))
    const isTakenBack = given === false && type.form !== 'flag' // --no-config
    return { given: isTakenBack ? undefined : given, origin: { source: 'flag', name: flagOf(row) } }
  }
  const variable = env && process.env[env]
  if (env && variable) {
    const given = type.separator === undefined ? variable : variable.split(type.separator)
    return { given, origin: { source: 'environment', name: env } }
  }
  const key = keyOf(row)
  const place = configuration?.placeOf(key)
  if (place === undefined) return { origin: { source: 'default', name: flagOf(row) } }
  const value = configuration?.options[key]
  return {
    given: value === undefined ? undefined : givenOf(value),
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
