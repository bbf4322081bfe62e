import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { type GitFailure, git } from '../git.ts'

/** A file as it stood in a revision. */
export interface RevisionFile {
  /** Without its folder. */
  readonly name: string
  readonly text: string
}

/**
 * Reads the catalogue files of a folder (or the one file) as they stood in a revision of its git repository, in
 * the order of their names.
 * @param path in the working tree
 * @throws UpdaterError USAGE: there is no such revision; CONFIGURATION: git cannot be used; CATALOG_NOT_FOUND
 */
export async function readRevision(revision: string, path: string): Promise<RevisionFile[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => !/\.ya?ml$/.test(path),
  )
  const folder = isFolder ? path : dirname(path)
  const commit = await resolveRevision(revision, folder)
  const listing = await ask(folder, ['ls-tree', '-z', commit])
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
  const texts: RevisionFile[] = []
  for (const { name, object } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    texts.push({ name, text: await ask(folder, ['cat-file', 'blob', object]) })
  }
  return texts
}

/** A revision that begins with a hyphen never reaches git, which would take it for an option. */
async function resolveRevision(revision: string, folder: string): Promise<string> {
  if (!/^-|^$|[\0\n]/.test(revision)) {
    const found = await ask(folder, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).catch(
      (error) => {
        if (error instanceof UpdaterError && error.code === 'CONFIGURATION') throw error
        return ''
      },
    )
    if (/^[0-9a-f]{40,64}\n$/.test(found)) return found.trim()
  }
  throw new UpdaterError('USAGE', `"${revision}" is neither a folder or file nor a revision of git`, {
    remedy: 'Name two folders, or a branch, tag or commit of the repository that --images is in',
  })
}

async function ask(folder: string, args: readonly string[]): Promise<string> {
  return git(folder, args).catch((cause: GitFailure) => {
    const isSetting =
      cause.isMissing || /not a git repository|dubious ownership|cannot change to/.test(cause.message)
    const [why] = cause.message.split('\n')
    throw new UpdaterError(
      isSetting ? 'CONFIGURATION' : 'INTERNAL',
      `git cannot be used in ${folder}: ${why}`,
      {
        remedy: 'Install git, and name a folder of a working tree with --images',
        cause,
      },
    )
  })
}
