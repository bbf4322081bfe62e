import type { Cost } from './measure.ts'
import type { RunningServer } from './servers/process.ts'

/** One of those that run side by side. */
export interface Contestant {
  readonly name: string
  /** Programs that have to be on the PATH; without one of them it is named and skipped. */
  readonly needs?: readonly string[]
  run(): Promise<Cost>
}

/** What the first contestant, which is ours, is to reach. */
export type Limit =
  /** Its time as a multiple of a peer's. */
  | { readonly type: 'ratio'; readonly peer: string; readonly most: number }
  /** Milliseconds on top of a peer's time. */
  | { readonly type: 'extra'; readonly peer: string; readonly most: number }
  /**
   * Round trips that have to be waited for, one after the other, from its start to its end: what it takes longer
   * than a peer that differs in nothing but its servers, which answer at once. `roundTrip` is in milliseconds, and
   * long enough that the processors' work is little beside it.
   */
  | { readonly type: 'round-trips'; readonly peer: string; readonly roundTrip: number; readonly most: number }
  /** Milliseconds. */
  | { readonly type: 'time'; readonly most: number }
  /** MiB of memory at its peak, without its children. */
  | { readonly type: 'memory'; readonly most: number }
  /** MiB given to a disk. */
  | { readonly type: 'written'; readonly most: number }

/** Contestants with all that they need around them. */
export interface Stage {
  readonly contestants: readonly [Contestant, ...Contestant[]]
  readonly limits: readonly Limit[]
  /** What they ask, whose processors' time is told apart. */
  readonly servers?: readonly RunningServer<unknown, unknown>[]
  /** What else is worth a line, told after the last round. */
  notes?(): Promise<readonly string[]>
  close(): Promise<void>
}

export interface Bench {
  /** The filter of the command line looks here. */
  readonly name: string
  readonly about: string
  /** @throws MissingProgram */
  prepare(scale: Scale): Promise<Stage>
}

/** How large everything is: 1 as documented, less for a trial. */
export interface Scale {
  readonly factor: number
  /** An empty folder, on a disk. */
  readonly folder: string
}

export function scaled(size: number, { factor }: Scale): number {
  return Math.max(1, Math.round(size * factor))
}

/** A bench needs a program that is not on the PATH. */
export class MissingProgram extends Error {}
