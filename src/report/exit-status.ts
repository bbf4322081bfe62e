import { checkStatus } from './check.ts'
import { assertReport } from './json.ts'
import { lifecycleStatus } from './lifecycle.ts'
import { hasFailed } from './publish.ts'
import type {
  CheckReport,
  LifecycleReport,
  MirrorReport,
  PruneReport,
  PublishReport,
  RunReport,
  ValidationReport,
  VerifyReport,
} from './schemas.ts'
import { verifyStatus } from './verify.ts'

/** A report whose command has an exit status that tells what it found. */
export type StatusReport =
  | RunReport
  | CheckReport
  | MirrorReport
  | VerifyReport
  | PruneReport
  | PublishReport
  | ValidationReport
  | LifecycleReport

/** Returns the status with which the command ends that has this report, unless it is interrupted. */
export function exitStatusOf(report: StatusReport): number {
  assertReport(report)
  if ('releases' in report) return lifecycleStatus(report)
  if ('findings' in report) return report.summary.errors > 0 ? 1 : 0
  if ('command' in report && report.command === 'check') return checkStatus(report.summary, report.clouds)
  if ('command' in report && report.command === 'verify') return verifyStatus(report)
  const clouds = 'clouds' in report ? report.clouds : []
  return report.summary.failed > 0 || hasFailed(clouds) ? 1 : 0
}
