import { diffCatalogues } from '../../diff/diff.ts'
import type { Values } from '../../options.ts'
import { formatDiffMarkdown, formatDiffText } from '../../report/diff.ts'
import { formatDocument } from '../../report/json.ts'
import type { CatalogueDiff } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import { type CliContext, layoutOf } from '../context.ts'
import { redactDeep } from '../redact.ts'
import { toFolder } from '../values.ts'

/** @throws UpdaterError where one of the two states cannot be read */
export async function run(call: Call<'diff'>): Promise<void> {
  const { context, redact } = call.session
  const [before = '', after] = call.args
  const options = call.options()
  const found = await diffCatalogues({ before, after, images: toFolder(options) })
  context.stdout.write(format(redactDeep(found, redact), options.values.output, context))
}

function format(found: CatalogueDiff, output: Values<'diff'>['output'], { stdout }: CliContext): string {
  switch (output) {
    case 'text':
      return formatDiffText(found, layoutOf(stdout).paint)
    case 'markdown':
      return formatDiffMarkdown(found)
    case 'json':
      return formatDocument(found)
  }
}
