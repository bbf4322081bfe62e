import type { UpdaterError } from '../errors.ts'
import type { RunEvent } from '../events.ts'
import type { RunReport } from '../report/schemas.ts'

/** Why a run began. */
export type Trigger = 'schedule' | 'request'

/** What a service says while it goes on. A library user may ignore all of it. */
export type ServeEvent =
  | { readonly type: 'listening'; readonly url: string }
  /** When the next scheduled run begins; absent: none does. */
  | { readonly type: 'next-run'; readonly at: Date | undefined }
  | { readonly type: 'run-begin'; readonly id: number; readonly trigger: Trigger }
  | { readonly type: 'run-event'; readonly id: number; readonly event: RunEvent }
  /** One of the two ends every run: what it did, or why nothing could be begun. */
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
