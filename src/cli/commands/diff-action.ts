import { diffCatalogues } from '../../diff/diff.ts'
import { formatDiffMarkdown, formatDiffText } from '../../report/diff.ts'
import { formatDocument } from '../../report/json.ts'
import type { CatalogueDiff } from '../../report/schemas.ts'
import { type CliContext, layoutOf } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'
import { toFolder } from '../values.ts'

type Format = 'text' | 'markdown' | 'json'

type DiffFlags = Pick<ImagesFlags, 'images'> & OutputFlags<Format> & SharedFlags

/** @throws UpdaterError where one of the two states cannot be read */
export async function diff(
  flags: Flags<DiffFlags>,
  before: string,
  after: string | undefined,
  { context, redact }: Session,
): Promise<void> {
  const found = await diffCatalogues({ before, after, images: toFolder(flags) })
  context.stdout.write(format(redactDeep(found, redact), flags.values.output, context))
}

function format(found: CatalogueDiff, output: Format, { stdout }: CliContext): string {
  switch (output) {
    case 'text':
      return formatDiffText(found, layoutOf(stdout).paint)
    case 'markdown':
      return formatDiffMarkdown(found)
    case 'json':
      return formatDocument(found)
  }
}
