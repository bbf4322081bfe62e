import { printable } from '../../errors.ts'
import type { InitFile, ShippedSummary } from '../../index.ts'
import { formatDocument } from '../../report/json.ts'
import { formatTextTable } from '../../report/table.ts'
import { createPaint } from '../../report/terminal.ts'
import { wantsColour } from '../context.ts'
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
  const { stdout, library } = session.context
  const { initCatalogue, shippedCatalogue } = await library()
  const { output, dryRun = false, quiet } = flags.values
  if (distributions.length === 0) {
    const shipped = await shippedCatalogue()
    stdout.write(output === 'json' ? listDocument(shipped) : formatList(shipped, session))
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
  return `${formatTextTable(table, { paint: createPaint(wantsColour(context.stdout)) })}
Write some with: image-updater init ubuntu debian --images DIR (or all)
`
}

function listDocument(shipped: readonly ShippedSummary[]): string {
  return formatDocument({ schema_version: 1, distributions: shipped })
}

function formatFiles(files: readonly InitFile[], dryRun: boolean): string {
  const lines = files.map(
    ({ path, images }) => `${printable(path)}: ${images} image${images === 1 ? '' : 's'}`,
  )
  const count = `${files.length} file${files.length === 1 ? '' : 's'}`
  return `${lines.join('\n')}\n${dryRun ? `${count} would be written (dry run)` : `${count} written`}\n`
}
