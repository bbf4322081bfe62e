import type { HookOptions } from '../hooks/hooks.ts'
import type { UpdateOptions } from '../update/options.ts'

export interface ServeOptions {
  /** What each run does. */
  readonly update: UpdateOptions
  /** Address to listen on; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Five fields of cron in local time, or `@daily` and the like. Absent: runs only when they are asked for. */
  readonly schedule?: string | undefined
  /** A scheduled run begins up to so many milliseconds later, at random. Default: 0. */
  readonly jitter?: number | undefined
  /** What `Authorization: Bearer …` must say to ask for a run, 16 characters or more. Absent: nobody may. */
  readonly token?: string | undefined
  /** Milliseconds that a run may go on for after `close` before it is aborted. Default: 0. */
  readonly grace?: number | undefined
  /** Names that the server is reached by, beside `localhost` and any IP address. */
  readonly allowedHosts?: readonly string[] | undefined
  readonly hooks?: HookOptions | undefined
}
