import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { checkedImage, checkReport } from '../check/check.ts'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { settleCatalogue } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { CheckedImage, CheckReport, CheckStatus, ImageOutcome, MirrorState } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import { skipReason } from '../run/run.ts'
import type { Surroundings } from './options.ts'
import type { RunRecord } from './runs.ts'

/** The content of the catalogue's files. */
export interface Reading {
  /** Those of the last time that the catalogue could be read. */
  readonly images: readonly Image[]
  /** Why it cannot be read now. */
  readonly error: Pick<UpdaterError, 'code' | 'message' | 'place'> | undefined
}

/** The catalogue is read again if its last reading is older than this (milliseconds). */
const readingAge = 5_000

/** Reads the catalogue for everybody who asks for a page; readers that come together share one reading. */
export class Catalogue {
  readonly #around: Pick<Surroundings, 'options' | 'redact'>
  #last: Promise<Reading> = Promise.resolve({ images: [], error: undefined })
  #readAt = Number.NEGATIVE_INFINITY

  constructor(around: Pick<Surroundings, 'options' | 'redact'>) {
    this.#around = around
  }

  read(): Promise<Reading> {
    if (performance.now() - this.#readAt > readingAge) {
      this.#readAt = performance.now()
      this.#last = this.#read(this.#last)
    }
    return this.#last
  }

  get includeDisabled(): boolean {
    return this.#around.options().update.includeDisabled ?? false
  }

  /** The next reader gets the files' content of that time. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY
  }

  async #read(before: Promise<Reading>): Promise<Reading> {
    const { options, redact } = this.#around
    try {
      const { images, names } = settleCatalogue(options().update)
      const selected = selectImages(await readCatalog(images), names)
      return { images: redactDeep(selected, redact), error: undefined }
    } catch (thrown) {
      const { code, message, place } = asUpdaterError(thrown)
      return { images: (await before).images, error: redactDeep({ code, message, place }, redact) }
    }
  }
}

/** The images as the API lists them: the catalogue's values, and each image's outcome of the last run. */
export function listImages(images: readonly Image[], run: RunRecord | undefined): object[] {
  const outcomeOf = outcomesOf(run)
  return images.map((image) => {
    const { file, line, name, shortname, enable: enabled } = image
    const [version] = image.versions
    const { status, reason, trust, warnings, error } = outcomeOf(image) ?? {}
    return {
      ...{ file, line, name, shortname, enabled },
      ...(version && reportedValues(version)),
      last_run: status && { id: run?.id, status, reason, trust, warnings, error },
    }
  })
}

/** What the report is made from. */
interface View {
  /** The last run that looked at images. */
  readonly run: RunRecord | undefined
  readonly now: Date
  readonly includeDisabled: boolean
}

/**
 * The catalogue as the report of a check, from its files' present content and from the outcomes of the last run.
 * An image that it has not looked at, or not as it stands there now, has the status `skipped` without a reason.
 */
export function catalogueReport(images: readonly Image[], view: View): CheckReport {
  const { run, now } = view
  const outcomeOf = outcomesOf(run)
  const checked = images.map((image) => imageReport(image, outcomeOf(image), view))
  const report = checkReport(checked, run?.startedAt ?? now, run?.report?.seconds ?? 0)
  return { ...report, clouds: run?.report?.clouds }
}

function imageReport(
  image: Image,
  found: ImageOutcome | undefined,
  { now, includeDisabled }: View,
): CheckedImage {
  const outcome = found !== undefined && isAbout(image, found) ? found : undefined
  const { resolver, trust, current: newest, warnings = [], error } = outcome ?? {}
  const reason = outcome === undefined ? skipReason(image, includeDisabled) : outcome.reason
  const status = outcome === undefined ? 'skipped' : statuses[outcome.status]
  const mirror = mirrorOf(image.versions[0]?.mirrorUrl, outcome)
  return checkedImage(image, { status, reason, resolver, trust, newest, mirror, warnings, error }, now)
}

/** Is what the run found of the image still about what the catalogue says of it? */
function isAbout(image: Image, { status, current, previous }: ImageOutcome): boolean {
  const then = status === 'updated' || status === 'up-to-date' ? current : previous
  const [now] = image.versions
  return then === undefined || (then.checksum === now?.checksum && then.url === now?.url)
}

const statuses: Readonly<Record<ImageOutcome['status'], CheckStatus>> = {
  updated: 'up-to-date',
  'up-to-date': 'up-to-date',
  'would-update': 'outdated',
  unknown: 'unknown',
  skipped: 'skipped',
  failed: 'failed',
}

function mirrorOf(url: string | undefined, outcome: ImageOutcome | undefined): MirrorState {
  if (url === undefined) return { status: 'none' }
  return { status: outcome?.mirror?.public ?? 'unasked', url }
}

type Named = Pick<Image, 'file' | 'name'>

/** Returns a look-up of the run's outcome of an image. */
function outcomesOf(run: RunRecord | undefined): (image: Named) => ImageOutcome | undefined {
  const keyOf = ({ file, name }: Named) => JSON.stringify([file, name])
  const outcomes = new Map(run?.report?.images.map((image) => [keyOf(image), image]))
  return (image) => outcomes.get(keyOf(image))
}
