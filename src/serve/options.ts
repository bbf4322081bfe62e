import type { UpdaterError } from '../errors.ts'
import type { RunEvent } from '../events.ts'
import type { HookOptions } from '../hooks/hooks.ts'
import type { Policy } from '../http/policy.ts'
import type { Redact } from '../redact.ts'
import type { RunReport } from '../report/schemas.ts'
import type { UpdateOptions } from '../run/options.ts'
import type { RunContext } from '../run/run.ts'

export interface ServeOptions {
  /** The options of each run. Default: those of the command. */
  readonly update?: UpdateOptions | undefined
  /** Address to listen on; port 0 takes a free one. Default: port 9464 of 127.0.0.1. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  /**
   * Five fields of cron in local time, or `@daily` and the like. An empty text: runs only when they are asked for.
   * Default: `0 3 * * *`.
   */
  readonly schedule?: string | undefined
  /** A scheduled run begins up to so many milliseconds later, at random. Default: 10 minutes. */
  readonly jitter?: number | undefined
  /** The bearer token that lets a client begin a run, 16 characters or more. Absent: no client may. */
  readonly token?: string | undefined
  /** Milliseconds that a run may go on for after `close` before it is aborted. Default: 0. */
  readonly shutdownTimeout?: number | undefined
  /** Names that the server is reached by, beside `localhost` and any IP address. */
  readonly allowedHosts?: readonly string[] | undefined
  readonly hooks?: HookOptions | undefined
}

export interface ServeContext {
  readonly onEvent?: ServeListener | undefined
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined
  /** Gets secrets that a run learns of, before anything can tell of them. */
  readonly hide?: RunContext['hide']
  /** From 0 up to, but not including, 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/** The options with every default filled in. */
export type ServeSettings = ServeOptions & Required<Pick<ServeOptions, 'update' | 'listen' | 'jitter'>>

/** What the parts of a service share. */
export interface Surroundings {
  /** Those in force. */
  readonly options: () => ServeSettings
  /** Takes their secrets out of a text. */
  readonly redact: Redact
  readonly now: () => Date
  readonly onEvent: ServeListener
  /** Takes secrets that a run learns of out of all texts, as those of the options are. */
  readonly hide: (secrets: readonly string[]) => void
  readonly httpPolicy: Partial<Policy> | undefined
}

/** A service that runs until it is closed. */
export interface Service {
  /** `http://ADDRESS:PORT/`. */
  readonly url: string
  /** Loads the options again. If they cannot be used, the old ones stay in force, and an event says so. */
  reload(): Promise<void>
  /** Begins no more runs, aborts the one that goes on after `shutdownTimeout`, and ends the server. */
  close(): Promise<void>
}

/** Why a run began. */
export type Trigger = 'schedule' | 'request'

/** The events of a service. A library user may ignore all of them. */
export type ServeEvent =
  | { readonly type: 'listening'; readonly url: string }
  /** When the next scheduled run begins; absent: none does. */
  | { readonly type: 'next-run'; readonly at: Date | undefined }
  | { readonly type: 'run-begin'; readonly id: number; readonly trigger: Trigger }
  | { readonly type: 'run-event'; readonly id: number; readonly event: RunEvent }
  /** Every run ends with one of these two: its report, or the reason that nothing could be begun. */
  | { readonly type: 'run-end'; readonly id: number; readonly report: RunReport }
  | { readonly type: 'run-refused'; readonly id: number; readonly error: UpdaterError }
  /** A line that a hook printed, and a hook's failure. */
  | { readonly type: 'hook-line'; readonly line: string }
  | { readonly type: 'hook-failed'; readonly error: UpdaterError }
  | { readonly type: 'reloaded' }
  /** The old configuration stays in force. */
  | { readonly type: 'reload-failed'; readonly error: UpdaterError }
  | { readonly type: 'note'; readonly level: 'info' | 'warning'; readonly message: string }

export type ServeListener = (event: ServeEvent) => void
