import { UpdaterError } from '../../errors.ts'

/** The end of a stored image. */
export interface ImageEnd {
  readonly totalBytes: number
  /** The last bytes, at most `tailLength` of them. */
  readonly tail: Buffer
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

/** Whether these Latin-1 characters stand at `offset`; never throws. */
export function has(bytes: Buffer, offset: number, characters: string): boolean {
  return bytes.toString('latin1', offset, offset + characters.length) === characters
}

export function isZero(bytes: Buffer, offset: number, length: number): boolean {
  return Array.from({ length }, (_, index) => bytes.readUInt8(offset + index)).every((byte) => byte === 0)
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
