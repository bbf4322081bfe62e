import {
  formatFindingsGithub,
  formatFindingsJson,
  formatFindingsMarkdown,
  formatFindingsText,
  type ValidationFormat,
} from '../../report/findings.ts'
import { createPaint } from '../../report/terminal.ts'
import type { ValidationReport } from '../../report/validation.ts'
import { wantsColour } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toSelection } from '../values.ts'

type ValidateValues = ImagesFlags &
  OutputFlags<ValidationFormat> &
  SharedFlags & { readonly strict?: boolean | undefined }

/** @throws UpdaterError where nothing was looked at */
export async function validate(
  flags: Flags<ValidateValues>,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const { context, redact } = session
  const { validateCatalogue } = await context.library()
  const options = { ...toSelection(flags, names), strict: flags.values.strict }
  const report = redactDeep(await validateCatalogue(options, { now: context.now }), redact)
  session.exitStatus = report.summary.errors > 0 ? 1 : 0
  context.stdout.write(format(report, flags.values, session))
}

function format(report: ValidationReport, { output, quiet }: ValidateValues, session: Session): string {
  const { stdout } = session.context
  switch (output) {
    case 'text':
      return formatFindingsText(report, {
        paint: createPaint(wantsColour(stdout)),
        columns: stdout.columns,
        quiet,
      })
    case 'json':
      return formatFindingsJson(report, session.exitStatus)
    case 'markdown':
      return formatFindingsMarkdown(report)
    case 'github':
      return formatFindingsGithub(report)
  }
}
