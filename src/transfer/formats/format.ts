import { UpdaterError } from '../../errors.ts'

/** The end of a stored image. */
export interface ImageEnd {
  readonly totalBytes: number
  /** The last bytes, at most `tailLength` of them. */
  readonly tail: Bytes
}

/** What the head of an image says of it. */
export interface ImageHead {
  /** Bytes of the disk that a machine would see; absent where only the end tells, or nothing does. */
  readonly virtualSize?: bigint
  readonly warnings?: readonly string[]
  /** The checks that need the end; its result is the virtual size where the head could not tell it. */
  readonly atEnd?: (end: ImageEnd) => bigint | undefined
}

/** How many of an image's last bytes are kept: a VMDK's end (footer marker, footer, end of stream) is 1536. */
export const tailLength = 2048

/**
 * Bounds-checked reading of an image's first or last bytes. Whatever lies outside is an
 * `IMAGE_FORMAT` error that says that the image ends too early.
 */
export class Bytes {
  readonly #buffer: Buffer
  readonly #format: string

  /** `format` names the image in messages. */
  constructor(buffer: Buffer, format: string) {
    this.#buffer = buffer
    this.#format = format
  }

  get length(): number {
    return this.#buffer.length
  }

  u8(offset: number): number {
    return this.#at(offset, 1).readUInt8(offset)
  }

  u32be(offset: number): number {
    return this.#at(offset, 4).readUInt32BE(offset)
  }

  u32le(offset: number): number {
    return this.#at(offset, 4).readUInt32LE(offset)
  }

  u64be(offset: number): bigint {
    return this.#at(offset, 8).readBigUInt64BE(offset)
  }

  u64le(offset: number): bigint {
    return this.#at(offset, 8).readBigUInt64LE(offset)
  }

  isZero(offset: number, length: number): boolean {
    return this.#at(offset, length)
      .subarray(offset, offset + length)
      .every((byte) => byte === 0)
  }

  /** Whether these Latin-1 characters stand at `offset`; never throws. */
  has(offset: number, characters: string): boolean {
    return this.text(offset, characters.length) === characters
  }

  /** Up to `length` bytes as Latin-1, one character a byte; never throws. */
  text(offset: number, length: number): string {
    return this.#buffer.toString('latin1', Math.max(offset, 0), Math.max(offset + length, 0))
  }

  #at(offset: number, length: number): Buffer {
    if (offset < 0 || offset + length > this.#buffer.length) {
      throw truncated(this.#format, this.#buffer.length, 'header')
    }
    return this.#buffer
  }
}

/** `IMAGE_FORMAT`: the bytes are not what the catalogue declares, or are damaged. */
export function wrongFormat(message: string): UpdaterError {
  return new UpdaterError('IMAGE_FORMAT', message, {
    remedy: 'Look at what the download URL serves and at the format in the catalogue; nothing was published',
  })
}

/** `IMAGE_UNSAFE`: the image would make a hypervisor read something else than the image. */
export function unsafe(message: string): UpdaterError {
  return new UpdaterError('IMAGE_UNSAFE', message, {
    remedy: 'Do not use this image unless its distributor explains it; nothing was published',
  })
}

export function noSignature(format: string): UpdaterError {
  return wrongFormat(`The image is declared as ${format} but does not have that format's signature`)
}

export function truncated(format: string, totalBytes: number, part: string): UpdaterError {
  return wrongFormat(`The ${format} image ends after ${totalBytes} bytes, before the end of its ${part}`)
}
