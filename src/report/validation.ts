import type { Place } from '../errors.ts'

export type Severity = 'error' | 'warning'

/** Something in a catalogue file that is wrong, or probably not meant so. */
export interface Finding {
  readonly severity: Severity
  /** Stable name of the rule, e.g. `placeholder-url`. */
  readonly rule: string
  readonly place: Place
  /** Name of the image definition that it is in, if it is in one and that has a name. */
  readonly image?: string | undefined
  /** One sentence without a final full stop. */
  readonly message: string
  /** What can be done about it: one sentence without a final full stop. */
  readonly remedy: string
}

/** What a validation has looked at and found; every face (text, JSON, …) is made of this alone. */
export interface ValidationReport {
  /** By file in the order in which they were read, then by line and column. */
  readonly findings: readonly Finding[]
  readonly summary: {
    readonly files: number
    readonly images: number
    readonly errors: number
    readonly warnings: number
  }
}
