import type { ImageStep, Listener } from '../events.ts'
import type { Policy } from '../http/policy.ts'
import type { HttpClient } from '../http/types.ts'
import type { Image } from '../image.ts'
import type { Store } from '../stores/store.ts'
import type { RunSettings } from './settings.ts'

/** What a use-case takes beside its options. */
export interface RunContext {
  /** Ends the run early: uploads are aborted, every catalogue file is whole. */
  readonly signal?: AbortSignal | undefined
  /** What it throws is told as a process warning, and the run goes on. */
  readonly onEvent?: Listener | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/** Where a version of an image lies on a mirror. */
export interface Place {
  /** Key in the bucket, or path below the mirror's folder. */
  readonly object: string
  /** Its public URL: what `mirror_url` says. */
  readonly url: string
}

/** A remark on the run as a whole. */
export type Note = (level: 'debug' | 'info' | 'warning', message: string) => void

/** Runs tasks, a limited number at once; none is begun once the run is aborted. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>

/** What one run shares among its images. */
export interface Run {
  readonly settings: RunSettings
  readonly signal: AbortSignal
  readonly http: HttpClient
  /** `undefined`: nothing is written to a mirror in this run. */
  readonly store: Store | undefined
  /** Before every key on the mirror. */
  readonly keyPrefix: string
  /** `undefined`: the run knows no mirror's public base. */
  place(image: Image, version: string): Place | undefined
  /** Short tasks, at most `jobs` at once. */
  readonly checking: Limit
  /** Mirrorings, at most `transfers` at once. */
  readonly transferring: Limit
  readonly note: Note
}

/** One image on its way through a run. */
export interface Task {
  readonly image: Image
  readonly run: Run
  readonly step: (step: ImageStep) => void
}
