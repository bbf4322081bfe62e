import { listCatalogue } from '../../list/list.ts'
import type { Values } from '../../options.ts'
import { formatDocument } from '../../report/json.ts'
import { formatListCsv, formatListMarkdown, formatListRst, formatListText } from '../../report/list.ts'
import type { ListReport } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import { type CliContext, layoutOf } from '../context.ts'
import { redactDeep } from '../redact.ts'
import { toSelection } from '../values.ts'

/** @throws UpdaterError where there is nothing that can be listed */
export async function run(call: Call<'list'>): Promise<void> {
  const { context, redact } = call.session
  const options = call.options()
  const { includeDisabled, output } = options.values
  const report = await listCatalogue({ ...toSelection(options, call.args), includeDisabled })
  context.stdout.write(format(redactDeep(report, redact), output, context))
}

function format(report: ListReport, output: Values<'list'>['output'], { stdout }: CliContext): string {
  switch (output) {
    case 'text':
      return formatListText(report, layoutOf(stdout))
    case 'markdown':
      return formatListMarkdown(report)
    case 'rst':
      return formatListRst(report)
    case 'csv':
      return formatListCsv(report)
    case 'json':
      return formatDocument(report)
  }
}
