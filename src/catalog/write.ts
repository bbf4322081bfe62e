import { constants, type Stats } from 'node:fs'
import { access, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UpdaterError } from '../errors.ts'
import type { Edited } from './carry-out.ts'
import { editEach, type VersionEdit } from './edit.ts'
import { readText } from './read.ts'
import { temporaryPath, unwritable } from './temporary.ts'

/**
 * Finds out, before anything is uploaded, whether the file can be replaced by one of the same size, mode and
 * owner: makes such a copy beside it, and removes it.
 * @throws UpdaterError CATALOG_UNWRITABLE
 */
export async function assertWritable(path: string): Promise<void> {
  let copy: string | undefined
  try {
    const target = await realpath(path)
    await access(target, constants.R_OK | constants.W_OK)
    if (await isMountPoint(target)) throw Object.assign(new Error('mount point'), { code: 'EBUSY' })
    copy = temporaryPath(dirname(target))
    await writeLike(copy, await readFile(target), await stat(target))
  } catch (error) {
    throw unwritable(path, error)
  } finally {
    if (copy !== undefined) await rm(copy, { force: true }).catch(() => {})
  }
}

/**
 * Replaces a file in one step by one of the same mode and owner; a symbolic link stays one. Whoever reads
 * it meanwhile, or after a crash, finds the old text or the new one.
 * @throws UpdaterError CATALOG_CHANGED: the file does not hold `expected` any more; CATALOG_UNWRITABLE
 */
export async function writeCatalog(path: string, expected: string, text: string): Promise<void> {
  let temporary: string | undefined
  try {
    const target = await realpath(path)
    temporary = temporaryPath(dirname(target))
    await writeLike(temporary, Buffer.from(text), await stat(target))
    if (!(await readFile(target)).equals(Buffer.from(expected))) {
      throw new UpdaterError('CATALOG_CHANGED', `The file ${path} was changed while it was being updated`, {
        place: { file: path },
        remedy: 'Run again when nobody else edits it',
      })
    }
    await rename(temporary, target)
    await syncFolder(dirname(target))
  } catch (error) {
    throw unwritable(path, error)
  } finally {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {})
  }
}

export interface AppliedEdits extends Omit<Edited<VersionEdit>, 'text'> {
  /** Text of the file before and after. */
  readonly before: string
  readonly after: string
}

/** How often edits are planned because the file has changed meanwhile. */
const attempts = 5

/**
 * Edits a file as it is now. If it changes meanwhile, the edits are planned again. An edit that is not possible
 * is left out and told in `failed`.
 * @throws UpdaterError CATALOG_*: none of them is in the file
 */
export async function applyEdits(path: string, edits: readonly VersionEdit[]): Promise<AppliedEdits> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await readText(path)
    const { text: after, applied, failed } = editEach(path, before, edits)
    try {
      if (after !== before) await writeCatalog(path, before, after)
      return { before, after, applied, failed }
    } catch (error) {
      const isChange = error instanceof UpdaterError && error.code === 'CATALOG_CHANGED'
      if (!isChange || attempt >= attempts) throw error
    }
  }
}

/** A new file, on the disk when this returns, with the mode and the owner of another. */
async function writeLike(path: string, bytes: Uint8Array, like: Stats): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    const own = await file.stat()
    if (own.uid !== like.uid || own.gid !== like.gid) await file.chown(like.uid, like.gid)
    await file.chmod(like.mode & 0o7777)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Brings the new name to the disk, too. Some file systems refuse, and keep their own order. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {}
}

/** A single file that is mounted (as containers do) cannot be replaced. Known on Linux only. */
async function isMountPoint(target: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const escaped = target.replace(
    /[\s\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return mounts.split('\n').some((line) => line.split(' ')[4] === escaped)
}
