import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { explainRefusal, isErrno } from '../files.ts'
import { throwDefects } from './defects.ts'
import { type CatalogFile, parseCatalog } from './parse.ts'

/** Bytes. */
const maximumSize = 32 * 1024 * 1024

/**
 * Reads catalogue files. A path is a folder (its `*.yml` and `*.yaml` are read, in name order, hidden ones
 * left out) or one file; a file that is reached twice is read once.
 * @throws UpdaterError CATALOG_NOT_FOUND, CATALOG_UNREADABLE, CATALOG_SYNTAX, CATALOG_TYPE; the
 * defects of all files at once, as `throwDefects` says
 */
export async function readCatalog(paths: readonly string[]): Promise<CatalogFile[]> {
  return parseEach(await readTexts(paths), ({ path, text }) => parseCatalog(path, text))
}

/**
 * Returns what the action makes of each text.
 * @throws UpdaterError the defects of all texts at once, as `throwDefects` says
 */
export function parseEach<Text extends CatalogText, Parsed>(
  texts: readonly Text[],
  parse: (text: Text) => Parsed,
): Parsed[] {
  const defects: UpdaterError[] = []
  const parsed = texts.flatMap((text) => {
    try {
      if (text.defect !== undefined) throw text.defect
      return [parse(text)]
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error
      defects.push(error)
      return []
    }
  })
  throwDefects(defects)
  return parsed
}

/** The text of a catalogue file, or why there is none. */
export interface CatalogText {
  readonly path: string
  readonly text: string
  /** CATALOG_NOT_FOUND or CATALOG_UNREADABLE. */
  readonly defect?: UpdaterError
}

/** The texts of the files that `readCatalog` reads. A file or a path that cannot be read is an entry with its defect. */
export async function readTexts(paths: readonly string[]): Promise<CatalogText[]> {
  const texts = new Map<string, CatalogText>()
  const without = (path: string, defect: unknown): void => {
    if (!(defect instanceof UpdaterError)) throw defect
    texts.set(path, { path, text: '', defect })
  }
  for (const path of paths) {
    const files = await listFiles(path).catch((error) => without(path, error))
    for (const file of files ?? []) {
      try {
        const target = await orUnreadable(file, () => realpath(file))
        if (!texts.has(target)) texts.set(target, { path: file, text: await readText(file) })
      } catch (error) {
        without(file, error)
      }
    }
  }
  return [...texts.values()]
}

/**
 * The text of a file as it is, byte order mark included.
 * @throws UpdaterError CATALOG_UNREADABLE
 */
export async function readText(path: string): Promise<string> {
  const info = await orUnreadable(path, () => stat(path))
  if (!info.isFile()) throw unreadable(path, 'is not a regular file', 'Name a folder or a YAML file')
  if (info.size > maximumSize) {
    throw unreadable(
      path,
      `is larger than ${maximumSize / 1024 / 1024} MiB`,
      'Split the catalogue into several files',
    )
  }
  const bytes = await orUnreadable(path, () => readFile(path))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw unreadable(path, 'is not valid UTF-8', 'Save the file as UTF-8', cause)
  }
}

async function listFiles(path: string): Promise<string[]> {
  const info = await stat(path).catch(async (cause) => {
    const isLink = await readlink(path).then(Boolean, () => false)
    if (isErrno(cause, 'ENOENT') && !isLink) {
      throw new UpdaterError('CATALOG_NOT_FOUND', `The catalogue ${path} does not exist`, {
        place: { file: path },
        remedy: 'Name an existing folder or file with --images',
        cause,
      })
    }
    throw fromSystem(path, cause)
  })
  if (!info.isDirectory()) return [path]
  const entries = await orUnreadable(path, () => readdir(path, { withFileTypes: true }))
  const files = entries.filter((entry) => /^[^.].*\.ya?ml$/.test(entry.name) && !entry.isDirectory())
  if (files.length > 0) return files.map(({ name }) => join(path, name)).sort()
  throw new UpdaterError('CATALOG_NOT_FOUND', `The folder ${path} holds no *.yml or *.yaml file`, {
    place: { file: path },
    remedy: 'Name the folder of the image definitions with --images',
  })
}

async function orUnreadable<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    throw fromSystem(path, cause)
  }
}

function fromSystem(path: string, cause: unknown): UpdaterError {
  const { why, remedy = 'Give the user of this program read access' } = explainRefusal(cause)
  return unreadable(path, `cannot be read: ${why}`, remedy, cause)
}

function unreadable(path: string, what: string, remedy: string, cause?: unknown): UpdaterError {
  return new UpdaterError('CATALOG_UNREADABLE', `The file ${path} ${what}`, {
    place: { file: path },
    remedy,
    cause,
  })
}
