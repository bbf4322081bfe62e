import { checkLifecycle, type LifecycleOptions } from '../../lifecycle/lifecycle.ts'
import { formatReport } from '../../report/json.ts'
import {
  formatLifecycleCsv,
  formatLifecycleMarkdown,
  formatLifecycleText,
  lifecycleStatus,
} from '../../report/lifecycle.ts'
import type { LifecycleReport } from '../../report/schemas.ts'
import { layoutOf } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import { parseDays } from '../service-values.ts'
import type { Session } from '../session.ts'
import { parseBaseUrl, toSelection } from '../values.ts'

type Output = OutputFlags<'text' | 'json' | 'markdown' | 'csv'> & SharedFlags

export interface LifecycleFlags {
  readonly within: string
  readonly offline?: boolean | undefined
  readonly endoflifeApi?: string | undefined
  readonly gardenlinuxReleases?: string | undefined
  readonly fix?: boolean | undefined
  readonly dryRun?: boolean | undefined
}

/** @throws UpdaterError where nothing was looked at */
export async function lifecycle(
  flags: Flags<LifecycleFlags & ImagesFlags & Output>,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const { context, redact } = session
  const options = toLifecycleOptions(flags, names)
  const { signal, now } = context
  const report = redactDeep(await checkLifecycle(options, { signal, now }), redact)
  session.exitStatus = lifecycleStatus(report)
  context.stdout.write(format(report, flags.values, session))
}

/** @throws UpdaterError USAGE for a flag, CONFIGURATION for a key of a file */
export function toLifecycleOptions(
  flags: Flags<LifecycleFlags & ImagesFlags>,
  names: readonly string[],
): LifecycleOptions {
  const { values, origin } = flags
  const { within, offline, endoflifeApi, gardenlinuxReleases, fix, dryRun } = values
  return {
    ...toSelection(flags, names),
    within: parseDays(within, origin('within')),
    ...{ offline, fix, dryRun },
    sources: {
      ...(endoflifeApi !== undefined && {
        endOfLifeApi: parseBaseUrl(endoflifeApi, origin('endoflifeApi')).replace(/\/*$/, '/'),
      }),
      ...(gardenlinuxReleases !== undefined && {
        gardenLinuxReleases: parseBaseUrl(gardenlinuxReleases, origin('gardenlinuxReleases')),
      }),
    },
  }
}

function format(
  report: LifecycleReport,
  { output, quiet }: Output,
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
