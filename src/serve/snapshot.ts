import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { type Redact, redactDeep } from '../redact.ts'
import type { UpdateOptions } from '../update/options.ts'
import type { RunRecord } from './runs.ts'

/** The catalogue as it stands in its files. */
export interface Snapshot {
  /** As they were when the catalogue could last be read. */
  readonly images: readonly Image[]
  /** Why it cannot be read now. */
  readonly error: Pick<UpdaterError, 'code' | 'message' | 'place'> | undefined
}

export interface Snapshots {
  /** At most `maxAge` old; readers that come together share one reading. */
  get(): Promise<Snapshot>
  /** The next reader gets what the files hold then. */
  forget(): void
}

export interface SnapshotContext {
  readonly options: () => Pick<UpdateOptions, 'images' | 'names'>
  readonly redact: () => Redact
  /** Milliseconds. */
  readonly maxAge: number
}

export function createSnapshots({ options, redact, maxAge }: SnapshotContext): Snapshots {
  let last: Promise<Snapshot> = Promise.resolve({ images: [], error: undefined })
  let readAt = Number.NEGATIVE_INFINITY
  const read = async (before: Promise<Snapshot>): Promise<Snapshot> => {
    try {
      const { images, names = [] } = options()
      const selected = selectImages(await readCatalog(images), names)
      return { images: redactDeep(selected, redact()), error: undefined }
    } catch (thrown) {
      const { code, message, place } = asUpdaterError(thrown)
      return { images: (await before).images, error: redactDeep({ code, message, place }, redact()) }
    }
  }
  return {
    get: () => {
      if (performance.now() - readAt > maxAge) {
        readAt = performance.now()
        last = read(last)
      }
      return last
    },
    forget: () => {
      readAt = Number.NEGATIVE_INFINITY
    },
  }
}

/** The images as the API lists them: what the catalogue says, and what the last run made of each. */
export function imageDocuments(images: readonly Image[], run: RunRecord | undefined) {
  const outcomes = new Map(run?.report?.images.map((image) => [keyOf(image), image]))
  return images.map((image) => {
    const [newest] = image.versions
    const outcome = outcomes.get(keyOf(image))
    return {
      file: image.file,
      line: image.line,
      name: image.name,
      shortname: image.shortname,
      enabled: image.enable,
      version: newest?.version,
      build_date: newest?.buildDate,
      checksum: newest?.checksum,
      url: newest?.url,
      mirror_url: newest?.mirrorUrl,
      last_run: outcome && {
        id: run?.id,
        status: outcome.status,
        reason: outcome.reason,
        trust: outcome.trust,
        warnings: outcome.warnings,
        error: outcome.error,
      },
    }
  })
}

export type ImageDocument = ReturnType<typeof imageDocuments>[number]

function keyOf({ file, name }: { readonly file: string; readonly name: string }): string {
  return JSON.stringify([file, name])
}
