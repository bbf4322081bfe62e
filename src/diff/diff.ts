import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { throwDefects } from '../catalog/defects.ts'
import { readDefinitions } from '../catalog/definitions.ts'
import { readTexts } from '../catalog/read.ts'
import { UpdaterError } from '../errors.ts'
import type { CatalogueDiff } from '../report/schemas.ts'
import { compareCatalogues, type DefinitionFile } from './compare.ts'
import { readRevision } from './git.ts'

export interface DiffOptions {
  /** A folder of catalogue files, one file, or a revision of git: what exists in the file system is no revision. */
  readonly before: string
  /** Likewise. Default: `images` as it is. */
  readonly after?: string | undefined
  /** The folder or file, in a working tree of git, that revisions are looked up for. */
  readonly images: string
}

/**
 * Compares two states of a catalogue, image by image.
 * @throws UpdaterError USAGE, CONFIGURATION, CATALOG_NOT_FOUND, CATALOG_UNREADABLE, CATALOG_SYNTAX
 */
export async function diffCatalogues({ before, after, images }: DiffOptions): Promise<CatalogueDiff> {
  const old = await readState(before, images)
  const now = await readState(after ?? images, images)
  return compareCatalogues(old, now)
}

async function readState(state: string, images: string): Promise<DefinitionFile[]> {
  const isPath =
    state === images ||
    (await stat(state).then(
      () => true,
      () => false,
    ))
  const files = isPath
    ? (await readTexts([state])).map(({ path, ...file }) => ({ ...file, path, name: basename(path) }))
    : (await readRevision(state, images)).map((file) => ({ ...file, path: `${state}:${file.name}` }))
  const defects: UpdaterError[] = []
  const definitions = files.map(({ name, path, text, ...file }) => {
    try {
      if ('defect' in file && file.defect !== undefined) throw file.defect
      return { name, definitions: readDefinitions(path, text) }
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error
      defects.push(error)
      return { name, definitions: [] }
    }
  })
  throwDefects(defects)
  return definitions
}
