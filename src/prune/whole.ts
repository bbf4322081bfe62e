import { readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CatalogDocument, isMapping, ownPair } from '../catalog/document.ts'
import { readText } from '../catalog/read.ts'
import { UpdaterError } from '../errors.ts'

/**
 * Refuses a part of a catalogue: objects that only its other files name would be removed.
 * @param files paths of the files that were read
 * @throws UpdaterError CONFIGURATION: another catalogue file lies beside them; CATALOG_UNREADABLE
 */
export async function assertWhole(files: readonly string[]): Promise<void> {
  const read = new Set(await Promise.all(files.map((file) => realpath(file))))
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    for (const name of await readdir(folder)) {
      const other = join(folder, name)
      if (!/^[^.].*\.ya?ml$/.test(name) || read.has(await realpath(other).catch(() => other))) continue
      if (!holdsImages(other, await readText(other))) continue
      throw new UpdaterError(
        'CONFIGURATION',
        `${other} is a catalogue file, too, and is not named: nothing is pruned`,
        {
          place: { file: other },
          remedy: `Name the whole folder with --images ${folder}`,
        },
      )
    }
  }
}

/** A file that is not YAML is judged by its words. */
function holdsImages(path: string, text: string): boolean {
  const { root } = new CatalogDocument(path, text)
  return isMapping(root) ? ownPair(root, 'images') !== undefined : /\bimages["']?\s*:/.test(text)
}
