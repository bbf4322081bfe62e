import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { editEach } from './edit.ts'
import { readText } from './read.ts'
import type { VersionEdit } from './types.ts'

/**
 * Finds out what can be known before anything is uploaded: the file can be replaced, by one of the same
 * owner.
 * @throws UpdaterError CATALOG_UNWRITABLE
 */
export async function assertWritable(path: string): Promise<void> {
  await orUnwritable(path, async () => {
    const target = await realpath(path)
    await access(target, constants.R_OK | constants.W_OK)
    await access(dirname(target), constants.W_OK | constants.X_OK)
    const { uid } = await stat(target)
    const own = process.geteuid?.()
    if (own !== undefined && own !== 0 && own !== uid) {
      throw new Error('it belongs to another user, and would change its owner')
    }
  })
}

/**
 * Replaces a file in one step by one of the same mode and owner; a symbolic link stays one. Whoever reads
 * it meanwhile, or after a crash, finds the old text or the new one.
 * @throws UpdaterError CATALOG_CHANGED where the file does not hold `expected` any more, CATALOG_UNWRITABLE
 */
export async function writeCatalog(path: string, expected: string, text: string): Promise<void> {
  const target = await orUnwritable(path, () => realpath(path))
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await orUnwritable(path, () => writeTemporary(temporary, target, text))
    if ((await readText(path)) !== expected) {
      throw new UpdaterError('CATALOG_CHANGED', `The file ${path} was changed while it was being updated`, {
        place: { file: path },
        remedy: 'Run again when nobody else edits it',
      })
    }
    await orUnwritable(path, () => rename(temporary, target))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
  await syncFolder(dirname(target))
}

export interface AppliedEdits {
  /** Text of the file before and after. */
  readonly before: string
  readonly after: string
  readonly failed: readonly { readonly edit: VersionEdit; readonly error: UpdaterError }[]
}

const attempts = 5

/**
 * Brings edits into a file. They are planned on what stands there now; if the file changes under way,
 * they are planned again. One that is not possible is left out and told in `failed`.
 * @throws UpdaterError CATALOG_*: none of them is in the file
 */
export async function applyEdits(path: string, edits: readonly VersionEdit[]): Promise<AppliedEdits> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await readText(path)
    const { text: after, failed } = editEach(path, before, edits)
    try {
      if (after !== before) await writeCatalog(path, before, after)
      return { before, after, failed }
    } catch (error) {
      const isChange = error instanceof UpdaterError && error.code === 'CATALOG_CHANGED'
      if (!isChange || attempt >= attempts) throw error
    }
  }
}

async function writeTemporary(temporary: string, target: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(target)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    const own = await file.stat()
    if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid)
    await file.chmod(mode & 0o7777)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** So that the new name is on the disk, too; some file systems can't. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {}
}

async function orUnwritable<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw new UpdaterError(
      'CATALOG_UNWRITABLE',
      `The file ${path} cannot be replaced: ${reasons[code] ?? message}`,
      {
        place: { file: path },
        remedy: 'Run as the owner of the files, with write access to them and their folder',
        cause,
      },
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'it is a symbolic link to nothing, or was removed',
}
