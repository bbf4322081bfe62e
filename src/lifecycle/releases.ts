/** One release of a distribution. */
export interface Release {
  /** As endoflife.date names its cycle: `24.04`, `12`, `15.6`. */
  readonly release: string
  /** `YYYY-MM-DD` */
  readonly released?: string | undefined
  /** `YYYY-MM-DD`: from this day on nobody mends its faults free of charge. Absent: not announced. */
  readonly endOfLife?: string | undefined
  /** Its end has come; needed if the day is not known. */
  readonly ended?: boolean | undefined
  /** It has long-term support. */
  readonly longTerm?: boolean | undefined
}

/** Releases by the name of their product. */
export interface LifecycleData {
  /** `YYYY-MM-DD`: the day that the dates are of. */
  readonly asOf: string
  readonly products: Readonly<Record<string, readonly Release[]>>
}
