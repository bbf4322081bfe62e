import { UpdaterError } from '../errors.ts'
import type { CheckedImage, CheckReport } from './check.ts'
import { errorDocument, errorOf, type Refusal, valuesDocument } from './json.ts'
import type { OutcomeValues } from './outcome.ts'
import { type CheckDocument, checkSchema } from './schemas.ts'

/** The report of a check as JSON readers get it; see `schema/check.schema.json`. */
export function checkDocument(report: CheckReport, exitStatus: number): CheckDocument {
  const { summary } = report
  return {
    schema_version: 1,
    command: 'check',
    started_at: report.startedAt,
    seconds: report.seconds,
    exit_status: exitStatus,
    summary: {
      checked: summary.checked,
      up_to_date: summary.upToDate,
      outdated: summary.outdated,
      skipped: summary.skipped,
      failed: summary.failed,
      not_mirrored: summary.notMirrored,
    },
    images: report.images.map(imageDocument),
    errors: [],
  }
}

/** The document of a check that ended before anything was looked at. */
export function checkRefusalDocument(refusal: Refusal, exitStatus: number): CheckDocument {
  return {
    schema_version: 1,
    command: 'check',
    started_at: refusal.startedAt.toISOString(),
    seconds: refusal.seconds,
    exit_status: exitStatus,
    summary: { checked: 0, up_to_date: 0, outdated: 0, skipped: 0, failed: 0, not_mirrored: 0 },
    images: [],
    errors: refusal.errors.map(errorDocument),
  }
}

function imageDocument(image: CheckedImage): CheckDocument['images'][number] {
  return {
    file: image.file,
    line: image.line,
    name: image.name,
    shortname: image.shortname,
    distribution: image.distribution,
    release: image.release,
    architecture: image.architecture,
    format: image.format,
    status: image.status,
    reason: image.reason,
    resolver: image.resolver,
    trust: image.trust,
    versions: image.versions.map(valuesDocument),
    newest: image.newest && valuesDocument(image.newest),
    age_days: image.ageDays,
    days_behind: image.daysBehind,
    mirror: { status: image.mirror.status, url: image.mirror.url, size: image.mirror.size },
    end_of_life: image.endOfLife,
    warnings: [...image.warnings],
    error: image.error && errorDocument(image.error),
  }
}

/**
 * A report of a check from its JSON.
 * @param name what the text is called in errors
 * @throws UpdaterError CONFIGURATION where it is no such report
 */
export function parseCheckDocument(text: string, name: string): CheckReport {
  const parsed = checkSchema.safeParse(asJson(text, name))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw noReport(name, `${issue?.path.join('.') || 'the document'}: ${issue?.message}`, parsed.error)
  }
  const { started_at: startedAt, seconds, summary, images } = parsed.data
  return {
    startedAt,
    seconds,
    summary: {
      checked: summary.checked,
      upToDate: summary.up_to_date,
      outdated: summary.outdated,
      skipped: summary.skipped,
      failed: summary.failed,
      notMirrored: summary.not_mirrored,
    },
    images: images.map((image) => {
      const { age_days: ageDays, days_behind: daysBehind, end_of_life: endOfLife, ...rest } = image
      return {
        ...rest,
        ageDays,
        daysBehind,
        endOfLife,
        versions: rest.versions.map(valuesOf),
        newest: rest.newest && valuesOf(rest.newest),
        error: rest.error && errorOf(rest.error),
      }
    }),
  }
}

function valuesOf(values: CheckDocument['images'][number]['versions'][number]): OutcomeValues {
  const { version, build_date: buildDate, checksum, url, mirror_url: mirrorUrl } = values
  return { version, buildDate, checksum, url, mirrorUrl }
}

function asJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw noReport(name, 'it is no JSON', cause)
  }
}

function noReport(name: string, why: string, cause: unknown): UpdaterError {
  return new UpdaterError('CONFIGURATION', `${name} is no report of a check: ${why}`, {
    remedy: 'Give the file that image-updater check --report FILE.json wrote',
    cause,
  })
}
