/** A value that is another one now; absent: the key was not there, or is no more. */
export interface FieldChange {
  /** `min_disk`, `meta.os_version`. */
  readonly key: string
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** An entry of `versions`. */
export interface DiffVersion {
  readonly version?: string | undefined
  readonly buildDate?: string | undefined
  readonly checksum?: string | undefined
  readonly url?: string | undefined
  readonly mirrorUrl?: string | undefined
}

/** What has become of one image. */
export interface ImageDiff {
  readonly status: 'added' | 'removed' | 'changed'
  /** Name of the file that it is in (of one that was removed: was in). */
  readonly file: string
  readonly name: string
  readonly shortname?: string | undefined
  /** All but the versions; only with `changed`. */
  readonly fields: readonly FieldChange[]
  readonly versions: {
    readonly added: readonly DiffVersion[]
    readonly removed: readonly DiffVersion[]
    readonly changed: readonly { readonly version: string; readonly fields: readonly FieldChange[] }[]
  }
}

/** What is different between two catalogues; every face (text, Markdown, JSON) is made of this alone. */
export interface CatalogueDiff {
  /** Those of the new catalogue in its order, then those that were removed. */
  readonly images: readonly ImageDiff[]
  readonly summary: { readonly added: number; readonly removed: number; readonly changed: number }
}
