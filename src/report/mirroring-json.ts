import type { MirroredVersion, MirrorReport } from './mirroring.ts'
import type { MirrorDocument } from './schemas.ts'

/** The report of `mirror` as JSON readers get it; see `schema/mirror.schema.json`. */
export function mirrorDocument(report: MirrorReport, exitStatus: number): MirrorDocument {
  const { summary } = report
  return {
    schema_version: 1,
    command: 'mirror',
    started_at: report.startedAt,
    seconds: report.seconds,
    dry_run: report.dryRun,
    exit_status: exitStatus,
    summary: {
      versions: summary.versions,
      present: summary.present,
      stored: summary.stored,
      would_store: summary.wouldStore,
      foreign: summary.foreign,
      failed: summary.failed,
    },
    versions: report.versions.map(versionDocument),
    errors: [],
  }
}

function versionDocument(one: MirroredVersion): MirrorDocument['versions'][number] {
  return {
    file: one.file,
    line: one.line,
    name: one.name,
    shortname: one.shortname,
    version: one.version,
    url: one.url,
    mirror_url: one.mirrorUrl,
    status: one.status,
    object: one.object,
    bytes: one.bytes,
    seconds: one.seconds,
    warnings: [...one.warnings],
    reason: one.reason,
    error: one.error,
  }
}
