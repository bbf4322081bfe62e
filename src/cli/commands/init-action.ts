import { printable } from '../../errors.ts'
import { type InitFile, initCatalogue, type ShippedSummary, shippedCatalogue } from '../../init/init.ts'
import { formatDocument } from '../../report/json.ts'
import { formatCount } from '../../report/quantities.ts'
import { formatTextTable } from '../../report/table.ts'
import { paragraphs } from '../../report/terminal.ts'
import { layoutOf } from '../context.ts'
import type { Flags } from '../flags.ts'
import type { ImagesFlags, OutputFlags, SharedFlags } from '../options.ts'
import type { Session } from '../session.ts'
import { toFolder } from '../values.ts'

type InitFlags = Pick<ImagesFlags, 'images'> &
  OutputFlags &
  SharedFlags & { readonly dryRun?: boolean | undefined }

/** @throws UpdaterError where nothing was written */
export async function init(
  flags: Flags<InitFlags>,
  distributions: readonly string[],
  session: Session,
): Promise<void> {
  const { stdout } = session.context
  const { output, dryRun = false, quiet } = flags.values
  if (distributions.length === 0) {
    const shipped = await shippedCatalogue()
    stdout.write(
      output === 'json'
        ? formatDocument({ schema_version: 1, distributions: shipped })
        : formatList(shipped, session),
    )
    return
  }
  const wanted = distributions.map((name) => (name === 'all' ? '*' : name))
  const files = await initCatalogue({ distributions: wanted, dir: toFolder(flags), dryRun })
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
