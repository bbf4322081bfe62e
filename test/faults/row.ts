import type { ChildProcess } from 'node:child_process'
import type { ErrorCode } from '../../src/errors.ts'
import type { Policy } from '../../src/http/policy.ts'
import type { Scene } from './scene.ts'

/** One named fault and what must hold afterwards. */
export interface Row {
  readonly fault: string
  /** Shortname of the image that meets it; a second one, `debian-12`, is always in the run. Default: `rocky-9`. */
  readonly image?: string
  /** Default: the object store. */
  readonly mirror?: 'store' | 'folder'
  readonly inject?: (scene: Scene) => void | Promise<void>
  /** Options of the command beside the usual ones, which they win over. */
  readonly args?: readonly string[]
  /** Numbers of the HTTP client that would make the fault last for minutes. */
  readonly policy?: Partial<Policy>
  /** What happens while the command runs. */
  readonly during?: (scene: Scene, child: ChildProcess) => Promise<void>
  /** What this machine lacks for it, if it does. */
  readonly lacks?: () => string | undefined
  readonly holds: Holds
}

export interface Holds {
  /** Exit status. */
  readonly status: 0 | 1 | 2 | 70 | 75 | 129 | 130 | 143
  /** The image's error in the JSON report, or the run's with exit status 2. */
  readonly error?: ErrorCode
  /** The image's entry in the catalogue. `either`: a signal may come before or after the edit. */
  readonly entry: 'old' | 'new' | 'either'
  /** The other image's. Default: `new` with exit status 0 and 1, `old` with 2, `either` after a signal. */
  readonly other?: 'old' | 'new' | 'either'
  /** Is the image's object visible? Default: with the new entry. */
  readonly object?: boolean
  /** Unfinished uploads that stay (a later run removes them). Default: 0. */
  readonly uploads?: number
  /** Temporary objects that stay. Default: 0. */
  readonly staging?: number
  /** In the log or the report. */
  readonly says?: RegExp
  /** MiB that the command may have taken at most. */
  readonly memory?: number
  /** Files beside the catalogue's own that stay. Default: none. */
  readonly beside?: readonly string[]
  /** The command did not wait for anything: there is no report, and its lock may stay. */
  readonly atOnce?: boolean
  /** More that must hold. */
  readonly more?: (scene: Scene) => void | Promise<void>
}

export interface Group {
  readonly name: string
  readonly rows: readonly Row[]
}
