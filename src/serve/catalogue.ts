import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { endOfLife } from '../lifecycle/end-of-life.ts'
import { snapshot } from '../lifecycle/snapshot.ts'
import { type Redact, redactDeep } from '../redact.ts'
import { buildDay, daysBetween, summarizeCheck } from '../report/check.ts'
import type { CheckedImage, CheckReport, CheckStatus, ImageOutcome, MirrorState } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import type { UpdateOptions } from '../update/options.ts'
import type { RunRecord } from './runs.ts'

/** The content of the catalogue's files. */
export interface Reading {
  /** Those of the last time that the catalogue could be read. */
  readonly images: readonly Image[]
  /** Why it cannot be read now. */
  readonly error: Pick<UpdaterError, 'code' | 'message' | 'place'> | undefined
}

export interface Catalogue {
  /** At most `maxAge` old; readers that come together share one reading. */
  read(): Promise<Reading>
  /** The next reader gets the files' content of that time. */
  forget(): void
}

export interface CatalogueContext {
  readonly options: () => Pick<UpdateOptions, 'images' | 'names'>
  readonly redact: () => Redact
  /** Milliseconds. */
  readonly maxAge: number
}

export function createCatalogue({ options, redact, maxAge }: CatalogueContext): Catalogue {
  let last: Promise<Reading> = Promise.resolve({ images: [], error: undefined })
  let readAt = Number.NEGATIVE_INFINITY
  const read = async (before: Promise<Reading>): Promise<Reading> => {
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
    read: () => {
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

/** The images as the API lists them: the catalogue's values, and each image's outcome of the last run. */
export function listImages(images: readonly Image[], run: RunRecord | undefined): object[] {
  const outcomeOf = outcomesOf(run)
  return images.map((image) => {
    const { file, line, name, shortname, enable: enabled } = image
    const [version] = image.versions
    return {
      ...{ file, line, name, shortname, enabled },
      ...(version && reportedValues(version)),
      last_run: lastRunOf(outcomeOf(image), run),
    }
  })
}

function lastRunOf(outcome: ImageOutcome | undefined, run: RunRecord | undefined) {
  if (outcome === undefined) return undefined
  const { status, reason, trust, warnings, error } = outcome
  return { id: run?.id, status, reason, trust, warnings, error }
}

/**
 * The catalogue as the report of a check, from its files' present content and from the outcomes of the last run.
 * An image without an outcome has the status `skipped`.
 */
export function standing(images: readonly Image[], run: RunRecord | undefined, now: Date): CheckReport {
  const outcomeOf = outcomesOf(run)
  const checked = images.map((image) => standingOf(image, outcomeOf(image), now))
  return {
    schema_version: 1,
    command: 'check',
    started_at: (run?.startedAt ?? now).toISOString(),
    seconds: run?.report?.seconds ?? 0,
    summary: summarizeCheck(checked),
    images: checked,
    errors: [],
  }
}

function standingOf(image: Image, outcome: ImageOutcome | undefined, now: Date): CheckedImage {
  const { file, line, name, shortname, architecture, format } = image
  const versions = image.versions.map(reportedValues)
  const built = versions[0] && buildDay(versions[0])
  const newest = outcome?.current
  return {
    ...{ file, line, name, shortname, architecture, format, versions, newest },
    distribution: image.osDistro,
    release: image.osVersion,
    status: outcome === undefined ? 'skipped' : statuses[outcome.status],
    reason: outcome?.reason,
    resolver: outcome?.resolver,
    trust: outcome?.trust,
    age_days: daysBetween(built, now.getTime()),
    days_behind: daysBetween(built, newest && buildDay(newest)),
    mirror: mirrorOf(versions[0]?.mirror_url, outcome),
    end_of_life: endOfLife(image, snapshot)?.endOfLife,
    warnings: outcome?.warnings ?? [],
    error: outcome?.error,
  }
}

const statuses: Readonly<Record<ImageOutcome['status'], CheckStatus>> = {
  updated: 'up-to-date',
  'up-to-date': 'up-to-date',
  'would-update': 'outdated',
  skipped: 'skipped',
  failed: 'failed',
}

function mirrorOf(url: string | undefined, outcome: ImageOutcome | undefined): MirrorState {
  if (url === undefined) return { status: 'none' }
  const status = outcome?.mirror?.status
  return { status: status === 'present' || status === 'stored' ? 'present' : 'unasked', url }
}

type Named = Pick<Image, 'file' | 'name'>

/** Returns a look-up of the run's outcome of an image. */
function outcomesOf(run: RunRecord | undefined): (image: Named) => ImageOutcome | undefined {
  const keyOf = ({ file, name }: Named) => JSON.stringify([file, name])
  const outcomes = new Map(run?.report?.images.map((image) => [keyOf(image), image]))
  return (image) => outcomes.get(keyOf(image))
}
