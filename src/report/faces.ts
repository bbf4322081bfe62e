import { formatDiffMarkdown } from './diff.ts'
import { exitStatusOf, type StatusReport } from './exit-status.ts'
import { assertReport, formatDocument, formatReport } from './json.ts'
import { formatLifecycleMarkdown } from './lifecycle.ts'
import { formatListMarkdown } from './list.ts'
import { formatMarkdown } from './run-markdown.ts'
import type {
  CatalogueDiff,
  CheckReport,
  LifecycleReport,
  ListReport,
  RunReport,
  ValidationReport,
  VerifyReport,
} from './schemas.ts'
import { formatValidationMarkdown } from './validate.ts'
import { formatVerifyMarkdown } from './verify.ts'

type WithMarkdown =
  | RunReport
  | CheckReport
  | VerifyReport
  | ValidationReport
  | LifecycleReport
  | ListReport
  | CatalogueDiff

/** Returns the JSON that the command prints with `--output json`, `exit_status` included where it has one. */
export function toJson(report: StatusReport | ListReport | CatalogueDiff): string {
  assertReport(report)
  return hasStatus(report) ? formatReport(report, exitStatusOf(report)) : formatDocument(report)
}

function hasStatus(report: StatusReport | ListReport | CatalogueDiff): report is StatusReport {
  return 'command' in report || 'findings' in report || 'releases' in report || 'changes' in report
}

/** Returns the Markdown that the command prints with `--output markdown`, `update` writes with `--report FILE.md`. */
export function toMarkdown(report: WithMarkdown): string {
  assertReport(report)
  if ('releases' in report) return formatLifecycleMarkdown(report)
  if ('findings' in report) return formatValidationMarkdown(report)
  if ('versions' in report) return formatVerifyMarkdown(report)
  if ('command' in report || 'changes' in report) return formatMarkdown(report)
  return 'summary' in report ? formatDiffMarkdown(report) : formatListMarkdown(report)
}
