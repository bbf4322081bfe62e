import { UpdaterError } from '../errors.ts'
import type * as Library from '../index.ts'
import { reportedError } from '../report/refusal.ts'
import type { OutcomeError } from '../report/schemas.ts'
import { createPaint, type TextLayout } from '../report/terminal.ts'

/** As much of a standard stream as the program uses. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/** The world around the program: everything that a test replaces. */
export interface CliContext {
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted with an `Interruption` as its reason. */
  readonly signal: AbortSignal
  readonly now: () => Date
  /** Rejects where no run can end in order after a failure that nobody foresaw. */
  readonly lost: Promise<never>
  /** Calls back on each SIGHUP, which ends the program in order where nobody asks for this. */
  readonly onHangup: (listener: () => void) => void
  /** The library that the commands are built on, loaded when the first of them needs it. */
  readonly library: () => Promise<typeof Library>
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
/** What ends the program in order. */
export type EndingSignal = keyof typeof signalNumbers

/** The program itself has failed: EX_SOFTWARE of sysexits.h. */
export const surpriseStatus = 70

/** Why the run's signal was aborted: by a signal of the system, or by a failure that nobody foresaw. */
export class Interruption extends UpdaterError {
  readonly exitStatus: number

  constructor(by: EndingSignal | UpdaterError) {
    const isSignal = typeof by === 'string'
    super('ABORTED', `The run was interrupted by ${isSignal ? by : 'an unexpected failure'}`, {
      remedy: 'Run it again: what is finished is kept',
      cause: isSignal ? undefined : by,
    })
    this.exitStatus = isSignal ? 128 + signalNumbers[by] : surpriseStatus
  }
}

/** The exit status that an interruption asks for, if there was one. */
export function interruptedStatus(signal: AbortSignal): number | undefined {
  return signal.aborted && signal.reason instanceof Interruption ? signal.reason.exitStatus : undefined
}

/** The report of an interrupted run, with the failure that nobody foresaw if that was the reason. */
export function withSurprise<Report extends { readonly errors: readonly OutcomeError[] }>(
  report: Report,
  { aborted, reason }: AbortSignal,
): Report {
  if (!aborted || !(reason instanceof Interruption) || !(reason.cause instanceof UpdaterError)) return report
  return { ...report, errors: [...report.errors, reportedError(reason.cause)] }
}

/** Colours on a terminal; NO_COLOR and FORCE_COLOR as their conventions say. */
export function wantsColour(output: Output, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR)
  return output.isTTY === true && env.TERM !== 'dumb'
}

/** How a text for people is laid out on an output. */
export function layoutOf(output: Output): TextLayout {
  return { paint: createPaint(wantsColour(output)), columns: output.columns }
}
