import type { VersionEdit } from '../catalog/types.ts'
import type { DiscoveryContext } from '../discovery/discover.ts'
import type { ImageStep } from '../events.ts'
import type { HttpClient } from '../http/types.ts'
import type { Image } from '../image.ts'
import type { Store } from '../stores/store.ts'
import type { Settings } from './settings.ts'

/** Where a version of an image lies on a mirror. */
export interface Place {
  /** Key in the bucket, or path below the mirror's folder. */
  readonly object: string
  /** Its public URL: what `mirror_url` says. */
  readonly url: string
}

/** What one run shares among its images. */
export interface Run {
  readonly settings: Settings
  readonly signal: AbortSignal
  readonly http: HttpClient
  /** `undefined`: nothing is written to a mirror in this run. */
  readonly store: Store | undefined
  /** `undefined`: the run knows no mirror's public base. */
  place(image: Image, version: string): Place | undefined
  discovery(step: (step: ImageStep) => void): DiscoveryContext
  /** Runs a short task, at most `jobs` at once. */
  checking<T>(task: () => Promise<T>): Promise<T>
  /** Runs a mirroring, at most `transfers` at once. */
  transferring<T>(task: () => Promise<T>): Promise<T>
  /** Settles when the edit is in the file (in a dry run: when it is known to be possible). */
  write(file: string, edit: VersionEdit): Promise<void>
  note(level: 'debug' | 'info' | 'warning', message: string): void
}

/** One image on its way through a run. */
export interface Task {
  readonly image: Image
  readonly run: Run
  readonly step: (step: ImageStep) => void
}
