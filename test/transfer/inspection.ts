import { UpdaterError } from '../../src/errors.ts'
import type { ImageFormat } from '../../src/image.ts'
import { type Inspection, type InspectionOptions, Inspector } from '../../src/transfer/inspect.ts'

/** Feeds an image in chunks of the given lengths, the last of them for all that is left. */
export function inspect(
  format: ImageFormat,
  image: Uint8Array,
  options: InspectionOptions = {},
  chunkLengths: readonly number[] = [65536],
): Inspection {
  const inspector = new Inspector(format, options)
  let at = 0
  for (let turn = 0; at < image.length; turn++) {
    const length = chunkLengths[Math.min(turn, chunkLengths.length - 1)] ?? image.length
    const chunk = image.slice(at, at + length)
    inspector.feed(chunk)
    chunk.fill(0xee)
    at += length
  }
  return inspector.finish(image.length)
}

/** The inspection, or the error's code and message; anything else that is thrown goes through. */
export function verdict(...call: Parameters<typeof inspect>): Inspection | string {
  try {
    return inspect(...call)
  } catch (error) {
    if (error instanceof UpdaterError) return `${error.code}: ${error.message}`
    throw error
  }
}
