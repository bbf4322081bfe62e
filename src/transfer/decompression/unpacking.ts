import { UpdaterError } from '../../errors.ts'
import type { ImageFormat } from '../../image.ts'

export interface Unpacking {
  /** Of the image: it says which file of an archive is meant. */
  readonly format: ImageFormat
  /** Bytes that may come out, those of files that are passed over included: some packed files expand for ever. */
  readonly limit: number
}

/**
 * The same chunks, as long as there are no more than `limit` bytes of them.
 * @throws UpdaterError IMAGE_TOO_LARGE
 */
export async function* bounded(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    yield chunk
  }
}

/** @param announced bytes, told before the first one comes. @throws UpdaterError IMAGE_TOO_LARGE */
export function assertAnnounced(announced: number | undefined, limit: number): void {
  if (announced !== undefined && announced > limit) throw tooLarge(limit, `${announced} bytes are announced`)
}

export function tooLarge(limit: number, why?: string): UpdaterError {
  const message = `The image is larger than the allowed ${limit} bytes${why === undefined ? '' : `: ${why}`}`
  return new UpdaterError('IMAGE_TOO_LARGE', message, {
    remedy: 'Raise --max-image-size if an image of this size is expected',
  })
}
