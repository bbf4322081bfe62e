import type { VersionEdit } from '../catalog/types.ts'
import type { Discovery } from '../discovery/find-newest.ts'
import type { Run, Task } from '../run/context.ts'
import type { Settings } from './settings.ts'

/** What one update shares among its images. */
export interface UpdateRun extends Run {
  readonly settings: Settings
  /** Until then images are only looked for. Rejects where the store cannot be used. */
  readonly ready: Promise<void>
  readonly discovery: Discovery
  /** Settles when the edit is in the file (in a dry run: when it is known to be possible). */
  write(file: string, edit: VersionEdit): Promise<void>
}

/** One image on its way through an update. */
export interface UpdateTask extends Task {
  readonly run: UpdateRun
}
