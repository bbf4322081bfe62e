import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UpdaterError } from '../errors.ts'
import { isErrno } from '../files.ts'
import { redactUrl } from '../http/url.ts'

/**
 * Opens the file that a `file:` URL of a catalogue names, or returns undefined if there is none. Whoever writes the
 * catalogue would otherwise be told of any file that the user of this program can read: it has to lie, symbolic links
 * followed, below a folder that the operator has named. A pipe or a device may never end, so it is refused.
 * @param roots folders that the operator has named
 * @throws UpdaterError PUBLIC_UNREADABLE, and what the file system throws
 */
export async function openPublicFile(url: string, roots: readonly string[]): Promise<FileHandle | undefined> {
  const path = pathOf(url)
  const named = roots.map((root) => resolve(root))
  const real = (await Promise.all(named.map((root) => realpath(root).catch(() => [])))).flat()
  if (path === undefined || !isBelow(path, [...named, ...real])) throw refused(url, elsewhere)
  try {
    const target = await realpath(path)
    if (!isBelow(target, real)) throw refused(url, elsewhere)
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
    const file = await open(target, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    if (!isErrno(error, 'ENXIO')) throw error
  }
  throw refused(url, 'is no regular file')
}

const elsewhere = 'lies below no folder that --file-root or --mirror-dir names'

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

function isBelow(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`))
}

function refused(url: string, why: string): UpdaterError {
  return new UpdaterError('PUBLIC_UNREADABLE', `${redactUrl(url)} ${why}`, {
    remedy: 'Name the folder of the mirror with --file-root, or correct the URL in the catalogue',
  })
}
