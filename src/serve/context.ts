import type { RunContext } from '../run/run.ts'
import type { ServeListener } from './events.ts'

export interface ServeContext {
  readonly onEvent?: ServeListener | undefined
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined
  /** From 0 up to, but not including, 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: RunContext['httpPolicy']
}

/** A service that runs until it is closed. */
export interface Service {
  /** `http://ADDRESS:PORT/`. */
  readonly url: string
  /** Loads the options again. Those that cannot be used leave the old ones in force, and are told. */
  reload(): Promise<void>
  /**
   * Begins no run any more, lets the one that goes on have its grace, aborts it in order, and ends the
   * server.
   */
  close(): Promise<void>
}
