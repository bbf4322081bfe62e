/** What the stored bytes said of themselves while they streamed by. */
export interface ImageFacts {
  /** Bytes that the image takes up as a disk, where its format says so. */
  readonly virtualSize?: number
  /** Sentences about what is odd, but not refused. */
  readonly warnings: readonly string[]
}

/** Looks at an image's stored bytes, in order, without keeping them. */
export interface Inspector {
  /**
   * The next bytes. They belong to the caller: what is needed later is copied.
   * @throws UpdaterError IMAGE_FORMAT, IMAGE_UNSAFE, as soon as the bytes seen so far are refused
   */
  feed(chunk: Uint8Array): void
  /**
   * After the last byte.
   * @param totalBytes how many bytes were fed
   * @throws UpdaterError IMAGE_FORMAT, IMAGE_UNSAFE
   */
  finish(totalBytes: number): ImageFacts
}
