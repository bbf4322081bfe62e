export interface PageOptions {
  /** The page follows the runs of a service by its `api/v1/events`, and is loaded again after each. Default: false. */
  readonly live?: boolean | undefined
}
