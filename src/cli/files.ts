import { asUpdaterError } from '../errors.ts'
import type { Values } from '../options.ts'
import { assertReportWritable, writeReport } from '../report/file.ts'
import { formatOfFile, reportFormats } from '../report/formats.ts'
import { formatReport } from '../report/json.ts'
import type { AnyReport } from '../report/refusal.ts'
import { errorLines, type Log } from './log.ts'
import type { Session } from './session.ts'

/** Where a report goes beside standard output; not every command has all of them. */
export type Files = Partial<Pick<Values<'update'>, 'report' | 'reportFormat' | 'metricsFile'>>

/**
 * Finds out before the run whether the files that were asked for can be written.
 * @throws UpdaterError CONFIGURATION
 */
export async function assertFilesWritable({ report, metricsFile }: Files): Promise<void> {
  if (report !== undefined) await assertReportWritable(report)
  if (metricsFile !== undefined) await assertReportWritable(metricsFile, '--metrics-file')
}

/**
 * Reports of `update` and `check` alone have other forms than JSON.
 * @throws UpdaterError CONFIGURATION
 */
export async function writeFiles(
  { report: path, reportFormat, metricsFile }: Files,
  report: AnyReport,
  exitStatus: number,
): Promise<void> {
  if (!('images' in report)) {
    if (path !== undefined) await writeReport(path, formatReport(report, exitStatus))
    return
  }
  if (path !== undefined) {
    const format = await reportFormats[reportFormat ?? formatOfFile(path)].load()
    await writeReport(path, format(report, exitStatus))
  }
  if (metricsFile === undefined) return
  const { formatMetrics } = await import('../report/metrics.ts')
  await writeReport(metricsFile, formatMetrics(report), '--metrics-file')
}

/** The run is over: a file that cannot be written now is told, and ends an otherwise good run with 1. */
export async function keepFiles(files: Files, report: AnyReport, session: Session, log: Log): Promise<void> {
  try {
    await writeFiles(files, report, session.exitStatus)
  } catch (thrown) {
    for (const line of errorLines(asUpdaterError(thrown), session.command)) log.write(line)
    session.exitStatus ||= 1
  }
}
