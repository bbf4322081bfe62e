import type { Image, ImageVersion, VersionValues } from '../image.ts'

/** One catalogue file as it was read. */
export interface CatalogFile {
  /** As the user named it (for messages and reports). */
  readonly path: string
  readonly text: string
  readonly images: readonly Image[]
}

/** A change of one image's versions, planned from a read file. */
export interface VersionEdit {
  /** Position in the file's `images` list when it was read, from 0; `name` must still be there. */
  readonly index: number
  readonly name: string
  /** What `versions[0]` held when the change was planned; `undefined` for an empty list. */
  readonly before: ImageVersion | undefined
  /** Only the fields that differ from what stands in the file are written. */
  readonly after: Partial<VersionValues>
  /**
   * Entries, at most, that the list is to have: `after` goes in front as an entry of its own, and older
   * ones go at the end. An entry of the same version is replaced, not doubled. Absent: `after` replaces
   * the values of the first entry, and the others stay.
   */
  readonly keep?: number | undefined
}
