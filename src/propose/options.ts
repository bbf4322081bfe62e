import type { UpdaterError } from '../errors.ts'
import type { Policy } from '../http/policy.ts'
import type { ForgeOptions } from './forge.ts'

export interface ProposeOptions {
  readonly forge: ForgeOptions
  /** The JSON report of a run (`schema/report.schema.json`). */
  readonly report: unknown
  /** A folder of the checkout that the run has changed. */
  readonly folder: string
  /** Before the name of every branch. Default: `image-updater/`. */
  readonly branchPrefix?: string | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/** What became of the change of one file. */
export interface ProposeOutcome {
  readonly file: string
  readonly branch: string
  /** `none`: the checkout's HEAD has this content already. */
  readonly status: 'opened' | 'updated' | 'none' | 'failed'
  /** Of the request, for people. */
  readonly url?: string | undefined
  readonly error?: UpdaterError | undefined
}
