import { UpdaterError } from '../errors.ts'
import type { ImageFormat } from '../image.ts'
import { findForeignContent } from './formats/content.ts'
import { type ImageHead, tailLength, truncated, wrongFormat } from './formats/format.ts'
import { inspectQcow2 } from './formats/qcow2.ts'
import { inspectIso, inspectRaw } from './formats/raw.ts'
import { inspectVdi } from './formats/vdi.ts'
import { inspectVhd } from './formats/vhd.ts'
import { inspectVmdk } from './formats/vmdk.ts'

/** What an image says of itself. */
export interface Inspection {
  /** Bytes that the image takes up as a disk, where its format says so. */
  readonly virtualSize?: number
  /** Sentences about what is unusual, but not refused. */
  readonly warnings: readonly string[]
}

export interface InspectionOptions {
  /** The image's `min_disk` in GiB; 0 stands for none. */
  readonly minDisk?: number | undefined
  /** An image larger than `minDisk` is an error instead of a warning. Default: false. */
  readonly strict?: boolean | undefined
  /** Bytes that the disk inside the image may have. Default: no limit. */
  readonly maxVirtualSize?: number | undefined
  /** A raw image that shows no sign of a disk is a warning instead of an error. Default: false. */
  readonly allowUnknownRaw?: boolean | undefined
}

/** The largest first cluster of a qcow2 image; every other header is far smaller. */
const headLength = 2 << 20
const gib = 2 ** 30

const inspections: Record<ImageFormat, (head: Buffer, options: InspectionOptions) => ImageHead> = {
  qcow2: inspectQcow2,
  vmdk: inspectVmdk,
  vhd: inspectVhd,
  vdi: inspectVdi,
  raw: (head, { allowUnknownRaw = false }) => inspectRaw(head, allowUnknownRaw),
  iso: inspectIso,
  aki: () => ({}),
  ari: () => ({}),
  ami: () => ({}),
}

/**
 * Looks at the stored bytes of one image while they stream past, once and in order; it keeps the first
 * 2 MiB until they are judged and the last 2 KiB.
 *
 * @throws UpdaterError `IMAGE_FORMAT`: not what is declared, a web page, another format, damaged;
 * `IMAGE_UNSAFE`: a hypervisor would read other files than this one; `IMAGE_TOO_LARGE`: larger than
 * `maxVirtualSize`, or with `strict` than `minDisk`.
 */
export class Inspector {
  readonly #format: ImageFormat
  readonly #options: InspectionOptions
  #head = Buffer.allocUnsafeSlow(headLength)
  #headFilled = 0
  #tail: Buffer = Buffer.alloc(0)
  #judged: ImageHead | undefined

  constructor(format: ImageFormat, options: InspectionOptions = {}) {
    this.#format = format
    this.#options = options
  }

  /**
   * Takes the next bytes, and throws once the head is complete and refused. The bytes belong to the caller: what is
   * needed later is copied.
   */
  feed(chunk: Uint8Array): void {
    this.#tail = lastBytes(this.#tail, chunk)
    if (this.#judged !== undefined) return
    const part = chunk.subarray(0, headLength - this.#headFilled)
    this.#head.set(part, this.#headFilled)
    this.#headFilled += part.length
    if (this.#headFilled === headLength) this.#judge()
  }

  /** Throws what a short image's head, or the end, tells. @param totalBytes how many bytes were fed */
  finish(totalBytes: number): Inspection {
    if (totalBytes === 0) throw wrongFormat('The image is empty')
    const { virtualSize: sizeInHead, warnings = [], atEnd } = this.#judged ?? this.#judge()
    const sizeAtEnd = atEnd?.({ totalBytes, tail: this.#tail })
    const virtualSize = sizeInHead ?? sizeAtEnd
    if (virtualSize === undefined) return { warnings }
    const warning = checkVirtualSize(this.#format, virtualSize, this.#options)
    return {
      virtualSize: Number(virtualSize),
      warnings: warning === undefined ? warnings : [...warnings, warning],
    }
  }

  #judge(): ImageHead {
    const judged = inspectHead(this.#format, this.#head.subarray(0, this.#headFilled), this.#options)
    if (judged.virtualSize !== undefined) checkVirtualSize(this.#format, judged.virtualSize, this.#options)
    this.#judged = judged
    this.#head = Buffer.alloc(0)
    return judged
  }
}

function inspectHead(format: ImageFormat, head: Buffer, options: InspectionOptions): ImageHead {
  const foreign = findForeignContent(head, format)
  if (foreign !== undefined) {
    throw wrongFormat(`The image is declared as ${format} but starts with ${foreign}`)
  }
  try {
    return inspections[format](head, options)
  } catch (error) {
    // Buffer's answer to a read beyond its end.
    throw error instanceof RangeError ? truncated(format, head.length, 'header') : error
  }
}

/** A copy: the caller may use its chunk again. */
function lastBytes(tail: Buffer, chunk: Uint8Array): Buffer {
  if (chunk.length >= tailLength) return Buffer.from(chunk.subarray(-tailLength))
  return Buffer.concat([tail, chunk.subarray(-tailLength)]).subarray(-tailLength)
}

/** The warning that the image is larger than `minDisk`, if it is. */
function checkVirtualSize(format: string, size: bigint, options: InspectionOptions): string | undefined {
  if (size === 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw wrongFormat(`The ${format} image has an impossible virtual size of ${size} bytes`)
  }
  const bytes = Number(size)
  const { minDisk = 0, strict = false, maxVirtualSize = Number.POSITIVE_INFINITY } = options
  if (bytes > maxVirtualSize) {
    throw new UpdaterError(
      'IMAGE_TOO_LARGE',
      `The ${format} image holds a disk of ${inGib(bytes)}, more than the limit of ${inGib(maxVirtualSize)}`,
      { remedy: 'Raise --max-image-size if the image is meant to be that large' },
    )
  }
  if (minDisk === 0 || bytes <= minDisk * gib) return undefined
  const message = `The ${format} image holds a disk of ${inGib(bytes)}, which does not fit its min_disk of ${minDisk} GiB`
  if (!strict) return message
  throw new UpdaterError('IMAGE_TOO_LARGE', message, {
    remedy: `Set min_disk to at least ${Math.ceil(bytes / gib)} in the catalogue`,
  })
}

/** Rounded up to two digits, so that no size looks like one that would fit. */
function inGib(bytes: number): string {
  return `${Math.ceil((bytes / gib) * 100) / 100} GiB`
}
