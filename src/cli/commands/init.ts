import { printable } from '../../errors.ts'
import { type InitFile, initCatalogue, type ShippedSummary, shippedCatalogue } from '../../init/init.ts'
import { formatDocument } from '../../report/json.ts'
import { formatCount } from '../../report/quantities.ts'
import { formatTextTable } from '../../report/table.ts'
import { paragraphs } from '../../report/terminal.ts'
import type { Call } from '../call.ts'
import { layoutOf } from '../context.ts'
import type { Session } from '../session.ts'
import { toFolder } from '../values.ts'

/** @throws UpdaterError where nothing was written */
export async function run(call: Call<'init'>): Promise<void> {
  const { args, session } = call
  const options = call.options()
  const { stdout } = session.context
  const { output, dryRun, quiet } = options.values
  if (args.length === 0) {
    const shipped = await shippedCatalogue()
    stdout.write(
      output === 'json'
        ? formatDocument({ schema_version: 1, distributions: shipped })
        : formatList(shipped, session),
    )
    return
  }
  const wanted = args.map((name) => (name === 'all' ? '*' : name))
  const files = await initCatalogue({ distributions: wanted, dir: toFolder(options), dryRun })
  if (output === 'json') stdout.write(formatDocument({ schema_version: 1, dry_run: dryRun, files }))
  else if (!quiet) stdout.write(formatFiles(files, dryRun))
}

function formatList(shipped: readonly ShippedSummary[], { context }: Session): string {
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
    formatTextTable(table, layoutOf(context.stdout)),
    'Write some with: image-updater init ubuntu debian --images DIR (or all)\n',
  )
}

function formatFiles(files: readonly InitFile[], dryRun: boolean): string {
  const lines = files.map(({ path, images }) => `${printable(path)}: ${formatCount(images, 'image')}`)
  const count = formatCount(files.length, 'file')
  return `${lines.join('\n')}\n${dryRun ? `${count} would be written (dry run)` : `${count} written`}\n`
}
