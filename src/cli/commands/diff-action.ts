import type { CatalogueDiff } from '../../report/diff.ts'
import {
  type DiffFormat,
  formatDiffJson,
  formatDiffMarkdown,
  formatDiffText,
} from '../../report/diff-faces.ts'
import { createPaint } from '../../report/terminal.ts'
import { type CliContext, wantsColour } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toFolder } from '../values.ts'

type DiffFlags = Pick<ImagesFlags, 'images'> & OutputFlags<DiffFormat> & SharedFlags

/** @throws UpdaterError where one of the two states cannot be read */
export async function diff(
  flags: Flags<DiffFlags>,
  before: string,
  after: string | undefined,
  session: Session,
): Promise<void> {
  const { context, redact } = session
  const { diffCatalogues } = await context.library()
  const found = await diffCatalogues({ before, after, images: toFolder(flags) })
  context.stdout.write(format(redactDeep(found, redact), flags.values.output, context))
}

function format(found: CatalogueDiff, output: DiffFormat, { stdout }: CliContext): string {
  switch (output) {
    case 'text':
      return formatDiffText(found, createPaint(wantsColour(stdout)))
    case 'markdown':
      return formatDiffMarkdown(found)
    case 'json':
      return formatDiffJson(found)
  }
}
