import { formatReport } from '../../report/json.ts'
import type { ValidationReport } from '../../report/schemas.ts'
import {
  formatValidationGithub,
  formatValidationMarkdown,
  formatValidationText,
} from '../../report/validate.ts'
import { validateCatalogue } from '../../validate/validate.ts'
import { layoutOf } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toSelection } from '../values.ts'

type ValidateValues = ImagesFlags &
  OutputFlags<'text' | 'json' | 'markdown' | 'github'> &
  SharedFlags & { readonly strict?: boolean | undefined }

/** @throws UpdaterError where nothing was looked at */
export async function validate(
  flags: Flags<ValidateValues>,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const { context, redact } = session
  const options = { ...toSelection(flags, names), strict: flags.values.strict }
  const report = redactDeep(await validateCatalogue(options, { now: context.now }), redact)
  session.exitStatus = report.summary.errors > 0 ? 1 : 0
  context.stdout.write(format(report, flags.values, session))
}

function format(report: ValidationReport, { output, quiet }: ValidateValues, session: Session): string {
  const { stdout } = session.context
  switch (output) {
    case 'text':
      return formatValidationText(report, { ...layoutOf(stdout), quiet })
    case 'json':
      return formatReport(report, session.exitStatus)
    case 'markdown':
      return formatValidationMarkdown(report)
    case 'github':
      return formatValidationGithub(report)
  }
}
