import { extname } from 'node:path'
import { asUpdaterError } from '../errors.ts'
import { assertReportWritable, writeReport } from '../report/file.ts'
import { errorLines, type Log } from './log.ts'
import type { FileFlags } from './options.ts'
import type { Session } from './session.ts'

/** A report in each form that a file may have; made only when it is asked for. */
export interface Faces {
  json(): string
  junit(): string
  markdown(): string
  metrics(): string
}

/**
 * Finds out before the run whether the files that were asked for can be written.
 * @throws UpdaterError CONFIGURATION
 */
export async function assertFilesWritable({ report, metricsFile }: FileFlags): Promise<void> {
  if (report !== undefined) await assertReportWritable(report)
  if (metricsFile !== undefined) await assertReportWritable(metricsFile, '--metrics-file')
}

/** @throws UpdaterError CONFIGURATION */
export async function writeFiles(flags: FileFlags, faces: Faces): Promise<void> {
  const { report, metricsFile } = flags
  if (report !== undefined) await writeReport(report, faces[formatOf(flags)]())
  if (metricsFile !== undefined) await writeReport(metricsFile, faces.metrics(), '--metrics-file')
}

/** The run is over: a file that cannot be written now is told, and ends an otherwise good run with 1. */
export async function keepFiles(flags: FileFlags, faces: Faces, session: Session, log: Log): Promise<void> {
  try {
    await writeFiles(flags, faces)
  } catch (thrown) {
    for (const line of errorLines(asUpdaterError(thrown), session.command)) log.write(line)
    session.exitStatus ||= 1
  }
}

const formats: Readonly<Record<string, keyof Faces>> = { '.xml': 'junit', '.md': 'markdown' }

/** A command without `--report-format` writes JSON alone. */
function formatOf(flags: FileFlags): keyof Faces {
  const { report = '', reportFormat } = flags
  if (!('reportFormat' in flags)) return 'json'
  return reportFormat ?? formats[extname(report).toLowerCase()] ?? 'json'
}
