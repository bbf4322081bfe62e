import { checkLifecycle } from '../../lifecycle/lifecycle.ts'
import type { Values } from '../../options.ts'
import { formatReport } from '../../report/json.ts'
import {
  formatLifecycleCsv,
  formatLifecycleMarkdown,
  formatLifecycleText,
  lifecycleStatus,
} from '../../report/lifecycle.ts'
import type { LifecycleReport } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import { layoutOf } from '../context.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toLifecycleOptions } from '../values.ts'

/** @throws UpdaterError where nothing was looked at */
export async function run(call: Call<'lifecycle'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const { context, redact } = session
  const options = toLifecycleOptions(given, args)
  const { signal, now } = context
  const report = redactDeep(await checkLifecycle(options, { signal, now }), redact)
  session.exitStatus = lifecycleStatus(report)
  context.stdout.write(format(report, given.values, session))
}

function format(
  report: LifecycleReport,
  { output, quiet }: Values<'lifecycle'>,
  { context, exitStatus }: Session,
): string {
  switch (output) {
    case 'text':
      return formatLifecycleText(report, { ...layoutOf(context.stdout), quiet })
    case 'json':
      return formatReport(report, exitStatus)
    case 'markdown':
      return formatLifecycleMarkdown(report)
    case 'csv':
      return formatLifecycleCsv(report)
  }
}
