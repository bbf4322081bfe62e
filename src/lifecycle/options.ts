import type { Policy } from '../http/policy.ts'
import type { LifecycleSources } from './fetch.ts'

export interface LifecycleOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. */
  readonly images: readonly string[]
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  /** Days in which an end counts as coming soon. Default: 90. */
  readonly within?: number | undefined
  /** Nothing is asked: the dates that ship with the program. Default: false. */
  readonly offline?: boolean | undefined
  /** Enabled images of expired releases get `enable: false`. Default: false. */
  readonly fix?: boolean | undefined
  /** With `fix`: nothing is written; the report holds the diffs. Default: false. */
  readonly dryRun?: boolean | undefined
  /** Where dates come from. Default: endoflife.date and Garden Linux's release database. */
  readonly sources?: Partial<LifecycleSources> | undefined
}

export interface LifecycleContext {
  readonly signal?: AbortSignal | undefined
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined
  /** Timeouts, retries, limits. */
  readonly httpPolicy?: Partial<Policy> | undefined
}
