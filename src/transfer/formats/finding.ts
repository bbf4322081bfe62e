import type { Bytes } from './bytes.ts'

/** The end of a stored image. */
export interface ImageEnd {
  readonly totalBytes: number
  /** The last bytes, at most `tailLength` of them. */
  readonly tail: Bytes
}

/** What the head of an image says about it. */
export interface Finding {
  /** Bytes of the disk that a machine would see; absent where only the end tells, or nothing does. */
  readonly virtualSize?: bigint
  readonly warnings?: readonly string[]
  /** The checks that need the end; its result is the virtual size where the head could not tell it. */
  readonly atEnd?: (end: ImageEnd) => bigint | undefined
}

/** How many of an image's last bytes are kept: a VMDK's end (footer marker, footer, end of stream) is 1536. */
export const tailLength = 2048
