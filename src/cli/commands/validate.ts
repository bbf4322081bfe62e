import { exitStatusOf } from '../../report/exit-status.ts'
import {
  formatValidationGithub,
  formatValidationMarkdown,
  formatValidationText,
} from '../../report/validate.ts'
import { validateCatalogue } from '../../validate/validate.ts'
import type { Call } from '../call.ts'
import { present } from '../present.ts'
import { toFileRoot, toSelection } from '../values.ts'

/** @throws UpdaterError where nothing was looked at */
export async function run(call: Call<'validate'>): Promise<void> {
  const { args, session } = call
  const given = call.options()
  const { now } = session.context
  const options = { ...given.values, ...toSelection(given, args), fileRoot: toFileRoot(given) }
  const report = await validateCatalogue(options, { now })
  session.exitStatus = exitStatusOf(report)
  present(call, report, {
    text: formatValidationText,
    markdown: formatValidationMarkdown,
    github: formatValidationGithub,
  })
}
