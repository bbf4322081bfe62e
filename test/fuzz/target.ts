import fc from 'fast-check'
import { printable } from '../../src/errors.ts'

/** A part of the program that strangers' bytes reach, and what must hold for each of them. */
export interface Target<Case = unknown> {
  readonly name: string
  /** What it would have been compared with, had that been installed. */
  readonly missing: readonly string[]
  readonly cases: fc.Arbitrary<Case>
  /** Throws if the case shows a defect. */
  readonly check: (one: Case) => void | Promise<void>
  /** Cases that showed a defect once. */
  readonly kept: readonly Case[]
  /** How many cases are tried between two looks at the clock: what takes about a second. */
  readonly batch: number
}

/** A case that shows a defect, as small as it could be made. */
export interface Finding {
  readonly target: string
  /** Absent: it is one of the kept cases. */
  readonly replay?: Replay | undefined
  readonly shown: string
  readonly error: unknown
}

/** The way to one case: fast-check's own. */
export interface Replay {
  readonly seed: number
  readonly path?: string | undefined
}

/** Milliseconds for which a failing case is made smaller. */
const shrinkingTime = 30_000

/**
 * Tries cases until `isOver` says so; the seed alone decides which. With a path, it tries that case alone.
 * @returns how many cases were tried, and the first that showed a defect
 */
export async function fuzz<Case>(
  { name: target, cases, check, kept, batch }: Target<Case>,
  { seed, path }: Replay,
  isOver: () => boolean,
): Promise<{ readonly tried: number; readonly finding?: Finding }> {
  const property = fc.asyncProperty(cases, async (one) => check(one))
  if (path !== undefined) {
    const {
      failed,
      counterexample,
      errorInstance: error,
    } = await fc.check(property, { seed, path, endOnFailure: true })
    if (!failed) return { tried: 1 }
    return { tried: 1, finding: { target, replay: { seed, path }, shown: shown(counterexample), error } }
  }
  let tried = 0
  for (const one of kept) {
    try {
      await check(one)
    } catch (error) {
      return { tried, finding: { target, shown: shown([one]), error } }
    }
    tried += 1
  }
  for (let turn = 0; !isOver(); turn += 1) {
    const ofTurn = (seed + turn) | 0
    const found = await fc.check(property, {
      seed: ofTurn,
      numRuns: batch,
      interruptAfterTimeLimit: shrinkingTime,
      markInterruptAsFailure: false,
    })
    tried += found.numRuns
    if (!found.failed) continue
    const replay = { seed: ofTurn, path: found.counterexamplePath ?? undefined }
    return {
      tried,
      finding: { target, replay, shown: shown(found.counterexample), error: found.errorInstance },
    }
  }
  return { tried }
}

/** A case as it can be put into a table of kept ones. */
function shown(counterexample: readonly unknown[] | null): string {
  return printable((counterexample ?? []).map((one) => fc.stringify(one)).join(', '))
}
