import { asUpdaterError } from '../../errors.ts'
import type { HookOptions } from '../../index.ts'
import { assertReportWritable, writeReport } from '../../report/file.ts'
import { formatDocument, reportDocument } from '../../report/json.ts'
import type { RunReport } from '../../report/outcome.ts'
import { createPaint } from '../../report/terminal.ts'
import { formatChanges, formatSummary } from '../../report/text.ts'
import type { UpdateOptions } from '../../update/options.ts'
import { interruptedStatus, wantsColour } from '../context.ts'
import type { Flags } from '../flags.ts'
import { errorLines, type Log, openLog } from '../log.ts'
import { createNarrator } from '../narrator.ts'
import type { HookFlags, OutputFlags, SharedFlags, UpdateFlags } from '../options.ts'
import { createProgress, type Progress } from '../progress.ts'
import { redactDeep } from '../redact.ts'
import type { Screen } from '../screen.ts'
import { toHookOptions } from '../service-values.ts'
import type { Session } from '../session.ts'
import { toUpdateOptions } from '../values.ts'

export type AllFlags = Flags<UpdateFlags & HookFlags & OutputFlags & SharedFlags>

/**
 * Carries `update` out; the session keeps the exit status.
 * @throws UpdaterError where nothing was done
 */
export async function update(flags: AllFlags, names: readonly string[], session: Session): Promise<void> {
  const options = toUpdateOptions(flags, names)
  const hooks = toHookOptions(flags)
  const { report: file, quiet } = flags.values
  if (file !== undefined) await assertReportWritable(file)
  const { log, screen } = openLog(session, flags.values)
  warnOfSecret(flags, log)
  const progress = quiet ? undefined : openProgress(session, log, screen)
  const report = redactDeep(await run(options, session, log, progress), session.redact)
  session.exitStatus = interruptedStatus(session.context.signal) ?? (report.summary.failed > 0 ? 1 : 0)
  await tellOthers(report, hooks, session, log)
  deliver(report, flags.values, session)
  if (file !== undefined) await keepReport(file, report, session, log)
}

function warnOfSecret(flags: AllFlags, log: Log): void {
  if (flags.origin('minioSecretKey').source !== 'flag') return
  log.write({
    level: 'warning',
    scope: 'update',
    message:
      'The secret key stands on the command line, where ps shows it to every user of this machine: give it in MINIO_SECRET_KEY',
  })
}

function openProgress({ context }: Session, log: Log, screen: Screen): Progress {
  return createProgress({ screen, log, now: () => context.now().getTime() })
}

async function run(
  options: UpdateOptions,
  session: Session,
  log: Log,
  progress: Progress | undefined,
): Promise<RunReport> {
  const { signal, library } = session.context
  const { updateCatalogue } = await library()
  const narrator = createNarrator(log, session.context.now)
  const onAbort = () => {
    const message = `${(signal.reason as Error).message}: uploads are aborted (once more: stop at once)`
    log.write({ level: 'warning', scope: 'update', message })
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await updateCatalogue(options, {
      signal,
      onEvent: (event) => {
        progress?.onEvent(event)
        narrator.onEvent(event)
      },
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    progress?.close()
    narrator.finish()
  }
}

/** The run is done: a hook that fails is told, and ends an otherwise good run with 1. */
async function tellOthers(report: RunReport, hooks: HookOptions, session: Session, log: Log): Promise<void> {
  const { runHooks } = await session.context.library()
  const onLine = (message: string) => log.write({ level: 'info', scope: 'hook', message })
  const failures = await runHooks(report, session.exitStatus, hooks, { onLine })
  for (const line of failures.flatMap((error) => errorLines(error, 'hook'))) log.write(line)
  if (failures.length > 0) session.exitStatus ||= 1
}

/** Prints the report in the form that was asked for. */
function deliver(
  report: RunReport,
  flags: OutputFlags & SharedFlags,
  { context, exitStatus }: Session,
): void {
  const { stdout } = context
  if (flags.output === 'json') {
    stdout.write(formatDocument(reportDocument(report, exitStatus)))
    return
  }
  const paint = createPaint(wantsColour(stdout))
  if (report.dryRun) stdout.write(formatChanges(report.changes, paint))
  if (!flags.quiet) stdout.write(formatSummary(report, { paint, columns: stdout.columns }))
}

/** The run is over: a report that cannot be written now is told, and ends an otherwise good run with 1. */
async function keepReport(file: string, report: RunReport, session: Session, log: Log): Promise<void> {
  try {
    await writeReport(file, formatDocument(reportDocument(report, session.exitStatus)))
  } catch (thrown) {
    for (const line of errorLines(asUpdaterError(thrown), 'update')) log.write(line)
    session.exitStatus ||= 1
  }
}
