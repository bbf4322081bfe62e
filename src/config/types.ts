import type { ImageOverride, SourceRule } from '../discovery/options.ts'
import type { Place, UpdaterError } from '../errors.ts'
import type { Given } from '../option.ts'
import type { SkipRule } from '../run/options.ts'

/** A value as YAML has it. */
export type FileValue = string | number | boolean | readonly string[]

/** A value of the file as a flag would give it. */
export function givenOf(value: FileValue): Given {
  return typeof value === 'number' ? String(value) : value
}

/** A configuration file that was read. */
export interface Configuration {
  /** As it was named, or where it was found. */
  readonly file: string
  /** What it says of options, by their key. Files and folders in it count from the working folder. */
  readonly options: Readonly<Record<string, FileValue>>
  /** Names of commands that have options of their own in the file. */
  readonly commands: readonly string[]
  readonly overrides: readonly ImageOverride[]
  readonly sources: readonly SourceRule[]
  readonly skip: readonly SkipRule[]
  /** Whether somebody has named the file, or it lies in the administrator's folder. */
  readonly trusted: boolean
  /** What is wrong with it, in the order of the file. */
  readonly defects: readonly UpdaterError[]
  /** Where a key of the file stands; undefined where the file does not have it. */
  placeOf(key: string): Place | undefined
  /** Sentences about what is not wrong and not good. */
  readonly warnings: readonly string[]
}
