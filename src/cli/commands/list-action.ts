import { listCatalogue } from '../../list/list.ts'
import { formatDocument } from '../../report/json.ts'
import { formatListCsv, formatListMarkdown, formatListRst, formatListText } from '../../report/list.ts'
import type { ListReport } from '../../report/schemas.ts'
import { type CliContext, layoutOf } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toSelection } from '../values.ts'

type Format = 'text' | 'markdown' | 'rst' | 'csv' | 'json'

type ListFlags = ImagesFlags &
  OutputFlags<Format> &
  SharedFlags & { readonly includeDisabled?: boolean | undefined }

/** @throws UpdaterError where there is nothing that can be listed */
export async function list(
  flags: Flags<ListFlags>,
  names: readonly string[],
  { context, redact }: Session,
): Promise<void> {
  const { includeDisabled, output } = flags.values
  const report = await listCatalogue({ ...toSelection(flags, names), includeDisabled })
  context.stdout.write(format(redactDeep(report, redact), output, context))
}

function format(report: ListReport, output: Format, { stdout }: CliContext): string {
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
