import { printable } from '../../errors.ts'
import { type InitFile, initCatalogue, type ShippedSummary, shippedCatalogue } from '../../init/init.ts'
import { formatDocument } from '../../report/json.ts'
import { formatCount } from '../../report/quantities.ts'
import { formatTextTable } from '../../report/table.ts'
import { paragraphs, type TextLayout } from '../../report/terminal.ts'
import type { Call } from '../call.ts'
import { present, unlessQuiet } from '../present.ts'
import { toFolder } from '../values.ts'

/** @throws UpdaterError where nothing was written */
export async function run(call: Call<'init'>): Promise<void> {
  const options = call.options()
  const { dryRun } = options.values
  if (call.args.length === 0) {
    const report = { schema_version: 1, distributions: await shippedCatalogue() }
    present(call, report, {
      json: formatDocument,
      text: ({ distributions }, layout) => formatList(distributions, layout),
    })
    return
  }
  const wanted = call.args.map((name) => (name === 'all' ? '*' : name))
  const files = await initCatalogue({ distributions: wanted, dir: toFolder(options), dryRun })
  const report = { schema_version: 1, dry_run: dryRun, files }
  present(call, report, {
    json: formatDocument,
    text: unlessQuiet(({ files }) => formatFiles(files, dryRun)),
  })
}

function formatList(shipped: readonly ShippedSummary[], layout: TextLayout): string {
  const table = {
    head: ['Distribution', 'Images', 'Enabled'],
    right: [1, 2],
    rows: shipped.map(({ name, images }) => [
      name,
      String(images.length),
      String(images.filter(({ enable }) => enable).length),
    ]),
  }
  return paragraphs(
    formatTextTable(table, layout),
    'Write some with: image-updater init ubuntu debian --images DIR (or all)\n',
  )
}

function formatFiles(files: readonly InitFile[], dryRun: boolean): string {
  const lines = files.map(({ path, images }) => `${printable(path)}: ${formatCount(images, 'image')}`)
  const count = formatCount(files.length, 'file')
  return `${lines.join('\n')}\n${dryRun ? `${count} would be written (dry run)` : `${count} written`}\n`
}
