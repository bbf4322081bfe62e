import {
  formatListCsv,
  formatListJson,
  formatListMarkdown,
  formatListRst,
  formatListText,
  type ListedImage,
  type ListFormat,
} from '../../report/list.ts'
import { createPaint } from '../../report/terminal.ts'
import { type CliContext, wantsColour } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toSelection } from '../values.ts'

type ListFlags = ImagesFlags &
  OutputFlags<ListFormat> &
  SharedFlags & { readonly includeDisabled?: boolean | undefined }

/** @throws UpdaterError where there is nothing that can be listed */
export async function list(
  flags: Flags<ListFlags>,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const { context, redact } = session
  const { listCatalogue } = await context.library()
  const { includeDisabled, output } = flags.values
  const images = await listCatalogue({ ...toSelection(flags, names), includeDisabled })
  context.stdout.write(format(redactDeep(images, redact), output, context))
}

function format(images: readonly ListedImage[], output: ListFormat, { stdout }: CliContext): string {
  switch (output) {
    case 'text':
      return formatListText(images, { paint: createPaint(wantsColour(stdout)), columns: stdout.columns })
    case 'markdown':
      return formatListMarkdown(images)
    case 'rst':
      return formatListRst(images)
    case 'csv':
      return formatListCsv(images)
    case 'json':
      return formatListJson(images)
  }
}
