/** What asking one URL told. */
export interface VerifiedUrl {
  readonly url: string
  /**
   * `missing`: it answers 404 or 410; `private`: a reader without credentials is turned away; `mismatch`: its
   * bytes are not those of the catalogue's checksum; `error`: it could not be found out.
   */
  readonly status: 'ok' | 'missing' | 'private' | 'mismatch' | 'error'
  /** One sentence; not with `ok`. */
  readonly message?: string | undefined
}

/**
 * What there is to say of a version, and the exit status that it makes, the most severe first. `unmirrorable`: it
 * is not on the mirror, and its source is not there any more either. `pending`: the newest version of an
 * image is not on the mirror yet, and its source is there.
 */
export const verdicts = {
  mismatch: 5,
  unmirrorable: 7,
  missing: 3,
  private: 4,
  error: 1,
  pending: 6,
  ok: 0,
} as const

export type Verdict = keyof typeof verdicts

/** Verdicts, the most severe first. */
export const severities = Object.keys(verdicts) as readonly Verdict[]

export interface VerifiedVersion {
  readonly file: string
  /** Line of the image's definition in `file`, from 1. */
  readonly line: number
  readonly name: string
  readonly shortname?: string | undefined
  readonly version?: string | undefined
  readonly verdict: Verdict
  /** Absent where the entry names none. */
  readonly url?: VerifiedUrl | undefined
  readonly mirrorUrl?: VerifiedUrl | undefined
}

/** Everything that a run of `verify` found. */
export interface VerifyReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  /** Were the files downloaded and hashed? */
  readonly full: boolean
  /** Versions of each verdict. */
  readonly summary: Readonly<Record<Verdict, number>>
  /** In catalogue order. */
  readonly versions: readonly VerifiedVersion[]
}

export function summarizeVerdicts(versions: readonly VerifiedVersion[]): VerifyReport['summary'] {
  const count = (verdict: Verdict) => versions.filter((one) => one.verdict === verdict).length
  return {
    mismatch: count('mismatch'),
    unmirrorable: count('unmirrorable'),
    missing: count('missing'),
    private: count('private'),
    error: count('error'),
    pending: count('pending'),
    ok: count('ok'),
  }
}

/** The exit status of the most severe verdict. */
export function exitStatusOf({ summary }: VerifyReport): number {
  const worst = severities.find((verdict) => summary[verdict] > 0)
  return worst === undefined ? 0 : verdicts[worst]
}
