import type { PruneReport } from './pruning.ts'
import type { PruneDocument } from './schemas.ts'

/** The report of `prune` as JSON readers get it; see `schema/prune.schema.json`. */
export function pruneDocument(report: PruneReport, exitStatus: number): PruneDocument {
  const { summary } = report
  return {
    schema_version: 1,
    command: 'prune',
    started_at: report.startedAt,
    seconds: report.seconds,
    place: report.place,
    grace_seconds: report.grace / 1000,
    remove: report.remove,
    exit_status: exitStatus,
    summary: {
      would_remove: summary.wouldRemove,
      removed: summary.removed,
      failed: summary.failed,
      bytes: summary.bytes,
      named: summary.named,
      young: summary.young,
      others: summary.others,
    },
    objects: report.objects.map(({ key, size, lastModified, status, error }) => ({
      key,
      size,
      last_modified: lastModified,
      status,
      error,
    })),
    errors: [],
  }
}
