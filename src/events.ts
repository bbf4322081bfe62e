import type { UpdaterError } from './errors.ts'
import type { VersionValues } from './image.ts'

/** Which image an event or an outcome is about. */
export interface ImageRef {
  /** Position among all images of the run, from 0, in catalogue order. */
  readonly ordinal: number
  readonly file: string
  readonly name: string
  readonly shortname: string | undefined
}

/** What happens to one image while a run goes on, in the order in which it happens to that image. */
export type ImageStep =
  /** `version`: only that one of the image's versions is looked at. */
  | { readonly type: 'checking'; readonly version?: string | undefined }
  | { readonly type: 'latest-url'; readonly url: string }
  | { readonly type: 'checksums-from'; readonly url: string }
  /** `fileName` is the file that the distribution publishes now. */
  | { readonly type: 'current-checksum'; readonly fileName: string; readonly checksum: string }
  /** The distribution publishes no checksum: that of the first download is recorded. */
  | { readonly type: 'no-checksum'; readonly fileName: string }
  | { readonly type: 'our-checksum'; readonly checksum: string | undefined; readonly isOfUnpacked?: boolean }
  | { readonly type: 'up-to-date' }
  | { readonly type: 'new-values'; readonly values: VersionValues }
  /** The object is on the mirror already, with our record of the right size and digest. */
  | { readonly type: 'mirror-present'; readonly object: string }
  | { readonly type: 'mirror-missing'; readonly object: string; readonly reason: 'absent' | 'other-bytes' }
  /** The file is to be transferred when there is room. Once more if its size has become known meanwhile. */
  | { readonly type: 'transfer-due'; readonly size: number | undefined }
  | {
      readonly type: 'transfer-start'
      readonly url: string
      /** Where redirects have led, without its query. */
      readonly from?: string | undefined
      readonly object: string
      readonly size: number | undefined
    }
  /** At most a few times a second. `received` bytes of `size` have come from the distribution. */
  | {
      readonly type: 'transfer-progress'
      readonly received: number
      readonly stored: number
      readonly size: number | undefined
    }
  /** An image that was asked for by name takes no part. */
  | { readonly type: 'left-alone'; readonly reason: 'no-latest-url' | 'disabled' }
  /** The image is up to date, but its `mirror_url` is not of this run's mirror: it is left alone. */
  | { readonly type: 'mirror-foreign'; readonly url: string }
  /** The transfer starts again from scratch. */
  | { readonly type: 'transfer-retry'; readonly error: UpdaterError }
  | {
      readonly type: 'transfer-end'
      readonly object: string
      readonly bytes: number
      readonly seconds: number
    }
  | { readonly type: 'public'; readonly url: string }
  | { readonly type: 'file-written'; readonly file: string }
  /** An image in a cloud was changed. */
  | { readonly type: 'in-cloud'; readonly cloud: string; readonly message: string }
  /** A line that the gate of a new image in a cloud has printed. */
  | { readonly type: 'gate'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'failed'; readonly error: UpdaterError }
  /** Always the last step of an image. */
  | { readonly type: 'done'; readonly status: ImageStatus }

export type ImageStatus = 'updated' | 'would-update' | 'up-to-date' | 'unknown' | 'skipped' | 'failed'

/** What a run says while it goes on. A library user may ignore all of it. */
export type RunEvent =
  /** Before the first step; notes may come earlier. `images` is the number of images whose steps follow. */
  | { readonly type: 'run-start'; readonly images: number }
  | { readonly type: 'image'; readonly image: ImageRef; readonly step: ImageStep }
  /** The run goes on, but brings nothing to the mirror any more. */
  | { readonly type: 'stopped'; readonly error: UpdaterError }
  | {
      readonly type: 'note'
      readonly level: 'debug' | 'info' | 'warning' | 'error'
      readonly message: string
    }

export type Listener = (event: RunEvent) => void

/**
 * A listener that cannot end what it is told of. An async function is one, too: a rejection that nobody handles would end
 * the whole process.
 */
export function guarded(listener: (event: RunEvent) => unknown = () => {}): Listener {
  const warn = (error: unknown) => process.emitWarning(error instanceof Error ? error : String(error))
  return (event) => {
    try {
      Promise.resolve(listener(event)).catch(warn)
    } catch (error) {
      warn(error)
    }
  }
}
