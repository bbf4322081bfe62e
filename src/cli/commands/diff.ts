import { diffCatalogues } from '../../diff/diff.ts'
import { formatDiffMarkdown, formatDiffText } from '../../report/diff.ts'
import { formatDocument } from '../../report/json.ts'
import type { Call } from '../call.ts'
import { present } from '../present.ts'
import { toFolder } from '../values.ts'

/** @throws UpdaterError where one of the two states cannot be read */
export async function run(call: Call<'diff'>): Promise<void> {
  const [before = '', after] = call.args
  const report = await diffCatalogues({ before, after, images: toFolder(call.options()) })
  present(call, report, {
    text: (found, { paint }) => formatDiffText(found, paint),
    markdown: formatDiffMarkdown,
    json: formatDocument,
  })
}
