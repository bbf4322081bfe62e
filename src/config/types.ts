import type { ImageOverride } from '../discovery/options.ts'
import type { SourceRule } from '../discovery/source-rule.ts'
import type { Place } from '../errors.ts'
import type { ConfiguredOptions } from './schema.ts'

/** A configuration file that was read and found right. */
export interface Configuration {
  /** As it was named, or where it was found. */
  readonly file: string
  /** Options of the commands, by their key. Files and folders in it count from the working folder. */
  readonly options: ConfiguredOptions
  /** Names of commands that have options of their own in the file. */
  readonly commands: readonly string[]
  readonly overrides: readonly ImageOverride[]
  readonly sources: readonly SourceRule[]
  /** Whether somebody has named the file, or it lies in the administrator's folder. */
  readonly trusted: boolean
  /** Where a key of the file stands; undefined where the file does not have it. */
  placeOf(key: string): Place | undefined
  /** Sentences about what is not wrong and not good. */
  readonly warnings: readonly string[]
}
