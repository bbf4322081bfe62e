import type { Discovery } from '../discovery/find-newest.ts'
import type { Listener } from '../events.ts'
import type { UpdateSettings } from '../run/options.ts'
import type { Run, Task } from '../run/run.ts'
import type { SignatureMemory } from '../run/signed-before.ts'
import type { OpenCatalogue } from './catalogue.ts'

/** What the images of one update share. */
export interface UpdateRun extends Run {
  readonly settings: UpdateSettings
  /** Until then images are only looked for. Rejects if the store cannot be used. */
  readonly ready: Promise<void>
  readonly onEvent: Listener
  readonly discovery: Discovery
  readonly catalogue: Pick<OpenCatalogue, 'rehearse' | 'write'>
  readonly signatureMemory: SignatureMemory
}

/** One image on its way through an update. */
export interface UpdateTask extends Task {
  readonly run: UpdateRun
}
