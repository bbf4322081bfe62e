import type { FileChange, OutcomeError } from './outcome.ts'

/** An image of a release. */
export interface LifecycleImage {
  readonly file: string
  /** Line of the definition in `file`, from 1. */
  readonly line: number
  readonly name: string
  readonly shortname?: string | undefined
  readonly enable: boolean
}

/**
 * `expired`: enabled although its end has come. `expiring`: its end comes soon. `missing`: it is supported, and
 * the catalogue has others of its distribution. `supported`: all well. `disabled`: it is switched off.
 * `unknown`: its distribution has dates, and they don't name it.
 */
export type LifecycleStatus = 'expired' | 'expiring' | 'missing' | 'supported' | 'disabled' | 'unknown'

/** One release of a distribution that the catalogue has images of. */
export interface LifecycleRelease {
  readonly status: LifecycleStatus
  /** As endoflife.date names it. */
  readonly product: string
  /** For people: `Rocky Linux`. */
  readonly label: string
  /** Absent where the image does not tell it. */
  readonly release?: string | undefined
  /** `YYYY-MM-DD` */
  readonly released?: string | undefined
  /** `YYYY-MM-DD`: from this day on nobody mends its faults free of charge. */
  readonly endOfLife?: string | undefined
  /** Days until then; negative once it has come. */
  readonly daysLeft?: number | undefined
  /** Images of it, in catalogue order. */
  readonly images: readonly LifecycleImage[]
}

/** What stands between the catalogue and the lives of its releases. */
export interface LifecycleReport {
  /** `YYYY-MM-DD`: the day that is taken for today. */
  readonly today: string
  /** `YYYY-MM-DD`: when the oldest of the dates in use was true. */
  readonly datesOf: string
  /** Days that an end counts as coming soon. */
  readonly within: number
  readonly dryRun: boolean
  readonly releases: readonly LifecycleRelease[]
  /** Dates that could not be had (those that ship with the program stand in), images that could not be switched. */
  readonly failures: readonly OutcomeError[]
  /** What was (in a dry run: would be) switched off. */
  readonly changes: readonly FileChange[]
}

/** 1: something could not be had or done; 10: there is something to do; 0: all well. */
export function lifecycleStatus({ failures, releases }: LifecycleReport): 0 | 1 | 10 {
  if (failures.length > 0) return 1
  return releases.some(({ status }) => needsWork(status)) ? 10 : 0
}

export function needsWork(status: LifecycleStatus): boolean {
  return status === 'expired' || status === 'expiring' || status === 'missing'
}
