import type { OutcomeError } from './schemas.ts'

/** An object that no catalogue file names any more. */
export interface PrunedObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** ISO 8601, UTC. */
  readonly lastModified: string
  readonly status: 'would-remove' | 'removed' | 'failed'
  readonly error?: OutcomeError | undefined
}

/** Everything that a run of `prune` found, and did. */
export interface PruneReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  /** The mirror, e.g. `bucket openstack-images on https://s3.example`. */
  readonly place: string
  /** Milliseconds. */
  readonly grace: number
  /** Was anything to be removed, or only listed? */
  readonly remove: boolean
  readonly summary: {
    readonly wouldRemove: number
    readonly removed: number
    readonly failed: number
    /** Of the objects that were, or would be, removed. */
    readonly bytes: number
    /** That the catalogue names. */
    readonly named: number
    /** That it does not name, younger than the grace period. */
    readonly young: number
    /** Whose keys are not of the updater's form: never touched. */
    readonly others: number
  }
  /** By key. */
  readonly objects: readonly PrunedObject[]
}
