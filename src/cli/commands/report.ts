import { readFile } from 'node:fs/promises'
import { UpdaterError } from '../../errors.ts'
import { explainRefusal } from '../../files.ts'
import { renderPage } from '../../page/page.ts'
import { redactDeep } from '../../redact.ts'
import { assertReportWritable, writeReport } from '../../report/file.ts'
import { parseCheckReport } from '../../report/json.ts'
import { formatCount } from '../../report/quantities.ts'
import type { CheckReport } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import { interruptedStatus } from '../context.ts'
import type { Session } from '../session.ts'
import { runCheck } from './check.ts'

/** @throws UpdaterError where no page was written */
export async function run(call: Call<'report'>): Promise<void> {
  const { args, session } = call
  const { values, origin } = call.options()
  const { html, from, quiet } = values
  if (html === undefined) {
    throw new UpdaterError('USAGE', 'The page has no file to go to', {
      remedy: 'Name one with --html FILE',
    })
  }
  if (from !== undefined && origin('cloud').source === 'flag') {
    throw new UpdaterError('USAGE', 'A cloud is named, but the report is one that has been made already', {
      remedy: 'Name the cloud when the report is made, by check, or leave out --from',
    })
  }
  await assertReportWritable(html, '--html')
  const found = from === undefined ? await runCheck(call) : await recall(from, args, session)
  const interrupted = interruptedStatus(session.context.signal)
  session.exitStatus = interrupted ?? 0
  if (interrupted !== undefined) return
  await writeReport(html, renderPage(found), '--html')
  if (!quiet) session.context.stdout.write(`${html} tells of ${formatCount(found.images.length, 'image')}\n`)
}

async function recall(path: string, names: readonly string[], { redact }: Session): Promise<CheckReport> {
  if (names.length > 0) {
    throw new UpdaterError('USAGE', 'Images are named, but the report is one that has been made already', {
      remedy: 'Leave out the names, or --from',
    })
  }
  try {
    return redactDeep(await parseCheckReport(await readFile(path, 'utf8'), path), redact)
  } catch (cause) {
    if (cause instanceof UpdaterError) throw cause
    throw new UpdaterError(
      'CONFIGURATION',
      `The report ${path} cannot be read: ${explainRefusal(cause).why}`,
      {
        remedy: 'Name the JSON report of a check with --from',
        cause,
      },
    )
  }
}
