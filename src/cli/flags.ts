import type { Command, Option } from 'commander'
import { UpdaterError } from '../errors.ts'

/** Where a value came from, for errors and warnings that name the place. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'default'
  /** `--jobs` or `MINIO_SERVER`. */
  readonly name: string
}

export interface Flags<T> {
  readonly values: T
  origin(key: keyof T & string): Origin
}

/**
 * The options of a command and its parents: flags over environment over default. An empty variable
 * counts as unset. The type is the caller's claim of what it has declared.
 */
export function readFlags<T>(command: Command): Flags<T> {
  const values: Record<string, unknown> = {}
  const origins = new Map<string, Origin>()
  for (let owner: Command | null = command; owner !== null; owner = owner.parent) {
    for (const option of owner.options) {
      const key = option.attributeName()
      if (origins.has(key)) continue
      const origin = originOf(owner, option)
      origins.set(key, origin)
      values[key] = origin.source === 'default' ? defaultOf(option) : owner.getOptionValue(key)
    }
  }
  return {
    values: values as T,
    origin: (key) => origins.get(key) ?? { source: 'default', name: key },
  }
}

function originOf(command: Command, option: Option): Origin {
  const source = command.getOptionValueSource(option.attributeName())
  if (source === 'env' && option.envVar !== undefined && process.env[option.envVar]) {
    return { source: 'environment', name: option.envVar }
  }
  return { source: source === 'cli' ? 'flag' : 'default', name: option.long ?? option.flags }
}

function defaultOf(option: Option): unknown {
  return option.defaultValue ?? (option.negate ? true : undefined)
}

/** A value that is not what its option needs: the error names the flag or the variable, never the value. */
export function invalid({ source, name }: Origin, what: string, remedy: string): UpdaterError {
  return source === 'environment'
    ? new UpdaterError('CONFIGURATION', `The environment variable ${name} ${what}`, { remedy })
    : new UpdaterError('USAGE', `Option ${name} ${what}`, { remedy })
}
