export interface DiffOptions {
  /** A folder of catalogue files, one file, or a revision of git: what exists in the file system is no revision. */
  readonly before: string
  /** Likewise. Default: `images` as it is. */
  readonly after?: string | undefined
  /** The folder or file, in a working tree of git, that revisions are looked up for. */
  readonly images: string
}
