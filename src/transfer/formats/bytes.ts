import { truncated } from './refusal.ts'

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
