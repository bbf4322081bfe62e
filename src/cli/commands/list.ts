import { listCatalogue } from '../../list/list.ts'
import { formatDocument } from '../../report/json.ts'
import { formatListCsv, formatListMarkdown, formatListRst, formatListText } from '../../report/list.ts'
import type { Call } from '../call.ts'
import { present } from '../present.ts'
import { toSelection } from '../values.ts'

/** @throws UpdaterError where there is nothing that can be listed */
export async function run(call: Call<'list'>): Promise<void> {
  const options = call.options()
  const { includeDisabled } = options.values
  const report = await listCatalogue({ ...toSelection(options, call.args), includeDisabled })
  present(call, report, {
    text: formatListText,
    markdown: formatListMarkdown,
    rst: formatListRst,
    csv: formatListCsv,
    json: formatDocument,
  })
}
