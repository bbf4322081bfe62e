export interface ValidateOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. */
  readonly images: readonly string[]
  /** Only findings in images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  /** Warnings count as errors. Default: false. */
  readonly strict?: boolean | undefined
}

export interface ValidateContext {
  /** Default: the system's clock. A build date after it is one that is yet to come. */
  readonly now?: (() => Date) | undefined
}
