import type { VerifyDocument } from './schemas.ts'
import type { VerifyReport } from './verification.ts'

/** The report of `verify` as JSON readers get it; see `schema/verify.schema.json`. */
export function verifyDocument(report: VerifyReport, exitStatus: number): VerifyDocument {
  return {
    schema_version: 1,
    command: 'verify',
    started_at: report.startedAt,
    seconds: report.seconds,
    full: report.full,
    exit_status: exitStatus,
    summary: report.summary,
    versions: report.versions.map((one) => ({
      file: one.file,
      line: one.line,
      name: one.name,
      shortname: one.shortname,
      version: one.version,
      verdict: one.verdict,
      url: one.url,
      mirror_url: one.mirrorUrl,
    })),
    errors: [],
  }
}
