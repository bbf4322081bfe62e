export interface InitOptions {
  /** Names of distributions (globs: `*`, `?`); see `shippedCatalogue`. */
  readonly distributions: readonly string[]
  /** The folder that their files are written to; it is made where there is none. */
  readonly dir: string
  /** Nothing is written. Default: false. */
  readonly dryRun?: boolean | undefined
}

/** A file that was written, or in a dry run would be. */
export interface InitFile {
  readonly distribution: string
  readonly path: string
  /** Definitions in it. */
  readonly images: number
}

/** What comes with the program of one distribution. */
export interface ShippedSummary {
  /** What `InitOptions.distributions` selects it by. */
  readonly name: string
  readonly images: readonly {
    readonly name: string
    readonly shortname?: string | undefined
    readonly enable: boolean
  }[]
}
