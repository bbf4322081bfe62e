/** One release of a distribution. */
export interface Release {
  /** As endoflife.date names its cycle: `24.04`, `12`, `15.6`. */
  readonly release: string
  /** `YYYY-MM-DD` */
  readonly released?: string | undefined
  /** `YYYY-MM-DD`: from this day on nobody mends its faults free of charge. Absent: not announced. */
  readonly endOfLife?: string | undefined
  /** Its end has come, even where the day is not known. */
  readonly ended?: boolean | undefined
  /** One of those that are meant to be kept for years. */
  readonly longTerm?: boolean | undefined
}

/** Releases by the name of their product. */
export interface LifecycleData {
  /** `YYYY-MM-DD`: when it was true. */
  readonly asOf: string
  readonly products: Readonly<Record<string, readonly Release[]>>
}

/** What is known of the release that an image is of. */
export interface EndOfLife extends Release {
  /** As endoflife.date names it: `ubuntu`, `rocky-linux`. */
  readonly product: string
  /** For people: `Rocky Linux`. */
  readonly label: string
}
