import { asUpdaterError } from '../errors.ts'
import type { FormatOf, Printing, Values } from '../options.ts'
import { redactDeep } from '../redact.ts'
import { assertReportWritable, writeReport } from '../report/file.ts'
import { formatOfFile, reportFormats } from '../report/formats.ts'
import { formatReport } from '../report/json.ts'
import { summarizeClouds } from '../report/publish.ts'
import type { AnyReport } from '../report/refusal.ts'
import type { CloudOutcome } from '../report/schemas.ts'
import type { TextLayout } from '../report/terminal.ts'
import type { Call } from './call.ts'
import { layoutOf } from './context.ts'
import { errorLines, type Loudness, openLog } from './log.ts'

/** What a report looks like in one format. */
type Face<Report> = (report: Report, layout: TextLayout & { readonly quiet: boolean }) => string

/** What a command's report looks like in each of its formats. JSON is the report itself, unless it says otherwise. */
type Faces<Name extends Printing, Report> = {
  readonly [Format in Exclude<FormatOf<Name>, 'json'>]: Face<Report>
} & { readonly json?: Face<Report> }

/** Prints a report on standard output in the format that was asked for, without secrets. */
export function present<Name extends Printing, Report extends object>(
  call: Call<Name>,
  report: Report,
  faces: Faces<Name, Report>,
): void {
  const { context, redact, exitStatus } = call.session
  const { output, ...loudness } = call.inForce().values as Values<Printing> & Loudness
  const quiet = loudness.quiet || (loudness.log === 'exceptions' && exitStatus === 0 && !hasChanged(report))
  const json: Face<Report> = (one) => formatReport(one, exitStatus)
  const all: Readonly<Partial<Record<FormatOf<Printing>, Face<Report>>>> = { json, ...faces }
  const layout = { ...layoutOf(context.stdout), quiet }
  context.stdout.write(all[output]?.(redactDeep(report, redact), layout) ?? '')
}

const changes = [
  ...['updated', 'would_update', 'stored', 'would_store', 'removed', 'would_remove'],
  ...['published', 'would_publish', 'changed', 'would_change'],
]

/** Has the run changed anything, or in a dry run found what it would change? */
export function hasChanged({ summary, clouds = [] }: Changing): boolean {
  const counts = { ...summary, ...summarizeClouds(clouds) }
  return Object.entries(counts).some(([key, count]) => changes.includes(key) && count > 0)
}

interface Changing {
  readonly summary?: object
  readonly clouds?: readonly CloudOutcome[] | undefined
}

/** A face that `--quiet` leaves out, and `--log exceptions` where there is none to tell. */
export function unlessQuiet<Report>(face: Face<Report>): Face<Report> {
  return (report, layout) => (layout.quiet ? '' : face(report, layout))
}

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
  if (path !== undefined && 'images' in report) {
    const format = await reportFormats[reportFormat ?? formatOfFile(path)].load()
    await writeReport(path, format(report, exitStatus))
  } else if (path !== undefined) {
    await writeReport(path, formatReport(report, exitStatus))
  }
  if (metricsFile === undefined || !('images' in report || 'clouds' in report)) return
  const { formatMetrics } = await import('../report/metrics.ts')
  await writeReport(metricsFile, formatMetrics(report), '--metrics-file')
}

/** The run is over: a file that cannot be written now is told, and ends an otherwise good run with 1. */
export async function keepFiles(
  call: Call<'update' | 'check' | 'mirror' | 'publish' | 'verify'>,
  report: AnyReport,
): Promise<void> {
  const { session } = call
  const { values } = call.options()
  try {
    await writeFiles(values, report, session.exitStatus)
  } catch (thrown) {
    const log = openLog(session, values)
    for (const line of errorLines(asUpdaterError(thrown), session.command)) log.write(line)
    session.exitStatus ||= 1
  }
}
