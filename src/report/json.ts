import type { UpdaterError } from '../errors.ts'
import type { ImageOutcome, OutcomeError, OutcomeValues, RunReport } from './outcome.ts'
import type { ReportDocument } from './schemas.ts'

/** The report as JSON readers get it; see `schema/report.schema.json`. */
export function reportDocument(report: RunReport, exitStatus: number): ReportDocument {
  const { summary } = report
  return {
    schema_version: 1,
    started_at: report.startedAt,
    seconds: report.seconds,
    dry_run: report.dryRun,
    exit_status: exitStatus,
    summary: {
      checked: summary.checked,
      updated: summary.updated,
      would_update: summary.wouldUpdate,
      up_to_date: summary.upToDate,
      skipped: summary.skipped,
      failed: summary.failed,
    },
    images: report.images.map(imageDocument),
    changes: report.changes.map(({ file, diff }) => ({ file, diff })),
    errors: [],
  }
}

export interface Refusal {
  readonly startedAt: Date
  readonly seconds: number
  readonly dryRun: boolean
  readonly errors: readonly UpdaterError[]
}

/** The document of a run that ended before anything was done. */
export function refusalDocument(refusal: Refusal, exitStatus: number): ReportDocument {
  return {
    schema_version: 1,
    started_at: refusal.startedAt.toISOString(),
    seconds: refusal.seconds,
    dry_run: refusal.dryRun,
    exit_status: exitStatus,
    summary: { checked: 0, updated: 0, would_update: 0, up_to_date: 0, skipped: 0, failed: 0 },
    images: [],
    changes: [],
    errors: refusal.errors.map(errorDocument),
  }
}

/** What a command without a report of its own says where it could do nothing. */
export interface RefusalDocument {
  readonly schema_version: 1
  readonly command: string
  /** ISO 8601, UTC. */
  readonly started_at: string
  readonly seconds: number
  readonly exit_status: number
  readonly errors: ReportDocument['errors']
}

export function bareRefusalDocument(command: string, refusal: Refusal, exitStatus: number): RefusalDocument {
  return {
    schema_version: 1,
    command,
    started_at: refusal.startedAt.toISOString(),
    seconds: refusal.seconds,
    exit_status: exitStatus,
    errors: refusal.errors.map(errorDocument),
  }
}

/** The report of a run that a document holds: the way back from `reportDocument`. */
export function readReportDocument(document: ReportDocument): RunReport {
  return {
    startedAt: document.started_at,
    seconds: document.seconds,
    dryRun: document.dry_run,
    summary: {
      ...document.summary,
      wouldUpdate: document.summary.would_update,
      upToDate: document.summary.up_to_date,
    },
    images: document.images.map((image) => ({
      ...image,
      previous: image.previous && valuesOf(image.previous),
      current: image.current && valuesOf(image.current),
      error: image.error && errorOf(image.error),
    })),
    changes: document.changes,
  }
}

function imageDocument(image: ImageOutcome): ReportDocument['images'][number] {
  return {
    file: image.file,
    line: image.line,
    name: image.name,
    shortname: image.shortname,
    status: image.status,
    reason: image.reason,
    resolver: image.resolver,
    trust: image.trust,
    previous: image.previous && valuesDocument(image.previous),
    current: image.current && valuesDocument(image.current),
    mirror: image.mirror && {
      status: image.mirror.status,
      object: image.mirror.object,
      bytes: image.mirror.bytes,
      seconds: image.mirror.seconds,
    },
    warnings: [...image.warnings],
    error: image.error && errorDocument(image.error),
  }
}

export function valuesDocument(
  values: OutcomeValues,
): NonNullable<ReportDocument['images'][number]['current']> {
  return {
    version: values.version,
    build_date: values.buildDate,
    checksum: values.checksum,
    url: values.url,
    mirror_url: values.mirrorUrl,
  }
}

function valuesOf(values: ReturnType<typeof valuesDocument>): OutcomeValues {
  const { version, build_date: buildDate, checksum, url, mirror_url: mirrorUrl } = values
  return { version, buildDate, checksum, url, mirrorUrl }
}

export function errorDocument({
  code,
  message,
  remedy,
  place,
}: OutcomeError): ReportDocument['errors'][number] {
  return {
    code,
    message,
    remedy,
    place: place && { file: place.file, line: place.line, column: place.column },
  }
}

/** An error as its document tells it. */
export function errorOf({ code, message, remedy, place }: ReportDocument['errors'][number]): OutcomeError {
  if (place === undefined) return { code, message, remedy }
  const { file, line, column } = place
  return {
    ...{ code, message, remedy },
    place: { file, ...(line !== undefined && { line }), ...(column !== undefined && { column }) },
  }
}

/** JSON in which control characters, bidirectional overrides and commands to the runner of a CI job are escaped. */
export function formatDocument(document: object): string {
  const json = JSON.stringify(document, undefined, 2).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|#(?=#[a-z]*\[)/gi,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${json}\n`
}
