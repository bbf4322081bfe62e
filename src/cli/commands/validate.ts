import type { Values } from '../../options.ts'
import { formatReport } from '../../report/json.ts'
import type { ValidationReport } from '../../report/schemas.ts'
import {
  formatValidationGithub,
  formatValidationMarkdown,
  formatValidationText,
} from '../../report/validate.ts'
import { validateCatalogue } from '../../validate/validate.ts'
import type { Call } from '../call.ts'
import { layoutOf } from '../context.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toSelection } from '../values.ts'

/** @throws UpdaterError where nothing was looked at */
export async function run(call: Call<'validate'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const { context, redact } = session
  const options = { ...toSelection(given, args), strict: given.values.strict }
  const report = redactDeep(await validateCatalogue(options, { now: context.now }), redact)
  session.exitStatus = report.summary.errors > 0 ? 1 : 0
  context.stdout.write(format(report, given.values, session))
}

function format(report: ValidationReport, { output, quiet }: Values<'validate'>, session: Session): string {
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
