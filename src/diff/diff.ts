import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { readDefinitions } from '../catalog/definitions.ts'
import { type CatalogText, parseEach, readTexts } from '../catalog/read.ts'
import { UpdaterError } from '../errors.ts'
import { type GitFailure, git } from '../git.ts'
import { text } from '../option.ts'
import { assertOptions, assertTyped, defaultFolder } from '../options.ts'
import type { CatalogueDiff } from '../report/schemas.ts'
import { compareCatalogues, type Entry } from './compare.ts'

export interface DiffOptions {
  /** A folder of catalogue files, one file, or a revision of git: what exists in the file system is no revision. */
  readonly before: string
  /** Likewise. Default: `images` as it is. */
  readonly after?: string | undefined
  /** The folder or file, in a working tree of git, that revisions are looked up for. Default: `/etc/images`. */
  readonly images?: string | undefined
}

/**
 * Compares two states of a catalogue, image by image.
 * @throws UpdaterError USAGE, CONFIGURATION, CATALOG_NOT_FOUND, CATALOG_UNREADABLE, CATALOG_SYNTAX
 */
export async function diffCatalogues(options: DiffOptions): Promise<CatalogueDiff> {
  assertOptions(options)
  const { before, after, images = defaultFolder } = options
  assertTyped('before', text(), before ?? 0)
  for (const [name, value] of Object.entries({ after, images })) assertTyped(name, text(), value)
  const old = await readState(before, images)
  const now = await readState(after ?? images, images)
  return compareCatalogues(old, now)
}

interface StateFile extends CatalogText {
  /** Without its folder. */
  readonly name: string
}

async function readState(state: string, images: string): Promise<Entry[]> {
  const isPath = state === images || (await stat(state).catch(() => undefined)) !== undefined
  const files: StateFile[] = isPath
    ? (await readTexts([state])).map((file) => ({ ...file, name: basename(file.path) }))
    : await readRevision(state, images)
  const entries = parseEach(files, ({ name: file, path, text }) =>
    readDefinitions(path, text).map((definition) => ({ file, definition })),
  )
  return entries.flat()
}

/**
 * Reads the catalogue files of a folder (or the one file) as they stood in a revision of its git repository, in
 * the order of their names.
 * @param path in the working tree
 * @throws UpdaterError USAGE: there is no such revision; CONFIGURATION: git cannot be used; CATALOG_NOT_FOUND
 */
async function readRevision(revision: string, path: string): Promise<StateFile[]> {
  const found = await stat(path).catch(() => undefined)
  const isFolder = found?.isDirectory() ?? !/\.ya?ml$/.test(path)
  const folder = isFolder ? path : dirname(path)
  const listing = await ask(folder, ['ls-tree', '-z', await resolveRevision(revision, folder)])
  const files = listing.split('\0').flatMap((line) => {
    const [, object = '', name = ''] = /^100\d{3} blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? []
    const isMeant = isFolder ? /^[^.].*\.ya?ml$/.test(name) : name === basename(path)
    return isMeant ? [{ name, object }] : []
  })
  if (files.length === 0) {
    throw new UpdaterError('CATALOG_NOT_FOUND', `The revision ${revision} has no catalogue file in ${path}`, {
      remedy: 'Name the folder of the image definitions, as it is in the repository, with --images',
    })
  }
  const texts: StateFile[] = []
  for (const { name, object } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const text = await ask(folder, ['cat-file', 'blob', object])
    texts.push({ name, path: `${revision}:${name}`, text })
  }
  return texts
}

/** A revision that begins with a hyphen never reaches git, which would take it for an option. */
async function resolveRevision(revision: string, folder: string): Promise<string> {
  if (!/^-|^$|[\0\n]/.test(revision)) {
    const asking = ask(folder, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`])
    const found = await asking.catch((error) => {
      if (error instanceof UpdaterError && error.code === 'CONFIGURATION') throw error
      return ''
    })
    if (/^[0-9a-f]{40,64}\n$/.test(found)) return found.trim()
  }
  throw new UpdaterError('USAGE', `"${revision}" is neither a folder or file nor a revision of git`, {
    remedy: 'Name two folders, or a branch, tag or commit of the repository that --images is in',
  })
}

async function ask(folder: string, args: readonly string[]): Promise<string> {
  return git(folder, args).catch((cause: GitFailure) => {
    const { isMissing, message } = cause
    if (/lazy fetching|promisor/.test(message)) {
      const what = 'this checkout has not all objects of the revision, and is not asked for more'
      throw new UpdaterError('CONFIGURATION', `git cannot be used in ${folder}: ${what}`, {
        remedy: 'Fetch them first: git fetch --refetch --no-filter',
        cause,
      })
    }
    const isSetting = isMissing || /not a git repository|dubious ownership|cannot change to/.test(message)
    const code = isSetting ? 'CONFIGURATION' : 'INTERNAL'
    throw new UpdaterError(code, `git cannot be used in ${folder}: ${message.split('\n')[0]}`, {
      remedy: 'Install git, and name a folder of a working tree with --images',
      cause,
    })
  })
}
